namespace Ivy.Net;

/// <summary>A connection that a group counts: where it is, and the way to another loop.</summary>
/// <remarks>
/// G1: it is in its member's list, or in the queue of its member's loop, or with a thread that has taken it elsewhere.
/// G2: a socket that is gone is counted once, by the hook in <see cref="IvSocket"/>, whatever its whereabouts.
/// G3: what is dropped from the queue of a loop that has ended is reset: nothing is lost without being counted.
/// </remarks>
internal sealed class GroupConnection(IvSocket socket, IvLoopGroupMember member) : PostNode, ISocketOwner
{
    private Action<IvLoopGroupMember, IvSocket>? _continuation;
    private int _gone;

    public IvSocket Socket { get; } = socket;

    /// <summary>Who counts it: from a hand-over on the loop that it goes to.</summary>
    public IvLoopGroupMember Member { get; private set; } = member;

    public GroupConnection? Previous { get; set; }

    public GroupConnection? Following { get; set; }

    public bool IsListed { get; set; }

    public bool IsGone => Volatile.Read(ref _gone) != 0;

    public bool IsAborted { get; private set; }

    public override Delegate? Callback => _continuation;

    /// <summary>Sends it to another loop; if that has ended it is reset, and the result false.</summary>
    public bool HandOver(IvLoopGroupMember target, Action<IvLoopGroupMember, IvSocket> continuation)
    {
        Member = target;
        _continuation = continuation;
        if (target.Enqueue(this))
        {
            return true;
        }

        Abort();
        return false;
    }

    public override void Run(IvLoop loop)
    {
        Action<IvLoopGroupMember, IvSocket> continuation = _continuation!;
        _continuation = null;
        Member.Arrive(this, continuation);
    }

    public override bool Drop()
    {
        Abort();
        return false;
    }

    public void OnSocketGone()
    {
        if (Interlocked.Exchange(ref _gone, 1) == 0)
        {
            Member.OnGone(this);
        }
    }

    /// <summary>Resets it, and counts that.</summary>
    public void Abort()
    {
        if (IsGone)
        {
            return;
        }

        IsAborted = true;
        if ((Socket.Watcher as IvObject)?.Loop is { IsOnThread: false } other)
        {
            // The program has taken it to a loop of its own, which may or may not run: it is done with here.
            OnSocketGone();
            other.Post(static connection => connection.Reset(), this);
        }
        else
        {
            Reset();
        }
    }

    private void Reset()
    {
        Socket.TryResetOnClose();
        Socket.Dispose();
    }
}
