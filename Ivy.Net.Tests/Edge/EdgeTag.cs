using Ivy.Net.Edge;

namespace Ivy.Net.Tests.Edge;

/// <summary>The state of a test's descriptors: a name for the log, and the test.</summary>
internal record struct EdgeTag(string Name, EdgeBench Bench)
{
    public int Received { get; set; }
}

/// <summary>Writes down what is called, and then does what the test says.</summary>
internal readonly struct EdgeRecorder : IEdgeCallbacks<EdgeTag>
{
    public static void OnData(EdgeFd<EdgeTag> fd)
    {
        fd.State.Bench.Log.Add($"{fd.State.Name} data");
        fd.State.Bench.Data?.Invoke(fd);
    }

    public static void OnReady(EdgeFd<EdgeTag> fd)
    {
        fd.State.Bench.Log.Add($"{fd.State.Name} ready");
        fd.State.Bench.Ready?.Invoke(fd);
    }

    public static void OnError(EdgeFd<EdgeTag> fd, IvError error)
    {
        fd.State.Bench.Log.Add($"{fd.State.Name} {error}");
        fd.State.Bench.Error?.Invoke(fd);
    }

    public static void OnClose(EdgeFd<EdgeTag> fd, EdgeCloseReason reason)
    {
        fd.State.Bench.Log.Add($"{fd.State.Name} {reason}");
        fd.State.Bench.Closed?.Invoke(fd, reason);
    }

    public static void OnTimer(EdgeTimer<EdgeTag> timer)
    {
        timer.State.Bench.Log.Add($"{timer.State.Name} timer");
        timer.State.Bench.Timer?.Invoke(timer);
    }
}
