namespace Ivy.Net;

/// <summary>A thread of a simulation, as the scheduler sees it.</summary>
internal sealed class SimulatedThread(int index, string name, int managedId)
{
    // A plain monitor: the hand-over is strict, so there is never anything to spin for.
    private readonly object _gate = new();
    private bool _hasBaton;

    public int Index { get; } = index;

    public string Name { get; } = name;

    public int ManagedId { get; set; } = managedId;

    /// <summary>What it waits on; null while it could run.</summary>
    public SimulatedPollSet? WaitsOn { get; set; }

    public long Deadline { get; set; }

    public long WaitingSince { get; set; }

    /// <summary>Its wait is over, and whether it comes late was decided.</summary>
    public bool IsNoticed { get; set; }

    /// <summary>When it goes on at the earliest, once it was noticed.</summary>
    public long NotBefore { get; set; }

    public void PassBaton()
    {
        lock (_gate)
        {
            _hasBaton = true;
            Monitor.Pulse(_gate);
        }
    }

    public void AwaitBaton()
    {
        lock (_gate)
        {
            while (!_hasBaton)
            {
                Monitor.Wait(_gate);
            }

            _hasBaton = false;
        }
    }
}
