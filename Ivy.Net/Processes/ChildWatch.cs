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
    private readonly ChildHandle _child;
    private readonly IvFd _fd;
    private readonly ConcurrentQueue<IvChildStatus>? _stops;
    private readonly IvEvent? _stopped;

    private ChildWatch(IvObject owner, ChildHandle child, bool tellsStops)
    {
        _child = child;
        _fd = new IvFd(child.Descriptor)
        {
            State = owner,
            IsInternal = true,
            SetsNonBlocking = false,
            HandlerIn = static fd => ((IChildOwner)fd.State!).Watch!.TellStopOrEnd(),
        };
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
        IvError error = watch._fd.TryRegister();
        if (error != IvError.None)
        {
            watch = null;
            return error;
        }

        if (watch._stopped is { } stopped)
        {
            stopped.Register();
            ChildSignals.Add(watch);
        }

        return IvError.None;
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

    private void Detach()
    {
        if (_fd.IsRegistered)
        {
            _fd.EndRegistration();
        }

        EndStops();
    }

    private void TellStopOrEnd()
    {
        if (_stops is { IsEmpty: false })
        {
            TellStop();
        }
        else if (_child.TryReap(out IvChildStatus status))
        {
            End = status;
            _fd.HandlerIn = null;
            EndStops();
            ((IChildOwner)_fd.State!).OnStatus(status);
        }
        else
        {
            _fd.Loop!.UncountDispatch();
        }
    }

    private void TellStop()
    {
        if (!_stops!.TryDequeue(out IvChildStatus status))
        {
            _fd.Loop!.UncountDispatch();
            return;
        }

        if (!_stops.IsEmpty)
        {
            _stopped!.Post();
        }

        ((IChildOwner)_fd.State!).OnStatus(status);
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
