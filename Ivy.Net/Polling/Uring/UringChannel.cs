using Ivy.Net.Interop.Linux;

namespace Ivy.Net.Polling;

/// <summary>A socket in the hands of a <see cref="UringCompletions"/>.</summary>
/// <remarks>
/// At most one receive or accept, which goes on after an answer, and one send are under way; what is to be sent behind that waits in
/// buffers, the small ones together. So the order of the bytes is that of the calls.
/// </remarks>
internal sealed unsafe class UringChannel(UringCompletions engine, ICompletionOwner owner, int fd, int slot) : CompletionChannel
{
    // Below this part of the kernel's buffers a received one is copied before it is sent on: a peer that does not read must not
    // keep them from everybody else.
    private const int ScarceBuffers = UringBuffers.RingCount / 4;

    private readonly Queue<Block> _blocks = new();
    private Block _sending;
    private Block _filling;
    private bool _isSending;
    private bool _isFilling;

    // Of receiving or accepting: a channel does one of them.
    private bool _wants;
    private bool _isArmed;
    private bool _isCancelled;
    private bool _isStarved;
    private int _received = -1;
    private int _receivedLength;
    private ICompletionOwner? _owner = owner;

    public override ReadOnlySpan<byte> Received => _received < 0 ? default : new ReadOnlySpan<byte>(engine.Buffers.At(_received), _receivedLength);

    public override void StartAccepting()
    {
        _wants = true;
        if (!_isArmed)
        {
            ArmAccept();
        }
    }

    public override void StopAccepting() => Stop(UringCompletions.Accept);

    public override void StartReceiving()
    {
        _wants = true;
        if (!_isArmed && !_isStarved)
        {
            ArmReceive();
        }
    }

    public override void StopReceiving() => Stop(UringCompletions.Receive);

    public override void Send(ReadOnlySpan<byte> bytes)
    {
        try
        {
            while (!bytes.IsEmpty)
            {
                if (!_isFilling)
                {
                    _filling = new Block { Buffer = engine.Buffers.Take() };
                    _isFilling = true;
                }

                int part = Math.Min(bytes.Length, UringBuffers.Size - _filling.Length);
                bytes[..part].CopyTo(new Span<byte>(engine.Buffers.At(_filling.Buffer) + _filling.Length, part));
                _filling.Length += part;
                Unsent += part;
                bytes = bytes[part..];
                if (_filling.Length == UringBuffers.Size)
                {
                    CloseFilling();
                }
            }
        }
        finally
        {
            // Also what there was room for when memory ran out: it is counted, and its end has to come.
            SendNext();
        }
    }

    public override void SendReceived()
    {
        if (_received < 0)
        {
            return;
        }

        if (_isSending || _isFilling || engine.Buffers.AtKernel < ScarceBuffers)
        {
            Send(Received);
            engine.Buffers.GiveBack(_received);
            _received = -1;
            return;
        }

        _sending = new Block { Buffer = _received, Length = _receivedLength };
        Unsent += _receivedLength;
        _received = -1;
        ArmSend();
    }

    public override void Detach()
    {
        _owner = null;
        _wants = false;
        FreeUnsent();
        if (_isArmed)
        {
            // Both kinds have one slot, and one of them is armed: the other cancels nothing.
            engine.Cancel(slot, UringCompletions.Receive);
            engine.Cancel(slot, UringCompletions.Accept);
        }

        if (_isSending)
        {
            engine.Cancel(slot, UringCompletions.Send);
        }

        if (_isArmed || _isSending)
        {
            engine.Ring.SubmitAndSettle();
        }
        else
        {
            ReleaseIfDone();
        }
    }

    /// <summary>There may be buffers again.</summary>
    internal void Feed()
    {
        _isStarved = false;
        if (_wants && !_isArmed)
        {
            ArmReceive();
        }

        ReleaseIfDone();
    }

    internal void OnAcceptAnswered(int result, bool isLast)
    {
        if (isLast)
        {
            _isArmed = false;
            _isCancelled = false;
        }

        int accepted = result;
        result = Sys.Answer(SysCall.Accept, fd, accepted);
        if (accepted >= 0 && (_owner is null || result < 0))
        {
            _ = Sys.Close(accepted);
        }

        if (_owner is not { } told)
        {
            ReleaseIfDone();
            return;
        }

        if (result >= 0)
        {
            Rearm();
            told.OnAccepted(result);
        }
        else if (IsHarmless(result))
        {
            Rearm();
        }
        else
        {
            _wants = false;
            told.OnAcceptRefused(Sys.Error(result));
        }

        void Rearm()
        {
            if (_wants && !_isArmed)
            {
                ArmAccept();
            }
        }
    }

