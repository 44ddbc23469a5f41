using System.Diagnostics;
using Ivy.Net.Interop.Windows;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Polling;

/// <summary>
/// AFD over the sockets of Linux: what the library's own bookkeeping is held against where there is no such driver, with the tests that
/// go for every system, and any number of threads. It is a model, and proves nothing about Windows.
/// </summary>
/// <remarks>
/// Polls are answered as the driver does: once, by a packet, which writes to the block when it is taken. That a socket was closed is seen at
/// the next call. Who waits looks again each millisecond; what another thread did is found then.
/// </remarks>
internal sealed unsafe class AfdOverLinux : IAfdApi
{
    private const uint Everything = ModelCalls.PollIn | ModelCalls.PollOut | ModelCalls.PollPri | ModelCalls.PollRdHup | ModelCalls.EpollEdge;
    private const int AlreadyThere = -17; // EEXIST
    private const int Closed = -9; // EBADF
    private const long Slice = 1_000_000;

    private readonly Lock _lock = new();
    private readonly int _edges = ModelCalls.CreateEpoll();
    private readonly Dictionary<int, AfdLinuxSocket> _sockets = [];
    private readonly Dictionary<nint, ModelPoll> _polls = [];
    private readonly HashSet<nint> _blocks = [];
    private readonly Queue<Packet> _packets = new();
    private readonly Dictionary<nint, bool> _devices = [];
    private nint _lastDevice = 0x10000;
    private bool _isPortOpen = true;

    /// <summary>What was done that the kernel takes badly.</summary>
    public List<string> Violations { get; } = [];

    public object Process => this;

    public IvError OpenPort(out nint port)
    {
        port = 0x8000;
        return IvError.None;
    }

    public IvError OpenDevice(nint port, bool skipsOnSuccess, out nint device, out bool skips)
    {
        lock (_lock)
        {
            device = _lastDevice += 4;
            skips = skipsOnSuccess;
            _devices.Add(device, skips);
            return IvError.None;
        }
    }

    public IvError Validate(nint handle) => handle is < 0 or > int.MaxValue ? IvError.EBADF : ModelCalls.CheckSocket((int)handle) switch
    {
        0 => IvError.None,
        Closed => IvError.EBADF,
        _ => IvError.ENOTSOCK,
    };

    public IvError Identify(nint handle, out AfdSocketName name)
    {
        IvError error = Validate(handle);
        name = error == IvError.None ? ModelCalls.NameOf((int)handle) : default;
        return error;
    }

    public IvError BaseHandle(nint handle, out nint socket)
    {
        socket = handle;
        return IvError.None;
    }

    public int Submit(nint device, AfdPollBlock* block)
    {
        lock (_lock)
        {
            if (!_devices.TryGetValue(device, out bool skips) || !_isPortOpen)
            {
                Violations.Add("a poll through a device that is closed");
                return NtStatus.InvalidHandle;
            }

            if (!_blocks.Add((nint)block))
            {
                Violations.Add("a block is used for a poll while another one is in flight with it");
                return NtStatus.InvalidParameter;
            }

            AfdPollHandle asked = block->Info.Handle0;
            AfdLinuxSocket? socket = Find((int)asked.Handle);
            if (socket is null)
            {
                _blocks.Remove((nint)block);
                return NtStatus.InvalidHandle;
            }

            if (socket.Poll != 0)
            {
                Violations.Add("a second poll on a socket");
            }

            AfdEvents ready = socket.State() & asked.Events;
            if (ready == AfdEvents.None)
            {
                socket.Poll = (nint)block;
                _polls.Add((nint)block, new ModelPoll(device, socket, asked.Events));
                return NtStatus.Pending;
            }

            if (skips)
            {
                _blocks.Remove((nint)block);
                Write(block, NtStatus.Success, ready);
            }
            else
            {
                _packets.Enqueue(new Packet((nint)block, 0, NtStatus.Success, ready));
            }

            return NtStatus.Success;
        }
    }

    public int Cancel(nint device, AfdPollBlock* block)
    {
        lock (_lock)
        {
            if (!_polls.TryGetValue((nint)block, out ModelPoll? poll))
            {
                if (!_blocks.Contains((nint)block))
                {
                    Violations.Add("a poll is cancelled that is not in flight");
                }

                return NtStatus.NotFound;
            }

            if (poll.Device != device)
            {
                Violations.Add("a poll is cancelled through another device");
            }

            Complete((nint)block, poll, NtStatus.Cancelled, AfdEvents.None);
            return NtStatus.Success;
        }
    }

