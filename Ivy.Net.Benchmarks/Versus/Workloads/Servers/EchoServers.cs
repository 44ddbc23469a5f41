using Ivy.Net.Benchmarks.Versus.Building;
using Ivy.Net.Benchmarks.Versus.Running;
using Ivy.Net.Polling;

namespace Ivy.Net.Benchmarks.Versus.Workloads.Servers;

/// <summary>The servers of all workloads with servers.</summary>
internal static class EchoServers
{
    public const string IvyOnEpoll = "ivy-epoll";
    public const string IvyOnCompletions = "ivy-completions";
    public const string Sockets = "sockets";
    public const string BareEpoll = "epoll+idle";

    /// <summary>Those of this assembly.</summary>
    public static IReadOnlyDictionary<string, Action<SubjectArguments>> Programs { get; } = new Dictionary<string, Action<SubjectArguments>>(StringComparer.Ordinal)
    {
        ["ivy"] = IvyEchoServer.Run,
        [IvyOnCompletions] = CompletionEchoServer.Run,
        ["sockets"] = SocketsEchoServer.Run,
    };

    /// <summary>All that can run here.</summary>
    /// <param name="settings">Has the compiler.</param>
    /// <param name="workload">By whose name the programs of this assembly are started.</param>
    /// <param name="own">What starts this assembly; null for how it was started itself.</param>
    /// <param name="warms">Whether those of this assembly say when they are warm.</param>
    /// <param name="waits">
    /// Whether it is about connections that idle: System.Net.Sockets keeps no buffer for one then, at the price of a system call per message, and all of this
    /// assembly optimize early, though they do not warm.
    /// </param>
    public static IEnumerable<EchoServer> All(RunSettings settings, IWorkload workload, IReadOnlyList<string>? own = null, bool warms = false, bool waits = false)
    {
        foreach (EchoServer peer in Peers(settings))
        {
            yield return peer;
        }

        own ??= Running.Programs.Command;
        string[] sockets = ["sockets", $"waits={(waits ? 1 : 0)}"];
        yield return Own(settings, workload, own, warms, waits, Sockets, SubjectKind.DotNet, sockets);
        yield return Own(settings, workload, ["env", "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS=1", .. own], warms, waits, $"{Sockets}-inline", SubjectKind.DotNet, sockets);
        foreach (IvPollMethod method in IvPollMethod.All.Where(IsAvailable))
        {
            yield return Own(settings, workload, own, warms, waits, $"ivy-{method}", SubjectKind.Ivy, "ivy", $"on={method}");
        }
    }

    /// <summary>The completion engine, where there is one.</summary>
    public static IEnumerable<EchoServer> Completing(RunSettings settings, IWorkload workload) => CompletionEchoServer.IsAvailable
        ? [Own(settings, workload, Running.Programs.Command, warms: true, waits: false, IvyOnCompletions, SubjectKind.Ivy, IvyOnCompletions)]
        : [];

    // One that warms has both cores until it is warm. It is to be what it would be on the one that it then has, and a runtime that sees two has more
    // threads, which wait for each other in other ways. With one processor it begins to optimize ten times as late, which is after it has been taken for warm, or after
    // the first connections of those that idle: not here.
    private static EchoServer Own(RunSettings settings, IWorkload workload, IReadOnlyList<string> own, bool warms, bool waits, string name, SubjectKind kind, params string[] program)
    {
        string[] command = [.. own, "subject", workload.Name, .. program, $"warm={(warms ? settings.WarmUp : 0)}"];
        return new EchoServer(name, kind, warms || waits ? ["env", "DOTNET_PROCESSOR_COUNT=1", "DOTNET_TC_DelaySingleProcMultiplier=1", .. command] : command) { SaysWhenWarm = warms };
    }

    // A kernel or a sandbox may refuse one.
    private static bool IsAvailable(IvPollMethod method)
    {
        try
        {
            method.Create().Dispose();
            return true;
        }
        catch (IvException)
        {
            return false;
        }
    }

    private static IEnumerable<EchoServer> Peers(RunSettings settings) =>
    [
        .. Peer(settings, "epoll", SubjectKind.Bare, "echo_epoll.c"),
        .. Peer(settings, "uring", SubjectKind.Bare, "echo_uring.c", Library.Liburing),
        .. Peer(settings, "ivykis", SubjectKind.Library, "echo_ivykis.c", Library.Ivykis),
        .. Peer(settings, "libevent", SubjectKind.Library, "echo_libevent.c", Library.Libevent),
        .. Peer(settings, "libuv", SubjectKind.Library, "echo_libuv.c", Library.Libuv),
    ];

    // Twice, as Programs.Peer does.
    private static IEnumerable<EchoServer> Peer(RunSettings settings, string name, SubjectKind kind, string source, params Library[] libraries)
    {
        if (settings.Peers.Build(source, libraries) is { } program)
        {
            yield return new EchoServer(name, SubjectKind.SingleThreaded, [program, "--port", "0"]);
            yield return new EchoServer($"{name}+idle", kind, [program, "--port", "0", "--idle-thread"]);
        }
    }
}