    internal void OnReceiveAnswered(int result, int buffer, bool isLast)
    {
        if (isLast)
        {
            _isArmed = false;
            _isCancelled = false;
        }

        result = Sys.Answer(SysCall.Recv, fd, result);
        if (_owner is not { } told || result <= 0)
        {
            if (buffer >= 0)
            {
                engine.Buffers.GiveBack(buffer);
            }

            if (_owner is null)
            {
                ReleaseIfDone();
            }
            else
            {
                OnReceiveEnded(result);
            }

            return;
        }

        if (_wants && !_isArmed)
        {
            ArmReceive();
        }

        _received = buffer;
        _receivedLength = result;
        try
        {
            told.OnReceived(IvIoResult.Ok(result));
        }
        finally
        {
            if (_received >= 0)
            {
                engine.Buffers.GiveBack(_received);
                _received = -1;
            }
        }
    }

    internal void OnSendAnswered(int result)
    {
        _isSending = false;
        result = Sys.Answer(SysCall.Send, fd, result);
        if (_owner is not { } told)
        {
            engine.Buffers.GiveBack(_sending.Buffer);
            ReleaseIfDone();
            return;
        }

        if (result < 0 && !IsHarmless(result))
        {
            engine.Buffers.GiveBack(_sending.Buffer);
            FreeUnsent();
            Unsent = 0;
            told.OnSendFailed(Sys.Error(result));
            return;
        }

        int sent = Math.Max(result, 0);
        Unsent -= sent;
        _sending.Start += sent;
        if (_sending.Start < _sending.Length)
        {
            // Sent in part: the rest.
            ArmSend();
            return;
        }

        engine.Buffers.GiveBack(_sending.Buffer);
        SendNext();
        if (!_isSending)
        {
            told.OnSent();
        }
    }

    // Taken back and wanted again meanwhile, or interrupted.
    private static bool IsHarmless(int result) => result is -(int)IvError.ECANCELED or -(int)IvError.EINTR or -(int)IvError.EAGAIN;

    private void OnReceiveEnded(int result)
    {
        if (IsHarmless(result))
        {
            if (_wants && !_isArmed)
            {
                ArmReceive();
            }
        }
        else if (result == -(int)IvError.ENOBUFS)
        {
            if (_wants)
            {
                _isStarved = true;
                engine.Starve(this);
            }
        }
        else
        {
            _wants = false;
            _owner!.OnReceived(result == 0 ? IvIoResult.End : IvIoResult.Failed(Sys.Error(result)));
        }
    }

    private void Stop(uint kind)
    {
        _wants = false;
        if (_isArmed && !_isCancelled)
        {
            _isCancelled = true;
            engine.Cancel(slot, kind);
        }
    }

    private void ArmAccept()
    {
        UringSubmission* entry = engine.Begin(UringConstants.IORING_OP_ACCEPT, fd, slot, UringCompletions.Accept);
        entry->Priority = UringConstants.IORING_ACCEPT_MULTISHOT;
        entry->OperationFlags = Constants.SOCK_NONBLOCK | Constants.SOCK_CLOEXEC;
        _isArmed = true;
    }

    private void ArmReceive()
    {
        UringSubmission* entry = engine.Begin(UringConstants.IORING_OP_RECV, fd, slot, UringCompletions.Receive);
        entry->Flags = UringConstants.IOSQE_BUFFER_SELECT;
        entry->Priority = UringConstants.IORING_RECV_MULTISHOT;
        entry->BufferGroup = UringBuffers.Group;
        _isArmed = true;
    }

    private void ArmSend()
    {
        UringSubmission* entry = engine.Begin(UringConstants.IORING_OP_SEND, fd, slot, UringCompletions.Send);
        entry->Address = (ulong)(engine.Buffers.At(_sending.Buffer) + _sending.Start);
        entry->Length = (uint)(_sending.Length - _sending.Start);
        entry->OperationFlags = Constants.MSG_NOSIGNAL | Constants.MSG_WAITALL;
        _isSending = true;
    }

    private void SendNext()
    {
        if (_isSending)
        {
            return;
        }

        if (!_blocks.TryDequeue(out _sending))
        {
            if (!_isFilling)
            {
                return;
            }

            _sending = _filling;
            _isFilling = false;
        }

        ArmSend();
    }

    private void CloseFilling()
    {
        _blocks.Enqueue(_filling);
        _isFilling = false;
    }

    // What the kernel is not sending this moment.
    private void FreeUnsent()
    {
        if (_isFilling)
        {
            CloseFilling();
        }

        while (_blocks.TryDequeue(out Block block))
        {
            engine.Buffers.GiveBack(block.Buffer);
        }
    }

    private void ReleaseIfDone()
    {
        if (_owner is null && !_isArmed && !_isSending && !_isStarved)
        {
            engine.Release(slot);
        }
    }

    private struct Block
    {
        public int Buffer;
        public int Start;
        public int Length;
    }
}
