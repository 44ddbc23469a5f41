using Ivy.Net.Interop.Windows;

namespace Ivy.Net.Tests.Polling;

/// <summary>AFD in memory: the calls that a poller makes of it, with each answer at the moment that the test picks.</summary>
/// <remarks>
/// Stricter than the kernel where that one is merely treacherous: a second poll on a socket, or a block that is used again before its packet was
/// taken, is a violation. As late as the kernel may: a block is written to when its packet is taken. Handles are given out anew at once.
/// </remarks>
internal sealed unsafe class AfdModel : IAfdApi
{
    private const int MostCallsWithoutPackets = 200_000;

    private readonly Dictionary<nint, ModelSocket> _sockets = [];
    private readonly Dictionary<nint, bool> _devices = [];
    private readonly Queue<Packet> _packets = new();
    private readonly List<Packet> _held = [];
    private readonly List<ModelPoll> _polls = [];
    private nint _lastDevice = 0x10000;
    private int _calls;

    /// <summary>What was done that the kernel takes badly.</summary>
    public List<string> Violations { get; } = [];

    public bool IsPortOpen { get; private set; }

    public int OpenDevices => _devices.Count;

    public int PollsInFlight => _polls.Count + _packets.Count(packet => packet.Poll is not null) + _held.Count;

    public int Posts { get; private set; }

    /// <summary>Whether devices can answer without a packet.</summary>
    public bool CanSkip { get; set; } = true;

    /// <summary>Packets of cancelled polls come only after a wait that found nothing else, or <see cref="Release"/>.</summary>
    public bool HoldsCancelled { get; set; }

    /// <summary>Cancelled polls never answer.</summary>
    public bool LosesCancelled { get; set; }

    /// <summary>What the next polls are refused with.</summary>
    public int Refusal { get; set; }

    public int Refusals { get; set; } = int.MaxValue;

    public IvError DeviceError { get; set; }

    public IvError PortError { get; set; }

    public IvError BaseError { get; set; }

    public IvError WaitError { get; set; }

    public IvError PostError { get; set; }

    /// <summary>What happens in a wait that finds nothing, once.</summary>
    public Action? WhenIdle { get; set; }

    public uint LastWait { get; private set; }

    public nint Open(AfdEvents state = AfdEvents.None, AfdSocketName name = default)
    {
        nint handle = 4;
        while (_sockets.ContainsKey(handle))
        {
            handle += 4;
        }

        _sockets.Add(handle, new ModelSocket(handle) { State = state, Name = name });
        return handle;
    }

    /// <summary>It is bound, or connected.</summary>
    public void Name(nint handle, AfdSocketName name) => _sockets[handle].Name = name;

    /// <summary>The last handle of the socket is closed: its polls are answered.</summary>
    public void CloseSocket(nint handle)
    {
        _sockets.Remove(handle, out ModelSocket? socket);
        foreach (ModelPoll poll in _polls.Where(poll => poll.Socket == socket).ToList())
        {
            Complete(poll, NtStatus.Success, AfdEvents.LocalClose);
        }
    }

    public bool IsOpen(nint handle) => _sockets.ContainsKey(handle);

    public AfdEvents StateOf(nint handle) => _sockets[handle].State;

    /// <summary>What the socket is ready for from now on.</summary>
    public void Set(nint handle, AfdEvents state)
    {
        ModelSocket socket = _sockets[handle];
        socket.State = state;
        foreach (ModelPoll poll in _polls.Where(poll => poll.Socket == socket && (poll.Events & state) != 0).ToList())
        {
            Complete(poll, NtStatus.Success, poll.Events & state);
        }
    }

    /// <summary>Ends the polls of a socket with any answer.</summary>
    public void Answer(nint handle, int status, AfdEvents events)
    {
        foreach (ModelPoll poll in _polls.Where(poll => poll.Socket.Handle == handle).ToList())
        {
            Complete(poll, status, events);
        }
    }

    public void Release()
    {
        foreach (Packet packet in _held)
        {
            _packets.Enqueue(packet);
        }

        _held.Clear();
    }

    /// <summary>Changes the answers that wait to be taken: as if the socket were closed just before the cancellation.</summary>
    public void TurnHeldInto(int status, AfdEvents events)
    {
        for (int i = 0; i < _held.Count; i++)
        {
            _held[i] = _held[i] with { Status = status, Events = events };
        }
    }

    public object Process => this;

    public IvError OpenPort(out nint port)
    {
        port = 0x8000;
        IsPortOpen = PortError == IvError.None;
        return PortError;
    }

    public IvError OpenDevice(nint port, bool skipsOnSuccess, out nint device, out bool skips)
    {
        device = _lastDevice += 4;
        skips = skipsOnSuccess && CanSkip;
        if (DeviceError == IvError.None)
        {
            _devices.Add(device, skips);
        }

        return DeviceError;
    }

    public IvError Validate(nint handle) => _sockets.ContainsKey(handle) ? IvError.None : IvError.EBADF;

    public IvError Identify(nint handle, out AfdSocketName name)
    {
        name = _sockets.TryGetValue(handle, out ModelSocket? socket) ? socket.Name : default;
        return Validate(handle);
    }

    public IvError BaseHandle(nint handle, out nint socket)
    {
        socket = handle;
        return BaseError;
    }

