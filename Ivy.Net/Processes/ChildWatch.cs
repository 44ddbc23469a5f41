using System.Collections.Concurrent;

namespace Ivy.Net;

/// <summary>A child, watched on a loop: the end by its pidfd, stops and continuations by SIGCHLD; all is told on the loop's thread.</summary>
/// <remarks>
/// W1: the child is reaped, its number free for others, before its owner hears of the end.
/// W2: the descriptor stays registered after the end, without an interest, until the registration ends: the owner stays visible.
/// W3: stops are taken from the kernel, which keeps one, as soon as SIGCHLD comes, and wait in a queue. One is told at a time, and
/// as long as there is one the child is not reaped: whatever a handler does or throws, the order is kept and none is lost.
/// </remarks>
internal sealed class ChildWatch : IDisposable
{
    // A child that a debugger traces is readable, and can't be reaped, until the debugger has looked at it.
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(100);

    private readonly IvObject _owner;
    private readonly ChildHandle _child;
    private readonly IvFd? _fd;
    private IvTimer? _look;
    private readonly ConcurrentQueue<IvChildStatus>? _stops;
    private readonly IvEvent? _stopped;

    private ChildWatch(IvObject owner, ChildHandle child, bool tellsStops)
    {
        _owner = owner;
        _child = child;
        _fd = child.IsGone ? null : new IvFd(child.Descriptor) { State = owner, IsInternal = true, SetsNonBlocking = false, HandlerIn = OnReadable };
        if (tellsStops)
        {
            _stops = [];
            _stopped = new IvEvent(static item => ((IChildOwner)item.State!).Watch!.TellStop()) { State = owner, IsInternal = true };
        }
    }

    /// <summary>The last status, once there is one.</summary>
    public IvChildStatus? End { get; private set; }

    /// <summary>Watches a child on this thread's loop. The handle is the watch's from now on; the caller's if that fails.</summary>
    public static IvError TryStart(IvObject owner, ChildHandle child, bool tellsStops, out ChildWatch? watch)
    {
        watch = new ChildWatch(owner, child, tellsStops);
        IvError error = watch.TryAttach();
        if (error != IvError.None)
        {
            watch.Detach();
            watch = null;
        }

        return error;
    }

    /// <summary>Sends a signal; any thread. ESRCH once the child is reaped.</summary>
    public IvError Kill(int signal) => _child.Kill(signal);

    /// <summary>As <see cref="Kill"/>, to the group that the child leads.</summary>
    public IvError KillGroup(int signal) => _child.KillGroup(signal);

    /// <summary>Any thread, while <see cref="ChildSignals"/> sees to it that the watch lives.</summary>
    public void CollectStops()
    {
        while (_child.TryTakeStop(out IvChildStatus status))
        {
            _stops!.Enqueue(status);
            _stopped!.Post();
        }
    }

    /// <summary>Ends the watch, and lets go of the child.</summary>
    public void Dispose()
    {
        Detach();
        _child.Dispose();
    }

    /// <summary>Ends the watch of a child that shall be reaped all the same, whenever it ends.</summary>
    public void Abandon()
    {
        Detach();
        if (End is null)
        {
            ChildSignals.Abandon(_child);
        }
        else
        {
            _child.Dispose();
        }
    }

    private static void OnReadable(IvFd fd) => ((IChildOwner)fd.State!).Watch!.TellStopOrEnd();

    private IvError TryAttach()
    {
        if (_fd is null)
        {
            LookIn(TimeSpan.Zero);
            return IvError.None;
        }

        IvError error = _fd.TryRegister();
        if (error == IvError.None && _stopped is not null)
        {
            _stopped.Register();
            error = ChildSignals.TryAdd(this);
        }

        return error;
    }

    private void Detach()
    {
        if (_fd is { IsRegistered: true })
        {
            _fd.EndRegistration();
        }

        _look?.Stop();
        EndStops();
    }

    // By a timer instead of the descriptor.
    private void LookIn(TimeSpan time)
    {
        _look ??= new IvTimer(static timer => ((IChildOwner)timer.State!).Watch!.LookAgain()) { State = _owner, IsInternal = true };
        _look.Start(time);
    }

    private void LookAgain()
    {
        if (_fd is not null)
        {
            _fd.HandlerIn = OnReadable;
        }

        TellStopOrEnd();
    }

    private void TellStopOrEnd()
    {
        // Stops come before the end: those that the kernel has still, and those that are being taken from it.
        if (_stops is { IsEmpty: true } && _stopped!.IsRegistered)
        {
            ChildSignals.Collect(this);
        }

        if (_stops is { IsEmpty: false })
        {
            TellStop();
        }
        else if (_child.TryReap(out IvChildStatus status))
        {
            End = status;
            Mute();
            EndStops();
            ((IChildOwner)_owner).OnStatus(status);
        }
        else
        {
            _owner.Loop!.UncountDispatch();
            Mute();
            LookIn(LookInterval);
        }
    }

    private void Mute()
    {
        if (_fd is not null)
        {
            _fd.HandlerIn = null;
        }
    }

    private void TellStop()
    {
        if (!_stops!.TryDequeue(out IvChildStatus status))
        {
            _owner.Loop!.UncountDispatch();
            return;
        }

        if (!_stops.IsEmpty)
        {
            _stopped!.Post();
        }

        ((IChildOwner)_owner).OnStatus(status);
    }

    private void EndStops()
    {
        if (_stopped is { IsRegistered: true })
        {
            ChildSignals.Remove(this);
            _stopped.EndRegistration();
        }
    }
}
