namespace Ivy.Net;

/// <summary>A pipe that bytes are spliced through, on their way from one descriptor to another.</summary>
internal sealed class SplicePipe
{
    private readonly IvNetwork _network;
    private bool _isClosed;

    private SplicePipe(IvNetwork network, nint read, nint write, int capacity)
    {
        _network = network;
        Read = read;
        Write = write;
        Capacity = capacity;
    }

    /// <summary>Of a pump that was forgotten with bytes in hand.</summary>
#pragma warning disable MA0055 // the owner of two descriptors, as IvSocket is of one
    ~SplicePipe()
#pragma warning restore MA0055
    {
        _network.CloseForgotten(Read);
        _network.CloseForgotten(Write);
    }

    public IvNetwork Network => _network;

    /// <summary>The end that is read.</summary>
    public nint Read { get; }

    /// <summary>The end that is written.</summary>
    public nint Write { get; }

    /// <summary>In bytes of full pages. What a socket brings may come in larger pieces, and more of it fits in.</summary>
    public int Capacity { get; }

    /// <summary>A new pipe; null if the system has none to give, or only one that is not worth it.</summary>
    public static SplicePipe? Open(IvNetwork network, int wanted, int least)
    {
        int capacity = wanted;
        if (network.OpenPipe(ref capacity, out nint read, out nint write) != IvError.None)
        {
            return null;
        }

        var pipe = new SplicePipe(network, read, write, capacity);
        if (capacity >= least)
        {
            return pipe;
        }

        pipe.Close();
        return null;
    }

    public void Close()
    {
        if (_isClosed)
        {
            return;
        }

        _isClosed = true;
        _network.Close(Read);
        _network.Close(Write);
        GC.SuppressFinalize(this);
    }
}
