namespace Ivy.Net.Benchmarks.Versus.Running;

/// <summary>One of the programs that do the same work. Each measurement is a fresh process.</summary>
/// <param name="name">As in the table; of one case, no two alike.</param>
/// <param name="kind">What it stands for.</param>
internal abstract class Subject(string name, SubjectKind kind)
{
    public string Name => name;

    public SubjectKind Kind => kind;

    /// <summary>About how long a measurement takes.</summary>
    public TimeSpan Expected { get; init; }

    /// <summary>Does the work once, and says what it cost; a run that does not count is returned with its reason.</summary>
    public abstract Sample Measure(CancellationToken cancel);

    /// <summary>The same subject once more, for the row that shows what a ratio of two equal programs looks like.</summary>
    public Subject Again() => new SecondTime(this) { Expected = Expected };

    private sealed class SecondTime(Subject subject) : Subject($"{subject.Name} again", SubjectKind.Again)
    {
        public override Sample Measure(CancellationToken cancel) => subject.Measure(cancel);
    }
}