    public int Submit(nint device, AfdPollBlock* block)
    {
        if (_calls++ > MostCallsWithoutPackets)
        {
            throw new InvalidOperationException("the poller spins");
        }

        if (!_devices.TryGetValue(device, out bool skips))
        {
            Violations.Add("a poll through a device that is closed");
            return NtStatus.InvalidHandle;
        }

        if (IsInFlight(block))
        {
            Violations.Add("a block is used for a poll while another one is in flight with it");
            return NtStatus.InvalidParameter;
        }

        if (block->Info.NumberOfHandles != 1 || block->Info.Timeout != long.MaxValue || block->Info.Exclusive != 0 || block->Iosb.Status != NtStatus.Pending)
        {
            Violations.Add("a poll is ill-formed");
        }

        if (Refusal != 0 && Refusals > 0)
        {
            Refusals--;
            return Refusal;
        }

        AfdPollHandle asked = block->Info.Handle0;
        if (!_sockets.TryGetValue(asked.Handle, out ModelSocket? socket))
        {
            return NtStatus.InvalidHandle;
        }

        if (_polls.Exists(poll => poll.Socket == socket) || _held.Exists(packet => packet.Poll!.Socket == socket))
        {
            Violations.Add("a second poll on a socket");
        }

        var started = new ModelPoll(device, (nint)block, socket, asked.Events);
        AfdEvents ready = socket.State & asked.Events;
        if (ready == AfdEvents.None)
        {
            _polls.Add(started);
            return NtStatus.Pending;
        }

        if (skips)
        {
            Write(block, NtStatus.Success, ready);
        }
        else
        {
            _packets.Enqueue(new Packet(started, 0, NtStatus.Success, ready));
        }

        return NtStatus.Success;
    }

    public int Cancel(nint device, AfdPollBlock* block)
    {
        ModelPoll? found = _polls.Find(poll => poll.Block == (nint)block);
        if (found is null)
        {
            if (!IsInFlight(block))
            {
                Violations.Add("a poll is cancelled that is not in flight");
            }

            return NtStatus.NotFound;
        }

        if (found.Device != device)
        {
            Violations.Add("a poll is cancelled through another device");
        }

        _polls.Remove(found);
        var packet = new Packet(found, 0, NtStatus.Cancelled, AfdEvents.None);
        if (LosesCancelled || HoldsCancelled)
        {
            _held.Add(packet);
        }
        else
        {
            _packets.Enqueue(packet);
        }

        return NtStatus.Success;
    }

    public int Wait(nint port, OverlappedEntry* entries, int maximum, uint milliseconds)
    {
        LastWait = milliseconds;
        if (WaitError != IvError.None)
        {
            return -(int)WaitError;
        }

        if (_packets.Count == 0 && milliseconds > 0)
        {
            if (!LosesCancelled)
            {
                Release();
            }

            (Action? idle, WhenIdle) = (WhenIdle, null);
            idle?.Invoke();
            if (_packets.Count == 0 && milliseconds > 1000 && !LosesCancelled)
            {
                throw new InvalidOperationException("the poller would wait for ever");
            }
        }

        int count = 0;
        while (count < maximum && _packets.TryDequeue(out Packet? packet))
        {
            AfdPollBlock* block = packet.Poll is { } poll ? (AfdPollBlock*)poll.Block : null;
            if (block != null)
            {
                Write(block, packet.Status, packet.Events);
            }

            entries[count++] = new OverlappedEntry { CompletionKey = packet.Key, Block = block };
        }

        if (count > 0)
        {
            _calls = 0;
        }

        return count;
    }

    public IvError Post(nint port, nuint key)
    {
        if (!IsPortOpen)
        {
            Violations.Add("a packet for a port that is closed");
        }

        if (PostError == IvError.None)
        {
            Posts++;
            _packets.Enqueue(new Packet(null, key, NtStatus.Success, AfdEvents.None));
        }

        return PostError;
    }

    public void Close(nint handle)
    {
        if (_devices.Remove(handle))
        {
            if (!LosesCancelled && (_polls.Exists(poll => poll.Device == handle) || _packets.Any(packet => packet.Poll?.Device == handle)))
            {
                Violations.Add("a device is closed whose polls are in flight");
            }
        }
        else
        {
            IsPortOpen = false;
        }
    }

    private static void Write(AfdPollBlock* block, int status, AfdEvents events)
    {
        block->Iosb.Status = status;
        block->Info.NumberOfHandles = events == AfdEvents.None ? 0u : 1u;
        block->Info.Handle0.Events = events;
    }

    private bool IsInFlight(AfdPollBlock* block) =>
        _polls.Exists(poll => poll.Block == (nint)block)
        || _held.Exists(packet => packet.Poll!.Block == (nint)block)
        || _packets.Any(packet => packet.Poll?.Block == (nint)block);

    private void Complete(ModelPoll poll, int status, AfdEvents events)
    {
        _polls.Remove(poll);
        _packets.Enqueue(new Packet(poll, 0, status, events));
    }

    private sealed class ModelSocket(nint handle)
    {
        public nint Handle { get; } = handle;

        public AfdEvents State { get; set; }

        public AfdSocketName Name { get; set; }
    }

    private sealed record ModelPoll(nint Device, nint Block, ModelSocket Socket, AfdEvents Events);

    private sealed record Packet(ModelPoll? Poll, nuint Key, int Status, AfdEvents Events);
}
