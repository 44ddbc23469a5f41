namespace Ivy.Net;

/// <summary>The pipes of a loop's pumps that are in nobody's hands: empty ones, closed with the loop.</summary>
internal sealed class PipeCache(IvNetwork network)
{
    // As many as ivykis keeps: pumps hold a pipe only while bytes are in it, so few are in use at once.
    private const int MaxKept = 20;

    // Four times what a pipe has by default. Measured on loopback more brings nothing; and all pipes of a user share
    // pipe-user-pages-soft, 64 MiB by default, beyond which everybody's new pipes are of two pages.
    private const int Capacity = 256 * 1024;

    private readonly SplicePipe?[] _kept = new SplicePipe?[MaxKept];
    private int _count;
    private bool _isClosed;

    /// <summary>How many are kept.</summary>
    public int Count => _count;

    /// <summary>A pipe that belongs to no loop.</summary>
    public static SplicePipe? Open(IvNetwork network) => SplicePipe.Open(network, Capacity, least: IvFdPump.BufferSize);

    /// <summary>An empty pipe; null if the system has none to give.</summary>
    public SplicePipe? Rent()
    {
        if (_count == 0)
        {
            return Open(network);
        }

        SplicePipe pipe = _kept[--_count]!;
        _kept[_count] = null;
        return pipe;
    }

    /// <summary>Takes a pipe back, which must be empty: whatever is in it would go to a stranger.</summary>
    public void Return(SplicePipe pipe)
    {
        if (_isClosed || _count == MaxKept || pipe.Network != network)
        {
            pipe.Close();
            return;
        }

        _kept[_count++] = pipe;
    }

    public void Close()
    {
        _isClosed = true;
        while (_count > 0)
        {
            _kept[--_count]!.Close();
            _kept[_count] = null;
        }
    }
}
