using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Conformance;

/// <summary>A backend as the suite sees it: how to make its loops, and what it can't be asked, with the reason.</summary>
internal sealed class ConformanceBackend
{
    private readonly Dictionary<Need, string> _lacks;
    private readonly IvPollMethod? _method;
    private readonly string? _absence;

    private ConformanceBackend(string name, IvPollMethod? method, Dictionary<Need, string> lacks)
    {
        Name = name;
        _method = method;
        _lacks = lacks;
        _absence = method == IvPollMethod.Uring ? Absence(method) : null;
    }

    public static ConformanceBackend Epoll { get; } = new("epoll", IvPollMethod.Epoll, new Dictionary<Need, string>
    {
        [Need.VirtualTime] = "the kernel's time is real",
    });

    public static ConformanceBackend Poll { get; } = new("poll", IvPollMethod.Poll, new Dictionary<Need, string>
    {
        [Need.VirtualTime] = "the kernel's time is real",
        [Need.ConstantCost] = "ppoll(2) is given all descriptors at each call, by design",
        [Need.OpenFileDescriptions] = "ppoll(2) goes by numbers: nothing of a closed one is left in any set",
    });

    public static ConformanceBackend Uring { get; } = new("io_uring", IvPollMethod.Uring, new Dictionary<Need, string>
    {
        [Need.VirtualTime] = "the kernel's time is real",
        [Need.OpenFileDescriptions] = "a poll is armed anew by number: nothing of a closed one is left in any set",
    });

    public static ConformanceBackend Afd { get; } = new("afd", IvPollMethod.Afd, new Dictionary<Need, string>
    {
        [Need.VirtualTime] = "the kernel's time is real",
        [Need.Kernel] = "Windows watches sockets alone: there are no descriptors of other kinds, and no numbers to be picked",
        [Need.OpenFileDescriptions] = "a handle that is closed is gone for AFD, whatever duplicates of it there are",
        [Need.Identity] = "Windows does not say whether a handle stands for the socket that it stood for before",
    });

    /// <summary>The library's own poller over a model of the kernel of macOS, and of that of FreeBSD.</summary>
    public static ConformanceBackend KqueueOfDarwin { get; } = Modelled("kqueue-model-darwin", KqueueQuirks.Darwin);

    public static ConformanceBackend KqueueOfFreeBsd { get; } = Modelled("kqueue-model-freebsd", KqueueQuirks.FreeBsd);

    public static ConformanceBackend Simulated { get; } = new("simulated", method: null, new Dictionary<Need, string>
    {
        [Need.Kernel] = "the simulated network has no descriptors of the operating system",
        [Need.Threads] = "the threads of a simulation run one at a time; its own tests cover them",
        [Need.Measurable] = "the simulated network allocates, by design",
    });

    public static IEnumerable<ConformanceBackend> All => OperatingSystem.IsWindows() ? [Afd, Simulated] : [.. OfTheKernel, KqueueOfDarwin, KqueueOfFreeBsd, Simulated];

    /// <summary>Those of this operating system that wait in the kernel.</summary>
    public static IEnumerable<ConformanceBackend> OfTheKernel => OperatingSystem.IsWindows() ? [Afd] : [Epoll, Poll, Uring];

    public string Name { get; }

    public bool Has(Need need) => !_lacks.ContainsKey(need);

    public bool IsSimulated => _method is null;

    /// <summary>Skips the running test if this backend lacks what it needs.</summary>
    public void Require(params ReadOnlySpan<Need> needs)
    {
        foreach (Need need in needs)
        {
            if (_lacks.TryGetValue(need, out string? reason))
            {
                Assert.Ignore($"{Name}: {reason}");
            }
        }
    }

    /// <summary>Skips the running test if this backend is of Windows, and Windows is Wine.</summary>
    public void SkipIf(string quirk)
    {
        if (!IsSimulated)
        {
            WineQuirks.SkipIf(quirk);
        }
    }

    /// <summary>Runs a test on a fresh thread with a fresh loop; at the end nothing but what the test left registered may be left.</summary>
    public void Run(Action<Bench> body, int? batchSize = null, SimulatedNetworkOptions? simulation = null)
    {
        var bench = new Bench(this);
        LoopThread.Run(Options(bench, batchSize, simulation), loop =>
        {
            bench.Loop = loop;
            using (bench)
            {
                body(bench);
            }
        });
        if (!bench.ExpectsWarnings)
        {
            Assert.That(bench.Warnings, Is.Empty, "warnings of the loop");
        }
    }

    public IvLoopOptions Options(Bench bench, int? batchSize = null, SimulatedNetworkOptions? simulation = null)
    {
        RequireKernel();
        return new IvLoopOptions
        {
            Name = Name,
            PollMethods = _method is null ? null : [_method],
            Network = _method is null ? new SimulatedNetwork(1, simulation) : IvNetwork.System,
            BatchSize = batchSize ?? IvLoopOptions.DefaultBatchSize,
            Warning = bench.Warnings.Add,
            LeakReport = bench.Leaks.Add,
        };
    }

    /// <summary>Skips the running test where the kernel has this backend not, or forbids it.</summary>
    public void RequireKernel()
    {
        if (_absence is { } reason)
        {
            Assert.Ignore($"{Name}: {reason}");
        }
    }

    public override string ToString() => Name;

    // Once: before any test injects its faults.
    private static string? Absence(IvPollMethod method)
    {
        try
        {
            method.Create().Dispose();
            return null;
        }
        catch (IvException refused)
        {
            return refused.Message;
        }
    }

    private static ConformanceBackend Modelled(string name, KqueueQuirks quirks)
    {
        var lacks = new Dictionary<Need, string>
        {
            [Need.VirtualTime] = "the kernel's time is real",
            [Need.OpenFileDescriptions] = "kqueue(2) goes by numbers: close(2) takes their knotes away, whoever has a duplicate",
        };
        if (quirks.Dialect.UrgentFilter == 0)
        {
            lacks[Need.UrgentData] = "FreeBSD's kqueue(2) has no filter for urgent data: it is refused";
        }

        return new ConformanceBackend(name, new IvPollMethod("kqueue", () => new KqueuePoller(new KqueueModel(quirks))), lacks);
    }
}
