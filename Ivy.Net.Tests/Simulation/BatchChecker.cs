namespace Ivy.Net.Tests.Simulation;

/// <summary>
/// Two descriptors become ready together, and whichever is called first ends the other, and takes its slot and its number
/// for a third: neither the other nor the third may be called.
/// </summary>
internal sealed class BatchChecker(World world) : IInhabitant
{
    private static readonly byte[] Byte = [1];

    private readonly List<IvSocket> _sockets = [];
    private readonly IvTimer _begin = new(static timer => ((BatchChecker)timer.State!).Begin());
    private readonly IvTimer _end = new(static timer => ((BatchChecker)timer.State!).End());
    private IvFd? _first;
    private IvFd? _second;

    public bool IsDone { get; private set; }

    public void Start()
    {
        _begin.State = _end.State = this;
        _begin.Start(TimeSpan.FromMilliseconds(world.Random.Below(20)));
    }

    public override string ToString() => "batch: not called";

    private static void OnWritable(IvFd fd)
    {
        if (!fd.IsRegistered)
        {
            throw new SimulationFailure($"{fd} was called after it was unregistered");
        }

        fd.HandlerOut = null;
    }

    private void Begin()
    {
        if (!TryPair(out IvSocket? first, out IvSocket? firstPeer) || !TryPair(out IvSocket? second, out IvSocket? secondPeer))
        {
            _begin.Start(TimeSpan.FromMilliseconds(1));
            return;
        }

        _first = new IvFd(first!) { HandlerIn = OnReadable, HandlerOut = OnWritable };
        _second = new IvFd(second!) { HandlerIn = OnReadable, HandlerOut = OnWritable };
        _first.Register();
        _second.Register();
        Send(firstPeer!);
        Send(secondPeer!);
    }

    private void OnReadable(IvFd fd)
    {
        IvFd other = fd == _first ? _second! : _first!;
        if (!other.IsRegistered)
        {
            throw new SimulationFailure($"{fd} was called after it was unregistered");
        }

        other.Socket!.Dispose();
        if (TryPair(out IvSocket? third, out _))
        {
            new IvFd(third!) { HandlerIn = static never => throw new SimulationFailure($"{never} was called for what is ready of another") }.Register();
        }

        fd.Socket!.Dispose();
        _end.Start(TimeSpan.FromMilliseconds(2));
    }

    private void End()
    {
        foreach (IvSocket socket in _sockets)
        {
            socket.Dispose();
        }

        IsDone = true;
        world.CheckIfDone();
    }

    private void Send(IvSocket socket)
    {
        while (socket.Send(Byte).WouldBlock)
        {
            // A fault; on a Unix pair the next call goes through.
        }
    }

    private bool TryPair(out IvSocket? first, out IvSocket? second)
    {
        if (IvSocket.TryCreatePair(out first, out second) != IvError.None)
        {
            return false;
        }

        _sockets.Add(first!);
        _sockets.Add(second!);
        return true;
    }
}