    public int Wait(nint port, OverlappedEntry* entries, int maximum, uint milliseconds)
    {
        long begin = Stopwatch.GetTimestamp();
        while (true)
        {
            lock (_lock)
            {
                FindClosed();
                TakeEdges();
                int count = 0;
                while (count < maximum && _packets.TryDequeue(out Packet? packet))
                {
                    AfdPollBlock* block = (AfdPollBlock*)packet.Block;
                    if (block != null)
                    {
                        _blocks.Remove(packet.Block);
                        Write(block, packet.Status, packet.Events);
                    }

                    entries[count++] = new OverlappedEntry { CompletionKey = packet.Key, Block = block };
                }

                if (count > 0)
                {
                    return count;
                }
            }

            if (milliseconds != uint.MaxValue && Stopwatch.GetElapsedTime(begin).TotalMilliseconds >= milliseconds)
            {
                return 0;
            }

            ModelCalls.WaitReadable(_edges, Slice);
        }
    }

    public IvError Post(nint port, nuint key)
    {
        lock (_lock)
        {
            if (!_isPortOpen)
            {
                Violations.Add("a packet for a port that is closed");
            }

            _packets.Enqueue(new Packet(0, key, NtStatus.Success, AfdEvents.None));
            return IvError.None;
        }
    }

    public void Close(nint handle)
    {
        lock (_lock)
        {
            if (_devices.Remove(handle))
            {
                if (_polls.Values.Any(poll => poll.Device == handle))
                {
                    Violations.Add("a device is closed whose polls are in flight");
                }

                return;
            }

            _isPortOpen = false;
            ModelCalls.CloseNumber(_edges);
            if (_blocks.Count + _devices.Count > 0)
            {
                Violations.Add("the port is closed, and polls or devices are left");
            }

            if (Violations.Count > 0)
            {
                throw new InvalidOperationException(string.Join("; ", Violations));
            }
        }
    }

    private static void Write(AfdPollBlock* block, int status, AfdEvents events)
    {
        block->Iosb.Status = status;
        block->Info.NumberOfHandles = events == AfdEvents.None ? 0u : 1u;
        block->Info.Handle0.Events = events;
    }

    // What has the number now; null if it is closed. The polls of what had it before are answered.
    private AfdLinuxSocket? Find(int fd)
    {
        // By the open file and the number: a second ADD that does not say that it is there already means that they were parted.
        int result = ModelCalls.Control(_edges, ModelCalls.EpollAdd, fd, Everything);
        if (result == AlreadyThere && _sockets.TryGetValue(fd, out AfdLinuxSocket? known))
        {
            return known;
        }

        if (_sockets.Remove(fd, out AfdLinuxSocket? gone) && gone.Poll != 0)
        {
            Complete(gone.Poll, _polls[gone.Poll], NtStatus.Success, AfdEvents.LocalClose);
        }

        return result < 0 ? null : _sockets[fd] = new AfdLinuxSocket(fd);
    }

    private void FindClosed()
    {
        foreach (ModelPoll poll in _polls.Values.ToList())
        {
            Find(poll.Socket.Fd);
        }
    }

    private void TakeEdges()
    {
        Span<(int Fd, int Events)> found = stackalloc (int, int)[64];
        int count;
        do
        {
            count = ModelCalls.Take(_edges, found);
            foreach ((int fd, _) in found[..count])
            {
                if (_sockets.TryGetValue(fd, out AfdLinuxSocket? socket) && socket.Poll != 0)
                {
                    ModelPoll poll = _polls[socket.Poll];
                    AfdEvents ready = socket.State() & poll.Events;
                    if (ready != AfdEvents.None)
                    {
                        Complete(socket.Poll, poll, NtStatus.Success, ready);
                    }
                }
            }
        }
        while (count == found.Length);
    }

    private void Complete(nint block, ModelPoll poll, int status, AfdEvents events)
    {
        _polls.Remove(block);
        poll.Socket.Poll = 0;
        _packets.Enqueue(new Packet(block, 0, status, events));
    }

    private sealed record ModelPoll(nint Device, AfdLinuxSocket Socket, AfdEvents Events);

    private sealed record Packet(nint Block, nuint Key, int Status, AfdEvents Events);
}
