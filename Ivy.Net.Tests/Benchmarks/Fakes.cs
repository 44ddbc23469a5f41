using Ivy.Net.Benchmarks.Versus.Building;
using Ivy.Net.Benchmarks.Versus.Reports;
using Ivy.Net.Benchmarks.Versus.Running;

namespace Ivy.Net.Tests.Benchmarks;

/// <summary>A subject that gives what it is told, and writes down that it was measured.</summary>
internal sealed class FakeSubject(string name, SubjectKind kind, Func<int, Sample> measure, List<string>? log = null) : Subject(name, kind)
{
    private int _runs;

    public static Sample Good(double value, long count = 1) => new()
    {
        Values = new Dictionary<string, double>(StringComparer.Ordinal) { ["event"] = value },
        Checks = new Dictionary<string, long>(StringComparer.Ordinal) { ["events"] = count },
    };

    public override Sample Measure(CancellationToken cancel)
    {
        log?.Add(Name);
        return measure(_runs++);
    }
}

/// <summary>Remembers what it was warned of.</summary>
internal sealed class FakeObserver : IRunObserver
{
    public List<string> Warnings { get; } = [];

    public void Measuring(WorkloadCase item, Subject subject, int round, int rounds)
    {
    }

    public void Warn(string message) => Warnings.Add(message);
}

/// <summary>A clock that stands still until it is moved.</summary>
internal sealed class FakeClock : TimeProvider
{
    private long _now;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => _now;

    public void Advance(TimeSpan time) => _now += time.Ticks;
}

/// <summary>A compiler, and what is installed.</summary>
internal sealed class FakeCompiler : ICompiler
{
    public bool IsInstalled { get; init; } = true;

    public HashSet<string> Headers { get; init; } = [];

    public List<string> Compiled { get; } = [];

    public bool HasHeader(string header) => Headers.Contains(header);

    public string? Compile(string source, string output, IEnumerable<string> link)
    {
        Compiled.Add($"{Path.GetFileName(source)} {string.Join(' ', link)}");
        File.WriteAllText(output, string.Empty);
        return null;
    }
}

/// <summary>Cases and their results, made up.</summary>
internal static class Made
{
    public static readonly Metric Event = new("event", "ns");

    public static RunHeader Header { get; } = new()
    {
        Machine = "a machine & its kernel",
        Date = "2026-01-02 03:04Z",
        Commit = "abcdef0",
        Command = "dotnet run -- versus",
        Rounds = "3 rounds",
    };

    public static WorkloadCase Case(IReadOnlyList<Subject> subjects, params Target[] targets) => new()
    {
        Workload = "chain",
        Params = "100/1/2000",
        Metrics = [Event],
        Subjects = subjects,
        Targets = targets,
        Twin = "libev+idle",
    };

    /// <summary>Each subject gives its values, one in each round.</summary>
    public static MetricTable Table(IReadOnlyList<(string Name, SubjectKind Kind, double[] Values)> subjects, Metric? metric = null, params Target[] targets) =>
        Table("chain", subjects, metric, targets);

    /// <summary>Of another workload.</summary>
    public static MetricTable Table(string workload, IReadOnlyList<(string Name, SubjectKind Kind, double[] Values)> subjects, Metric? metric = null, params Target[] targets)
    {
        WorkloadCase item = Case([.. subjects.Select(static s => new FakeSubject(s.Name, s.Kind, run => FakeSubject.Good(s.Values[run % s.Values.Length])))], targets) with { Workload = workload, Metrics = [metric ?? Event] };
        return Table(item, subjects.Max(static s => s.Values.Length));
    }

    /// <summary>Of a case that is measured.</summary>
    public static MetricTable Table(WorkloadCase item, int rounds) =>
        MetricTable.Of(new CaseRunner(rounds, new FakeObserver()).Run(item, CancellationToken.None)).Single();
}
