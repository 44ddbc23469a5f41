namespace Ivy.Net;

/// <summary>A queue of bytes that grows as needed.</summary>
internal sealed class SimulatedByteQueue
{
    private const int LeastCapacity = 256;
    private byte[] _bytes = [];
    private int _head;

    public int Count { get; private set; }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (Count + bytes.Length > _bytes.Length)
        {
            byte[] larger = new byte[Math.Max(LeastCapacity, Math.Max(Count + bytes.Length, _bytes.Length * 2))];
            Peek(larger.AsSpan(0, Count));
            _bytes = larger;
            _head = 0;
        }

        int tail = (_head + Count) % _bytes.Length;
        int first = Math.Min(bytes.Length, _bytes.Length - tail);
        bytes[..first].CopyTo(_bytes.AsSpan(tail));
        bytes[first..].CopyTo(_bytes);
        Count += bytes.Length;
    }

    /// <summary>Copies from the front; not more than there is.</summary>
    public void Peek(Span<byte> target)
    {
        int first = Math.Min(target.Length, _bytes.Length - _head);
        _bytes.AsSpan(_head, first).CopyTo(target);
        _bytes.AsSpan(0, target.Length - first).CopyTo(target[first..]);
    }

    public void Skip(int count)
    {
        Count -= count;
        _head = Count == 0 ? 0 : (_head + count) % _bytes.Length;
    }

    /// <summary>Forgets what came last, and keeps that many.</summary>
    public void Truncate(int count) => Count = count;
}
