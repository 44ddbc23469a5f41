using System.Runtime.CompilerServices;
using Ivy.Net.Interop.Linux;

namespace Ivy.Net.Polling;

/// <summary>The engine of a <see cref="UringPoller"/>: operations in its ring, completions in the loop's turn.</summary>
/// <remarks>
/// <para>C1: an answer is kept, in order, until the loop dispatches it: what it changes, it changes then.</para>
/// <para>C2: an operation counts from the entry that asks for it to the dispatch of its last answer. A channel's slot, and the buffer
/// that is being sent, are free no sooner.</para>
/// <para>C3: a buffer that the kernel has filled goes back to it at the end of the dispatch, unless it is sent on; then when that is done.</para>
/// </remarks>
internal sealed unsafe class UringCompletions : IvCompletions, IDisposable
{
    // In the two low bits of a tag's generation.
    public const uint Receive = 0;
    public const uint Send = 1;
    public const uint Accept = 2;

    private const int KindBits = 2;
    private const uint KindMask = (1u << KindBits) - 1;

    // How long the end waits for the kernel to let go of what was cancelled: it does so at once.
    private const int MostLastWaits = 100;
    private const long LastWaitNanoseconds = 50_000_000;

    private readonly UringRing _ring;
    private readonly UringBuffers _buffers;
    private readonly Stack<int> _free = new();
    private readonly List<UringChannel> _starved = [];
    private UringChannel?[] _channels = new UringChannel?[16];
    private int _channelCount;
    private UringCompletion[] _ready = new UringCompletion[256];
    private int _readyStart;
    private int _readyCount;
    private int _inFlight;

    private UringCompletions(UringRing ring, UringBuffers buffers)
    {
        _ring = ring;
        _buffers = buffers;
    }

    public override int BufferSize => UringBuffers.Size;

    public override int BufferCount => UringBuffers.RingCount;

    public override int BuffersInUse => _buffers.InUse;

    public override int OperationsInFlight => _inFlight;

    internal override bool HasReady => _readyCount > 0;

    /// <summary>How often a connection found no buffer.</summary>
    internal int Starved { get; private set; }

    internal UringRing Ring => _ring;

    internal UringBuffers Buffers => _buffers;

    /// <summary>The engine; null where the kernel is too old for one (Linux 6.0), or has no memory for it.</summary>
    public static UringCompletions? TryCreate(UringRing ring)
    {
        // With the flags of Linux 6.1 it has all that is needed here; without, asking for what came between tells.
        if ((ring.SetUpFlags & UringConstants.IORING_SETUP_SINGLE_ISSUER) == 0)
        {
            return null;
        }

        var buffers = new UringBuffers();
        return buffers.Open(ring.Fd) == IvError.None ? new UringCompletions(ring, buffers) : null;
    }

    /// <summary>Keeps an answer for its dispatch.</summary>
    public void Enqueue(UringCompletion answer)
    {
        if (_readyCount == _ready.Length)
        {
            Grow();
        }

        _ready[(_readyStart + _readyCount++) & (_ready.Length - 1)] = answer;
        if ((answer.Flags & UringConstants.IORING_CQE_F_BUFFER) != 0)
        {
            _buffers.Taken();
        }
    }

    /// <summary>Before a wait: those that found no buffer try again, if there are some now.</summary>
    public void Prepare()
    {
        if (_starved.Count > 0 && _buffers.AtKernel > 0)
        {
            FeedStarved();
        }
    }

    public void Dispose()
    {
        // All are detached by now, and what was cancelled is answered at once: the buffers must outlive that.
        for (int i = 0; i < MostLastWaits && _inFlight > 0; i++)
        {
            _ = _ring.Enter(1, LastWaitNanoseconds);
            while (_ring.TryTake(out UringCompletion answer))
            {
                if (UringTag.Kind(answer.UserData) == UringTag.Operation)
                {
                    Enqueue(answer);
                }
            }

            while (HasReady)
            {
                DispatchOne();
            }
        }

        if (_inFlight == 0)
        {
            _buffers.Dispose();
        }
    }

    internal override CompletionChannel Attach(ICompletionOwner owner, nint handle)
    {
        if (!_free.TryPop(out int slot))
        {
            if (_channelCount == _channels.Length)
            {
                Array.Resize(ref _channels, _channelCount * 2);
            }

            slot = _channelCount++;
        }

        var channel = new UringChannel(this, owner, (int)handle, slot);
        _channels[slot] = channel;
        return channel;
    }

    internal override void DispatchOne()
    {
        UringCompletion answer = _ready[_readyStart];
        _readyStart = (_readyStart + 1) & (_ready.Length - 1);
        _readyCount--;
        bool isLast = (answer.Flags & UringConstants.IORING_CQE_F_MORE) == 0;
        _inFlight -= isLast ? 1 : 0;

        // There is one: its slot is not free before the last answer.
        UringChannel channel = _channels[UringTag.Slot(answer.UserData)]!;
        switch (UringTag.Generation(answer.UserData) & KindMask)
        {
            case Receive:
                int buffer = (answer.Flags & UringConstants.IORING_CQE_F_BUFFER) != 0 ? (int)(answer.Flags >> UringConstants.IORING_CQE_BUFFER_SHIFT) : -1;
                channel.OnReceiveAnswered(answer.Result, buffer, isLast);
                break;
            case Send:
                channel.OnSendAnswered(answer.Result);
                break;
            default:
                channel.OnAcceptAnswered(answer.Result, isLast);
                break;
        }
    }

    /// <summary>An entry of the ring for an operation of the channel, which counts from now on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal UringSubmission* Begin(byte operation, int fd, int slot, uint kind)
    {
        _inFlight++;
        UringSubmission* entry = _ring.Next();
        entry->Operation = operation;
        entry->Fd = fd;
        entry->UserData = UringTag.Of(UringTag.Operation, slot, kind);
        return entry;
    }

    internal void Cancel(int slot, uint kind)
    {
        UringSubmission* entry = _ring.Next();
        entry->Operation = UringConstants.IORING_OP_ASYNC_CANCEL;
        entry->Fd = -1;
        entry->Address = UringTag.Of(UringTag.Operation, slot, kind);
        entry->UserData = UringTag.OfNobody;
    }

    internal void Starve(UringChannel channel)
    {
        Starved++;
        _starved.Add(channel);
    }

    internal void Release(int slot)
    {
        _channels[slot] = null;
        _free.Push(slot);
    }

    private void FeedStarved()
    {
        foreach (UringChannel channel in _starved)
        {
            channel.Feed();
        }

        _starved.Clear();
    }

    private void Grow()
    {
        var larger = new UringCompletion[_ready.Length * 2];
        for (int i = 0; i < _readyCount; i++)
        {
            larger[i] = _ready[(_readyStart + i) & (_ready.Length - 1)];
        }

        _ready = larger;
        _readyStart = 0;
    }
}
