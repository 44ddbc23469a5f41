using System.Net;
using System.Runtime.InteropServices;

namespace Ivy.Net;

// What chance decides: faults, latencies, costs; and what is planned for later.
public sealed partial class SimulatedNetwork
{
    private readonly HashSet<(IPAddress, IPAddress)> _cuts = [];
    private readonly List<SimulatedWire> _held = [];

    /// <summary>Whether a fault happens at this occasion; counts it if so.</summary>
    internal bool Draw(SimulatedFault fault)
    {
        if (!_faultRandom.Chance(Options[fault]))
        {
            return false;
        }

        Faults.Add(fault);
        Note("fault", -1, 0, fault: fault);
        return true;
    }

    /// <summary>One in four: a planted bug that always strikes is not worth a search.</summary>
    internal bool DrawPlanted() => _plantedRandom.Below(4) == 0;

    /// <summary>How long the next thing is under way.</summary>
    internal long Latency()
    {
        long latency = _wireRandom.Between(_minimumLatency, _maximumLatency);
        return Draw(SimulatedFault.DelayedDelivery) ? latency + DelayOf(SimulatedFault.DelayedDelivery) : latency;
    }

    internal long DelayOf(SimulatedFault fault)
    {
        long delay = _delayRandom.Between(0, _longestDelay);
        Note("delay", -1, delay, fault: fault);
        return delay;
    }

    internal long WakeupDelay() => Draw(SimulatedFault.DelayedWakeup) ? DelayOf(SimulatedFault.DelayedWakeup) : 0;

    internal void Plan(long time, Action action) => _scheduler.Agenda.Add(time, action);

    /// <summary>Does at once what takes no time, so that a perfect network is as synchronous as a loopback device.</summary>
    internal void PlanOrDo(long time, Action action)
    {
        if (time <= Now)
        {
            action();
        }
        else
        {
            Plan(time, action);
        }
    }

    internal bool IsCut(SimulatedAddress? from, SimulatedAddress? to) =>
        _cuts.Count != 0 && from?.Ip is { } left && to?.Ip is { } right && (_cuts.Contains((left, right)) || _cuts.Contains((right, left)));

    /// <summary>Keeps a wire until the partition heals.</summary>
    internal void Hold(SimulatedWire wire)
    {
        if (!_held.Contains(wire))
        {
            _held.Add(wire);
        }
    }

    internal IvError Find(nint handle, out SimulatedDescription description)
    {
        description = _descriptors.Find(handle)!;
        return description is null ? IvError.EBADF : IvError.None;
    }

    /// <summary>Every call begins here: is this the thread's turn, what does the call cost, what has happened meanwhile.</summary>
    internal void Enter()
    {
        _scheduler.CheckThread();
        if (_callCost != 0)
        {
            _scheduler.Spend(_costRandom.Between(0, _callCost));
        }
    }

    /// <summary>A new number for a description; EMFILE.</summary>
    internal IvError Install(SimulatedDescription description, out nint handle)
    {
        if (_descriptors.Count >= DescriptorLimit)
        {
            handle = -1;
            return IvError.EMFILE;
        }

        handle = _descriptors.Add(description);
        return IvError.None;
    }

    private IvError FindSocket(nint handle, out SimulatedSocket socket)
    {
        IvError error = Find(handle, out SimulatedDescription description);
        socket = (description as SimulatedSocket)!;
        return error == IvError.None && socket is null ? IvError.ENOTSOCK : error;
    }

    private void HashBytes(ReadOnlySpan<byte> bytes)
    {
        ulong hash = TraceHash;
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (ulong word in words)
        {
            hash = Fold(hash, word);
        }

        foreach (byte rest in bytes[(words.Length * sizeof(ulong))..])
        {
            hash = Fold(hash, rest);
        }

        TraceHash = hash;
    }

    private IvError Noted(string operation, nint handle, IvError error, long count = 0)
    {
        Note(operation, handle, count, error);
        return error;
    }

    private IvIoResult Noted(string operation, nint handle, IvIoResult result)
    {
        Note(operation, handle, result.Bytes, result.Error);
        return result;
    }
}
