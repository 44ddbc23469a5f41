using System.Runtime.InteropServices;
using Ivy.Net.Interop.Linux;

namespace Ivy.Net.Polling;

/// <summary>The buffers of a <see cref="UringCompletions"/>: those that the kernel picks from, and those that are only sent.</summary>
/// <remarks>
/// B1: a buffer has a number. The first <see cref="RingCount"/> are the kernel's to fill, lent to it by a ring that both sides see;
/// the others are made as they are needed, and kept for reuse. All are of one size, so that a received one can be sent as it is.
/// </remarks>
internal sealed unsafe class UringBuffers : IDisposable
{
    // A page: as much as one segment of a local connection is likely to bring, and 1 MiB for all, of which the system
    // gives memory only to those that are used.
    public const int Size = 4096;
    public const int RingCount = 256;
    public const ushort Group = 0;

    private const nuint RingLength = RingCount * 16;
    private const nuint SlabLength = RingCount * Size;

    private readonly List<nint> _slabs = [];
    private readonly Stack<int> _free = new();
    private UringBuffer* _ring;
    private ushort _tail;
    private int _atKernel;
    private int _made = RingCount;

    /// <summary>Lends the first buffers to the kernel. On an error nothing is left.</summary>
    public IvError Open(int ring)
    {
        IvError error = Sys.Map(RingLength, -1, 0, out byte* memory);
        if (error != IvError.None)
        {
            return error;
        }

        _ring = (UringBuffer*)memory;
        error = AddSlab();
        if (error == IvError.None)
        {
            var group = new UringBufferGroup { Address = (ulong)memory, Entries = RingCount, Group = Group };
            int result = Sys.IoUringRegister(ring, UringConstants.IORING_REGISTER_PBUF_RING, &group, 1);
            error = result < 0 ? Sys.Error(result) : IvError.None;
        }

        if (error != IvError.None)
        {
            Dispose();
            return error;
        }

        for (int id = 0; id < RingCount; id++)
        {
            Lend(id);
        }

        return IvError.None;
    }

    /// <summary>How many the kernel may fill.</summary>
    public int AtKernel => _atKernel;

    public int InUse => RingCount - _atKernel + _made - RingCount - _free.Count;

    public static bool IsOfRing(int id) => id < RingCount;

    public byte* At(int id) => (byte*)CollectionsMarshal.AsSpan(_slabs)[id / RingCount] + ((nint)(id % RingCount) * Size);

    /// <summary>The kernel has filled one.</summary>
    public void Taken() => _atKernel--;

    /// <summary>One that only sends.</summary>
    /// <exception cref="IvException">ENOMEM.</exception>
    public int Take()
    {
        if (_free.TryPop(out int id))
        {
            return id;
        }

        if (_made == _slabs.Count * RingCount && AddSlab() != IvError.None)
        {
            throw new IvException(IvError.ENOMEM, "send", subject: null, "There is no memory for what is to be sent: send less before it has gone (IvCompletionSocket.Unsent)");
        }

        return _made++;
    }

    public void GiveBack(int id)
    {
        if (IsOfRing(id))
        {
            Lend(id);
        }
        else
        {
            _free.Push(id);
        }
    }

    public void Dispose()
    {
        foreach (nint slab in _slabs)
        {
            Sys.Unmap((byte*)slab, SlabLength);
        }

        _slabs.Clear();
        Sys.Unmap((byte*)_ring, RingLength);
        _ring = null;
    }

    private void Lend(int id)
    {
        // SAFETY: the tail lies in the last field of entry 0, which is not written here; the kernel reads an entry only below the tail.
        UringBuffer* entry = &_ring[_tail & (RingCount - 1)];
        entry->Address = (ulong)At(id);
        entry->Length = Size;
        entry->Id = (ushort)id;
        Volatile.Write(ref _ring->Tail, ++_tail);
        _atKernel++;
    }

    private IvError AddSlab()
    {
        IvError error = Sys.Map(SlabLength, -1, 0, out byte* slab);
        if (error == IvError.None)
        {
            _slabs.Add((nint)slab);
        }

        return error;
    }
}
