using System.Runtime.InteropServices;
using Microsoft.Extensions.ObjectPool;

namespace Ivy.Net;

/// <summary>A piece of a <see cref="PostQueue"/>: so many posts, in the order in which their slots were claimed.</summary>
internal sealed class PostSegment
{
    /// <summary>A power of 2: the way from one segment to the next is little for each post of it, and a loop at rest has two kilobytes.</summary>
    public const int Size = 128;

    private const int CacheLine = 64;

    // Set in Claimed while the loop sleeps with nothing to take, and this is the newest segment.
    public const int Asleep = 1 << 30;

    private Counter _claimed = new() { Value = Size };
    private PostSegment? _next;

    /// <summary>All free, but for those of posts that have not run.</summary>
    public PostSlot[] Slots { get; } = new PostSlot[Size];

    /// <summary>The position of the first slot in the whole queue; a multiple of <see cref="Size"/>.</summary>
    public long Base { get; set; }

    /// <summary>The position behind the last slot.</summary>
    public long End => Base + Size;

    /// <summary>What comes when this one is full; null if that is not there yet.</summary>
    public PostSegment? Next
    {
        get => Volatile.Read(ref _next);
        set => Volatile.Write(ref _next, value);
    }

    /// <summary>How many have asked for a slot, and <see cref="Asleep"/>. Those beyond the last get none; so it is with all while the segment lies in a pool.</summary>
    public ref int Claimed => ref _claimed.Value;

    /// <summary>How many slots are somebody's.</summary>
    public int Count => Math.Min(Volatile.Read(ref _claimed.Value) & ~Asleep, Size);

    /// <summary>Where the post of a position is.</summary>
    public ref PostSlot this[long position] => ref Slots[position & (Size - 1)];

    // On cache lines of its own: all who post write it, and read what is beside it.
    [StructLayout(LayoutKind.Explicit, Size = 3 * CacheLine)]
    private struct Counter
    {
        [FieldOffset(CacheLine)]
        public int Value;
    }

    /// <summary>Makes segments for a pool.</summary>
    public sealed class Policy : IPooledObjectPolicy<PostSegment>
    {
        public PostSegment Create() => new();

        public bool Return(PostSegment obj) => true;
    }
}
