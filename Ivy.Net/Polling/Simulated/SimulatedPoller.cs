namespace Ivy.Net.Polling;

/// <summary>One loop's view of a <see cref="SimulatedNetwork"/>: its descriptors, its faults, its virtual time.</summary>
/// <remarks>
/// <para>A loop whose <see cref="IvLoopOptions.Network"/> is a simulated one makes its own. Follows epoll(7), to the rules that
/// programs trip over: a registration belongs to the open description and outlives the number while a duplicate is open, and
/// removing a number that means a stranger by now removes the stranger.</para>
/// <para>The order of what is ready is the seed's: a kernel promises none. When a wait has something to report, and somebody
/// else could run too, the seed decides who does. <see cref="IvPoller.BackendHandle"/> is -1: nobody can wait for virtual time.</para>
/// <para>Made, used and disposed by one thread: the only one that lives in the network, or one that
/// <see cref="SimulatedNetwork.Run(Action[])"/> started. Anything else is IVF0081. See SimulatedNetwork(3).</para>
/// </remarks>
public sealed class SimulatedPoller : IvPoller
{
    private readonly SimulatedNetwork _network;
    private readonly SimulatedPollSet _set;
    private readonly List<IvReady> _refused = [];
    private (ulong Token, SimulatedReadiness Ready)[] _answers = [];
    private bool _isDisposed;

    /// <summary>Makes a poller, and this thread one of the simulation.</summary>
    /// <param name="network">The network.</param>
    public SimulatedPoller(SimulatedNetwork network)
    {
        ArgumentNullException.ThrowIfNull(network);
        _network = network;
        _set = new SimulatedPollSet(network);
        network.Scheduler.Join();
    }

    /// <inheritdoc/>
    public override string Name => "simulated";

    /// <summary>Virtual time. Stands still between two waits, unless <see cref="SimulatedNetworkOptions.SystemCallCost"/> has calls take some.</summary>
    public override IvTimestamp Now => new(_network.Now);

    /// <inheritdoc/>
    public override bool HasEdges => true;

    // Nothing costs anything here: every second seed is a kernel of which the loop thinks so.
    internal override bool ChangesCostCalls => _network.Seed % 2 == 1;

    /// <inheritdoc/>
    public override IvError Add(nint handle, IvBands want, ulong token)
    {
        _network.Enter();
        IvError error = _set.Add(handle, (SimulatedReadiness)want, token);
        _network.Note("add", handle, (int)want, error);
        return error;
    }

    /// <inheritdoc/>
    public override void Remove(nint handle, ulong token)
    {
        _network.Enter();
        _network.Note("remove", handle, 0, _set.Remove(handle));
    }

    /// <inheritdoc/>
    public override int Wait(ReadOnlySpan<IvChange> changes, IvTimestamp deadline, Span<IvReady> ready)
    {
        _network.Enter();
        _network.Scheduler.CountWait();
        foreach (ref readonly IvChange change in changes)
        {
            Apply(change);
        }

        int count = 0;
        while (count < ready.Length && _refused.Count != 0)
        {
            ready[count++] = _refused[0];
            _refused.RemoveAt(0);
        }

        // An interrupted wait is empty even where something is ready: the next one reports it.
        if (count != 0 || Sleep(deadline))
        {
            count += Collect(ready[count..]);
        }

        _network.Note("wait", -1, count);
        return count;
    }

    /// <inheritdoc/>
    public override void Wake()
    {
        if (!_isDisposed)
        {
            _network.Scheduler.CheckThread();
            _set.IsWoken = true;
            _network.Note("wake", -1, 0);
            _network.Scheduler.Yield();
        }
    }

    /// <inheritdoc/>
    public override bool Reset()
    {
        _network.Enter();
        _set.Clear();
        _network.Note("reset", -1, 0);
        return true;
    }

    /// <inheritdoc/>
    public override bool Holds(nint handle, ulong token)
    {
        IvError error = Add(handle, IvBands.None, token);
        if (error == IvError.None)
        {
            Remove(handle, token);
        }

        return error is not (IvError.None or IvError.EBADF);
    }

    internal override void OnPosted() => _network.Scheduler.Yield();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            _set.Clear();
            _network.Scheduler.Leave();
        }

        base.Dispose(disposing);
    }

    private void Apply(IvChange change)
    {
        IvError error = _set.Change(change.Handle, (SimulatedReadiness)change.Want, change.Token);
        _network.Note("change", change.Handle, (int)change.Want, error);
        if (error != IvError.None)
        {
            _set.Drop(change.Token);
            _refused.Add(new IvReady(change.Token, IvBands.None, error));
        }
    }

    private int Collect(Span<IvReady> ready)
    {
        _set.IsWoken = false;
        if (_answers.Length < ready.Length)
        {
            _answers = new (ulong, SimulatedReadiness)[ready.Length];
        }

        int count = _set.Collect(_answers.AsSpan(0, ready.Length), _network.Order);
        for (int i = 0; i < count; i++)
        {
            ready[i] = new IvReady(_answers[i].Token, (IvBands)_answers[i].Ready);
        }

        return count;
    }

    // False: interrupted.
    private bool Sleep(IvTimestamp deadline)
    {
        long time = deadline.Nanoseconds;
        if (time > _network.Now && !_set.IsWoken && _network.Draw(SimulatedFault.InterruptedWait))
        {
            _network.Scheduler.Yield();
            return false;
        }

        _network.Scheduler.Wait(_set, time);
        return true;
    }
}
