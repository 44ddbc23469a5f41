using Ivy.Net.Polling;

namespace Ivy.Net.Tests.Support;

/// <summary>A loop on this thread over a <see cref="ScriptedPoller"/>, in virtual time. Dispose it: worker threads are shared.</summary>
internal sealed class TestLoop : IDisposable
{
    public TestLoop()
        : this(new ScriptedPoller(), static method => new IvLoopOptions { PollMethods = [method] })
    {
    }

    public TestLoop(Func<IvPollMethod, IvLoopOptions> options)
        : this(new ScriptedPoller(), options)
    {
    }

    public TestLoop(ScriptedPoller poller)
        : this(poller, static method => new IvLoopOptions { PollMethods = [method] })
    {
    }

    public TestLoop(ScriptedPoller poller, Func<IvPollMethod, IvLoopOptions> options)
    {
        Poller = poller;
        Loop = new IvLoop(options(new IvPollMethod("scripted", () => poller)));
    }

    public IvLoop Loop { get; }

    public ScriptedPoller Poller { get; }

    /// <summary>What the test's handlers have to say, in order.</summary>
    public List<string> Log { get; } = [];

    public void Say(string what) => Log.Add(what);

    /// <summary>A descriptor that exists in the script only.</summary>
    public static IvFd Fd(nint handle, Action<IvFd>? onReadable = null) =>
        new(handle) { SetsNonBlocking = false, HandlerIn = onReadable };

    public IvFd RegisteredFd(nint handle, Action<IvFd>? onReadable = null)
    {
        IvFd fd = Fd(handle, onReadable);
        fd.Register();
        return fd;
    }

    public IvTimer Timer(TimeSpan due, Action<IvTimer> handler)
    {
        var timer = new IvTimer(handler);
        timer.Start(due);
        return timer;
    }

    public IvTimer Timer(TimeSpan due, string what) => Timer(due, _ => Say(what));

    public IvTask Task(Action<IvTask> handler)
    {
        var task = new IvTask(handler);
        task.Register();
        return task;
    }

    public IvTask Task(string what) => Task(_ => Say(what));

    public IvEvent Event(Action<IvEvent> handler)
    {
        var item = new IvEvent(handler);
        item.Register();
        return item;
    }

    public string Dump()
    {
        using var writer = new StringWriter { NewLine = "\n" };
        Loop.Dump(writer);
        return writer.ToString();
    }

    public void Dispose() => Loop.Dispose();
}
