namespace Ivy.Net.Tests.Simulation;

/// <summary>Many timers that stop and move each other: none early, all in order, none after it was stopped.</summary>
internal sealed class TimerChecker(World world) : IInhabitant
{
    private const int Count = 24;

    private readonly List<IvTimer> _timers = [];
    private readonly HashSet<IvTimer> _stopped = [];
    private IvTimestamp _lastExpired = IvTimestamp.MinValue;
    private int _open;

    public bool IsDone => _open == 0;

    public void Start()
    {
        for (int i = 0; i < Count; i++)
        {
            var timer = new IvTimer(OnTimer) { Name = $"timer {i}" };
            _timers.Add(timer);
            Arm(timer);
        }
    }

    public override string ToString() => $"timers: {_open} have not fired";

    // Few distinct deadlines, so that several are due at once.
    private void Arm(IvTimer timer)
    {
        timer.StartAt(IvLoop.Current!.Now.AddNanoseconds(250_000L * (1 + world.Random.Below(40))));
        _open++;
        _stopped.Remove(timer);
    }

    private void OnTimer(IvTimer timer)
    {
        IvLoop loop = IvLoop.Current!;
        loop.InvalidateNow();
        if (loop.Now < timer.Expires)
        {
            throw new SimulationFailure($"{timer} fired at {loop.Now}, before {timer.Expires}");
        }

        if (_stopped.Contains(timer))
        {
            throw new SimulationFailure($"{timer} fired after it was stopped");
        }

        if (timer.Expires < _lastExpired)
        {
            throw new SimulationFailure($"{timer} fired after one of a later time");
        }

        _lastExpired = timer.Expires;
        _open--;
        IvTimer other = _timers[world.Random.Below(Count)];
        if (other.IsRegistered)
        {
            if (world.Random.Below(2) == 0)
            {
                other.Stop();
                _stopped.Add(other);
            }
            else
            {
                other.StartAt(loop.Now.AddNanoseconds(1_000L * (1 + world.Random.Below(5_000))));
                _open++;
            }

            _open--;
        }

        if (IsDone)
        {
            world.CheckIfDone();
        }
    }
}
