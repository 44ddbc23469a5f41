using System.Net.Sockets;

namespace Ivy.Net;

/// <summary>TCP, as net/ipv4/tcp.c has it: the part once there is a connection. The order of the checks is the kernel's.</summary>
/// <remarks>
/// 1. An error is told once, by whatever asks first; after it reads say end and writes say EPIPE.
/// 2. What has arrived can be read whatever came after it: a FIN, a reset, an error.
/// 3. Closing with unread data, closing with SO_LINGER 0, and data for a socket that is closed are answered by a reset.
/// </remarks>
internal sealed partial class SimulatedTcpSocket(SimulatedNetwork network, AddressFamily family)
    : SimulatedSocket(network, family, SocketType.Stream, ProtocolType.Tcp)
{
    private Phase _phase;
    private SimulatedWire? _in;
    private SimulatedWire? _out;
    private SimulatedAddress? _remote;
    private bool _isOrphan;

    // FIN: sent by us, arrived at the peer, arrived here. After the last of them reads end before they fail.
    private bool _finSent;
    private bool _finDelivered;
    private bool _finReceived;

    private enum Phase
    {
        Closed,
        Listening,

        /// <summary>SYN_SENT.</summary>
        Connecting,

        /// <summary>SYN_RECV.</summary>
        Accepting,
        Open,
    }

    public override bool IsStream => true;

    public bool IsConnected => _phase == Phase.Open;

    public override int Readable => _in?.Delivered ?? 0;

    public override int Writable => _phase == Phase.Open && !_finSent ? Math.Max(0, Options.SendBufferSize - _out!.UnderWay) : 0;

    // tcp_poll.
    public override SimulatedReadiness Readiness
    {
        get
        {
            if (_phase == Phase.Listening)
            {
                return _accepted.Count != 0 ? SimulatedReadiness.In : SimulatedReadiness.None;
            }

            SimulatedReadiness ready = ErrorReadiness;
            if (_phase == Phase.Closed || (ReadShut && WriteShut))
            {
                ready |= SimulatedReadiness.Closed;
            }

            if (ReadShut)
            {
                ready |= SimulatedReadiness.In | SimulatedReadiness.Hangup;
            }

            if (_phase is Phase.Connecting or Phase.Accepting)
            {
                return ready;
            }

            // Writable again once a third of the buffer is free (sk_stream_is_writeable), not with the first byte.
            if (WriteShut || _out is null || Options.SendBufferSize - _out.UnderWay >= _out.UnderWay / 2)
            {
                ready |= SimulatedReadiness.Out;
            }

            return ready
                | (Readable != 0 ? SimulatedReadiness.In : SimulatedReadiness.None)
                | (_hasUrgent ? SimulatedReadiness.Pri : SimulatedReadiness.None);
        }
    }

    public override IvIoResult Receive(Span<byte> buffer, SocketFlags flags, ref SimulatedMessageInfo message)
    {
        if (_phase == Phase.Listening)
        {
            return IvIoResult.Failed(IvError.ENOTCONN);
        }

        if ((flags & SocketFlags.OutOfBand) != 0)
        {
            return ReceiveUrgent(buffer, flags);
        }

        if (Readable != 0)
        {
            Span<byte> target = buffer[..Math.Min(buffer.Length, Readable)];
            _in!.Read(target, (flags & SocketFlags.Peek) != 0);

            // In the stream, the urgent byte is news until it was read past.
            _hasUrgent &= !Options.OutOfBandInline || Readable != 0;
            return IvIoResult.Ok(target.Length);
        }

        return _finReceived ? IvIoResult.Ok(0)
            : PendingError != IvError.None ? IvIoResult.Failed(TakeError())
            : ReadShut ? IvIoResult.Ok(0)
            : _phase == Phase.Closed ? IvIoResult.Failed(IvError.ENOTCONN)
            : IvIoResult.Blocked;
    }

    public override IvIoResult Send(ReadOnlySpan<byte> buffer, SocketFlags flags, SimulatedAddress? to, SimulatedDescription[]? rights)
    {
        if (PendingError != IvError.None)
        {
            return IvIoResult.Failed(TakeError());
        }

        if (_phase is Phase.Connecting or Phase.Accepting)
        {
            return IvIoResult.Blocked;
        }

        if (_phase != Phase.Open || WriteShut)
        {
            return IvIoResult.Failed(IvError.EPIPE);
        }

        if (buffer.IsEmpty)
        {
            return IvIoResult.Ok(0);
        }

        int count = Math.Min(buffer.Length, Options.SendBufferSize - _out!.UnderWay);
        if (count <= 0)
        {
            return IvIoResult.Blocked;
        }

        buffer = buffer[..count];
        if ((flags & SocketFlags.OutOfBand) != 0)
        {
            SendUrgent(buffer);
        }
        else
        {
            _out.SendData(buffer);
        }

        return IvIoResult.Ok(count);
    }

    public override IvError Shutdown(SocketShutdown how)
    {
        if (_association == Association.Connecting)
        {
            _association = _phase == Phase.Open ? Association.Connected : Association.Disconnecting;
        }

        bool read = how is SocketShutdown.Receive or SocketShutdown.Both;
        bool write = how is SocketShutdown.Send or SocketShutdown.Both;
        IvError error = _phase == Phase.Closed ? IvError.ENOTCONN : IvError.None;
        switch (_phase)
        {
            case Phase.Listening when !read:
                break;

            case Phase.Listening or Phase.Connecting:
                Dissolve();
                break;

            default:
                // Even where the answer is ENOTCONN: whoever polls shall wake up (inet_shutdown).
                ReadShut |= read;
                WriteShut |= write;
                if (write && _phase == Phase.Open)
                {
                    SendFinish();
                }

                break;
        }

        Changed();
        return error;
    }

    public override IvError GetRemote(out SimulatedAddress? address)
    {
        address = _phase is Phase.Open or Phase.Accepting ? _remote : null;
        return address is null ? IvError.ENOTCONN : IvError.None;
    }

    /// <summary>Whether what comes over a wire is for us: it may be one of a connection that was dissolved, or data that nobody will read.</summary>
    public bool Takes(SimulatedWire wire, SimulatedSegmentKind kind) =>
        wire == _in && (kind != SimulatedSegmentKind.Data || (_phase is Phase.Open or Phase.Accepting && !_isOrphan && !(ReadShut && _finSent)));

    /// <summary>
    /// Answers what is not taken by a reset. One that still has the connection notes it for itself too, as
    /// tcp_rcv_state_process does.
    /// </summary>
    public void Refuse(SimulatedWire wire)
    {
        if (wire != _in)
        {
            Network.PlanOrDo(Network.Now + Network.Latency(), () => wire.Sender.OnStaleReset(wire));
            return;
        }

        // In this order, as in ResetByNetwork.
        OnReset();
        _out!.Send(SimulatedSegmentKind.Reset);
        Changed();
    }

    /// <summary>Something came; what is data stands in the wire already.</summary>
    public void OnArrival(SimulatedSegmentKind kind, byte urgent)
    {
        switch (kind)
        {
            case SimulatedSegmentKind.Urgent:
                (_urgent, _hasUrgent, _tookUrgent) = (urgent, true, false);
                break;

            case SimulatedSegmentKind.Accept:
                OnAccepted();
                break;

            case SimulatedSegmentKind.Confirm:
                OnConfirmed();
                break;

            case SimulatedSegmentKind.Finish when _phase == Phase.Open:
                _finReceived = true;
                ReadShut = true;
                EndIfFinished();
                break;

            case SimulatedSegmentKind.Reset:
                OnReset();
                break;
        }

        Changed();
    }

    /// <summary>Something that we sent has arrived.</summary>
    public void OnDelivered(SimulatedWire wire, SimulatedSegmentKind kind)
    {
        if (wire != _out)
        {
            return;
        }

        if (kind == SimulatedSegmentKind.Finish)
        {
            _finDelivered = true;
            EndIfFinished();
        }

        Changed();
    }

    /// <summary>The network resets the connection: this side knows at once, the other when the news arrives.</summary>
    public void ResetByNetwork()
    {
        if (_phase == Phase.Open)
        {
            // In this order: what is forgotten with the connection must not be the news of its end.
            OnReset();
            _out!.Send(SimulatedSegmentKind.Reset);
            Changed();
        }
    }

    // The peer has dissolved the connection that this wire was of, and knows nothing of it any more.
    private void OnStaleReset(SimulatedWire wire)
    {
        if (wire == _out)
        {
            OnReset();
            Changed();
        }
    }

    protected override void OnLastClose()
    {
        _isOrphan = true;
        switch (_phase)
        {
            case Phase.Listening:
                StopListening();
                break;

            case Phase.Open when Readable != 0 || Options.ResetsOnClose:
                AnswerByReset();
                break;

            case Phase.Open:
                SendFinish();
                break;

            case Phase.Connecting:
                _phase = Phase.Closed;
                break;
        }

        _isBoundByUser = false;
        FreePort();
    }

    private void SendFinish()
    {
        if (!_finSent)
        {
            _finSent = true;
            _out!.Send(SimulatedSegmentKind.Finish);
        }
    }

    private void AnswerByReset()
    {
        _phase = Phase.Closed;
        _out?.Send(SimulatedSegmentKind.Reset);
    }

    // inet_put_port: a port that the kernel chose is free with the end of its connection, a bound one with the socket's.
    private void FreePort()
    {
        if (!_isBoundByUser && _hasPort)
        {
            _hasPort = false;
            Network.Tcp.Remove(this);
        }
    }

    private void EndIfFinished()
    {
        if (_finReceived && _finDelivered && _phase == Phase.Open)
        {
            End();
        }
    }

    private void End()
    {
        _phase = Phase.Closed;
        ReadShut = true;
        WriteShut = true;
        FreePort();
    }

    // tcp_reset.
    private void OnReset()
    {
        switch (_phase)
        {
            case Phase.Closed:
                return;

            case Phase.Accepting:
                _listener!._halfOpen.Remove(this);
                break;

            case Phase.Connecting:
                PendingError = IvError.ECONNREFUSED;
                break;

            default:
                PendingError = _finReceived && !_finSent ? IvError.EPIPE : IvError.ECONNRESET;
                _out!.DropUnderWay();
                break;
        }

        End();
    }
}
