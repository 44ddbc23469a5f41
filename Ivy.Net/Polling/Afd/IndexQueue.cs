using System.Runtime.CompilerServices;

namespace Ivy.Net.Polling;

/// <summary>A queue of indices that allocates only to grow.</summary>
internal sealed class IndexQueue
{
    private const int InitialCapacity = 64;

    // A power of two.
    private int[] _items = new int[InitialCapacity];
    private int _head;

    public int Count { get; private set; }

    public void Enqueue(int index)
    {
        if (Count == _items.Length)
        {
            Grow();
        }

        _items[(_head + Count) & (_items.Length - 1)] = index;
        Count++;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryDequeue(out int index)
    {
        if (Count == 0)
        {
            index = -1;
            return false;
        }

        index = _items[_head];
        _head = (_head + 1) & (_items.Length - 1);
        Count--;
        return true;
    }

    private void Grow()
    {
        int[] items = new int[_items.Length * 2];
        for (int i = 0; i < Count; i++)
        {
            items[i] = _items[(_head + i) & (_items.Length - 1)];
        }

        _items = items;
        _head = 0;
    }
}
