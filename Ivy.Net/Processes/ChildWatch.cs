namespace Ivy.Net;

/// <summary>A child, watched on a loop: the end by its pidfd, stops and continuations by SIGCHLD, all on the loop's thread.</summary>
/// <remarks>
/// W1: the child is reaped, its number free for others, before its owner hears of the end.
/// W2: the descriptor stays registered after the end, without an interest, until the registration ends: the owner stays visible.
/// W3: one stop or continuation is told for each post, and each asks for another look: a handler that throws loses none.
/// </remarks>
internal sealed class ChildWatch
{
    private readonly ChildHandle _child;
    private readonly IvFd _fd;
    private readonly IvEvent? _stops;

    private ChildWatch(IvObject owner, ChildHandle child, bool tellsStops)
    {
        _child = child;
        _fd = new IvFd(child.Descriptor)
        {
            State = owner,
            IsInternal = true,
            SetsNonBlocking = false,
            HandlerIn = static fd => ((IChildOwner)fd.State!).Watch!.Reap(),
        };
        if (tellsStops)
        {
            _stops = new IvEvent(static item => ((IChildOwner)item.State!).Watch!.TellStop()) { State = owner, IsInternal = true };
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

        if (watch._stops is { } stops)
        {
            stops.Register();
            ChildSignals.Add(stops);

            // It may have been stopped before.
            stops.Post();
        }

        return IvError.None;
    }

    /// <summary>Sends a signal; any thread. ESRCH once the child is reaped.</summary>
    public IvError Kill(int signal) => _child.Kill(signal);

    /// <summary>As <see cref="Kill"/>, to the group that the child leads.</summary>
    public IvError KillGroup(int signal) => _child.KillGroup(signal);

    /// <summary>Ends the watch, and lets go of the child.</summary>
    public void Stop()
    {
        Detach();
        _child.Close();
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
            _child.Close();
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

    private void Reap()
    {
        if (!_child.TryReap(out IvChildStatus status))
        {
            _fd.Loop!.UncountDispatch();
            return;
        }

        End = status;
        _fd.HandlerIn = null;
        EndStops();
        ((IChildOwner)_fd.State!).OnStatus(status);
    }

    private void TellStop()
    {
        if (!_child.TryTakeStop(out IvChildStatus status))
        {
            _fd.Loop!.UncountDispatch();
            return;
        }

        _stops!.Post();
        ((IChildOwner)_fd.State!).OnStatus(status);
    }

    private void EndStops()
    {
        if (_stops is { IsRegistered: true })
        {
            ChildSignals.Remove(_stops);
            _stops.EndRegistration();
        }
    }
}
