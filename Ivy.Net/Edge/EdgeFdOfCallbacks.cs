using System.Net.Sockets;
using System.Runtime.InteropServices;
using Ivy.Net.Interop;
using Ivy.Net.Polling;

#pragma warning disable MA0048 // EdgeFd<TState, TCallbacks>: the file system has no angle brackets

namespace Ivy.Net.Edge;

/// <summary>From bands to callbacks.</summary>
/// <remarks>
/// <para>E1: data first. While the direction is armed and not muted, and something is left to read, neither the end nor an error is told.</para>
/// <para>E2: OnClose is told at most once of a descriptor, an error of a stream too; each ends what it stands for.</para>
/// <para>E3: what a callback leaves untold, by an exception or a Break, the kernel is asked for again.</para>
/// </remarks>
internal sealed class EdgeFd<TState, TCallbacks> : EdgeFd<TState>, IReadySink
    where TCallbacks : struct, IEdgeCallbacks<TState>
{
    private const IvBands Over = IvBands.Err | IvBands.Hangup | IvBands.Closed;

    public EdgeFd(EdgeLoop<TState> loop, IvFd watch, TState state)
        : base(loop, watch, state) => watch.SetSink(this);

    IvBands IReadySink.Interest => Wanted;

    void IReadySink.OnReady(IvBands bands, IvError refused)
    {
        if (refused != IvError.None)
        {
            OnRefused(refused);
            return;
        }

        ulong token = Watch.Token;
        bool told = false;
        bool isWhole = false;
        Put(EdgeFlags.InCallback);
        try
        {
            // By far the most common: data has come, and where edges are told, there is room to write as ever.
            if ((bands | IvBands.Out) == (IvBands.In | IvBands.Out) && IsDue(IvBands.In) && !IsDue(bands & IvBands.Out))
            {
                told = true;
                Miss(bands & IvBands.Out);
                Take(IvBands.In);
                TCallbacks.OnData(this);
            }
            else
            {
                TellBands(bands, token, ref told);
            }

            if (Has(EdgeFlags.Ended | EdgeFlags.Broken) && IsMine(token))
            {
                TellEnd(token, ref told);
            }

            isWhole = true;
        }
        finally
        {
            Clear(EdgeFlags.InCallback);
            if (!isWhole || Loop.IvLoop.IsBroken)
            {
                LookAnew();
            }

            Sync();
            if (told)
            {
                Loop.CountEvent();
            }
            else
            {
                Loop.IvLoop.UncountDispatch();
            }
        }
    }

    private protected override void CallClose(EdgeCloseReason reason) => TCallbacks.OnClose(this, reason);

    private void TellBands(IvBands bands, ulong token, ref bool told)
    {
        IvBands armed = Armed;
        if (armed == IvBands.None)
        {
            // Nobody asked: the one report that a kernel may make of what is armed no more.
            return;
        }

        if ((bands & IvBands.Pri) != 0)
        {
            Put(EdgeFlags.HasUrgent);
        }

        if ((bands & IvBands.Closed) != 0)
        {
            Put(EdgeFlags.HungUp);
        }

        bool isOver = (bands & Over) != 0;
        if (IsDue(IvBands.In))
        {
            if ((bands & (IvBands.In | Over)) != 0 && !(isOver && IsEmpty(bands)))
            {
                told = true;
                Take(IvBands.In);
                TCallbacks.OnData(this);
                if (!IsMine(token))
                {
                    return;
                }
            }
        }
        else if ((bands & (IvBands.In | IvBands.Hangup | IvBands.Closed)) != 0)
        {
            Miss(IvBands.In);
        }

        if ((bands & IvBands.Err) != 0)
        {
            Put(EdgeFlags.Broken);
            return;
        }

        if ((bands & (IvBands.Out | IvBands.Closed)) != 0)
        {
            if (IsDue(IvBands.Out))
            {
                told = true;
                Take(IvBands.Out);
                TCallbacks.OnReady(this);
                if (!IsMine(token))
                {
                    return;
                }
            }
            else
            {
                Miss(IvBands.Out);
            }
        }

        if (isOver && (armed & IvBands.In) != 0)
        {
            LeaveOrEnd(bands);
        }
    }

    // The peer has closed; OnData may have read all that it sent, or not.
    private void LeaveOrEnd(IvBands bands)
    {
        if (Has(EdgeFlags.IsDatagram))
        {
            Put(EdgeFlags.Ended);
        }
        else if (!IsEmpty(bands))
        {
            if (IsDue(IvBands.In))
            {
                LookAnew();
            }
            else
            {
                Miss(IvBands.In);
            }
        }
    }

    // Whether nothing is left to read of what is over; notes how it ended.
    private bool IsEmpty(IvBands bands)
    {
        if (Has(EdgeFlags.Ended))
        {
            return true;
        }

        if (Has(EdgeFlags.IsDatagram))
        {
            return (bands & IvBands.In) == 0;
        }

        IvIoResult peeked = Peek();
        bool isSocket = peeked.Error != IvError.ENOTSOCK;
        bool isReadable = isSocket ? peeked.IsOk : (bands & IvBands.In) != 0;
        if (isReadable)
        {
            return false;
        }

        bool isBroken = Has(EdgeFlags.Broken) || (bands & IvBands.Err) != 0;
        if (peeked.IsEnd || (!isSocket && !isBroken))
        {
            Put(EdgeFlags.Ended);
            return true;
        }

        return isBroken;
    }

    private void TellEnd(ulong token, ref bool told)
    {
        if (Has(EdgeFlags.Broken))
        {
            if (IsDue(IvBands.In) && !Has(EdgeFlags.IsDatagram) && Peek().IsOk)
            {
                // Something is left: the error once more after that.
                LookAnew();
                return;
            }

            told = true;
            TellError();
            if (!IsMine(token))
            {
                return;
            }
        }

        if (Has(EdgeFlags.Ended) && !Has(EdgeFlags.CloseTold | EdgeFlags.ErrorTold))
        {
            told = true;
            Put(EdgeFlags.CloseTold);
            TCallbacks.OnClose(this, EdgeCloseReason.Remote);
        }
    }

    private void TellError()
    {
        IvError error = Error == IvError.None ? TakeError() : Error;
        Error = IvError.None;
        Clear(EdgeFlags.Broken);
        if (Has(EdgeFlags.IsDatagram))
        {
            // What else it was ready for.
            LookAnew();
        }
        else
        {
            Put(EdgeFlags.ErrorTold);
        }

        TCallbacks.OnError(this, error);
    }

    // A number that was closed while it was watched, mostly.
    private void OnRefused(IvError error)
    {
        if (error == IvError.EBADF)
        {
            Put(EdgeFlags.Gone);
        }

        Disarm();
        TCallbacks.OnError(this, error);
        Loop.CountEvent();
    }

    // An error is taken from the socket by asking, and kept.
    private IvIoResult Peek()
    {
        Span<byte> one = stackalloc byte[1];
        IvIoResult peeked = Loop.IvLoop.Network.Receive(Handle, one, SocketFlags.Peek, stream: true);
        if (peeked.IsError && peeked.Error != IvError.ENOTSOCK)
        {
            Error = Error == IvError.None ? peeked.Error : Error;
            Put(EdgeFlags.Broken);
        }

        return peeked;
    }

    // A pipe has no SO_ERROR; its one error is that nobody reads it.
    private IvError TakeError()
    {
        Span<int> value = [0];
        IvError refused = Loop.IvLoop.Network.GetNamedOption(Handle, SocketOptions.Error, MemoryMarshal.AsBytes(value), out _);
        return refused == IvError.None ? (IvError)value[0] : refused == IvError.ENOTSOCK ? IvError.EPIPE : refused;
    }

    private bool IsMine(ulong token) => Watch.IsRegistered && Watch.Token == token && !Loop.IvLoop.IsBroken;
}
