using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Ivy.Net.Interop.Windows;

namespace Ivy.Net.Polling;

/// <summary>The blocks of an engine, in native slabs that never move.</summary>
/// <remarks>Slabs are kept until the end: a block is 64 bytes, ten thousand of them are 640 KiB.</remarks>
internal sealed unsafe class AfdBlocks
{
    // A page.
    private const int BlocksInSlab = 64;

    private nint[] _slabs = [];

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    public AfdPollBlock* this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (AfdPollBlock*)_slabs[index / BlocksInSlab] + (index % BlocksInSlab);
    }

    /// <summary>Adds a slab.</summary>
    public void Grow()
    {
        int slab = Count / BlocksInSlab;
        if (slab == _slabs.Length)
        {
            Array.Resize(ref _slabs, Math.Max(4, slab * 2));
        }

        // SAFETY: whole blocks, each on a cache line of its own; zeroed, so that no answer is read out of garbage.
        void* memory = NativeMemory.AlignedAlloc((nuint)(BlocksInSlab * sizeof(AfdPollBlock)), (nuint)sizeof(AfdPollBlock));
        NativeMemory.Clear(memory, (nuint)(BlocksInSlab * sizeof(AfdPollBlock)));
        _slabs[slab] = (nint)memory;
        Count += BlocksInSlab;
    }

    /// <summary>Gives the memory back. No poll may be in flight.</summary>
    public void Free()
    {
        foreach (nint slab in _slabs)
        {
            NativeMemory.AlignedFree((void*)slab);
        }

        _slabs = [];
        Count = 0;
    }
}
