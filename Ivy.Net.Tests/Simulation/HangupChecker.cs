namespace Ivy.Net.Tests.Simulation;

/// <summary>A peer that sends and closes: in the turn that tells of the hang-up, reading comes first.</summary>
internal sealed class HangupChecker(World world) : IInhabitant
{
    private readonly byte[] _buffer = new byte[64];
    private readonly IvTimer _begin = new(static timer => ((HangupChecker)timer.State!).Begin());
    private long _turnOfRead = -1;

    public bool IsDone { get; private set; }

    public void Start()
    {
        _begin.State = this;
        _begin.Start(TimeSpan.FromMilliseconds(world.Random.Below(20)));
    }

    public override string ToString() => "hang-up: not told";

    private void Begin()
    {
        if (IvSocket.TryCreatePair(out IvSocket? reader, out IvSocket? writer) != IvError.None)
        {
            _begin.Start(TimeSpan.FromMilliseconds(1));
            return;
        }

        new IvFd(reader!) { HandlerIn = OnReadable, HandlerHangup = OnHangup }.Register();
        while (writer!.Send(_buffer).WouldBlock)
        {
            // A fault; on a Unix pair the next call goes through.
        }

        writer.Dispose();
    }

    private void OnReadable(IvFd fd)
    {
        _turnOfRead = fd.Loop!.Counters.Turns;
        fd.Socket!.Receive(_buffer);
    }

    private void OnHangup(IvFd fd)
    {
        if (_turnOfRead != fd.Loop!.Counters.Turns)
        {
            throw new SimulationFailure("told of the hang-up before the data");
        }

        fd.Socket!.Dispose();
        IsDone = true;
        world.CheckIfDone();
    }
}
