using Ivy.Net.Interop;
using Ivy.Net.Interop.Linux;

namespace Ivy.Net.Polling;

/// <summary>A port straight on epoll(7): the kernel has the sockets, their masks and who is disarmed; the table has the program's data.</summary>
internal sealed unsafe class LinuxPortEngine : PortEngine
{
    // No slot has this token: slots are counted from 0.
    private const ulong WakeToken = ulong.MaxValue;

    // The kernel refuses more than fit into 2 GiB; nobody has as many sockets ready.
    private const int MaxEvents = 1 << 20;

    private readonly Lock _lock = new();
    private readonly PortTable _table = new();
    private readonly EpollSet _epoll;
    private readonly DescriptorHandle _wake;

    public LinuxPortEngine()
    {
        _epoll = EpollSet.Create();
        int wake = Sys.EventFd(0, Constants.EFD_NONBLOCK | Constants.EFD_CLOEXEC);
        if (wake < 0)
        {
            _epoll.Dispose();
            throw new IvException(Sys.Error(wake), "eventfd", subject: null, "Raise the limit of open files (ulimit -n)");
        }

        // Edge-triggered: each write is one report, to one thread, and nobody has to read the counter.
        _wake = new DescriptorHandle(wake);
        IvError error = _epoll.Control(Constants.EPOLL_CTL_ADD, wake, Constants.EPOLLIN | Constants.EPOLLET, WakeToken);
        if (error != IvError.None)
        {
            Dispose();
            throw new IvException(error, "epoll_ctl");
        }
    }

    public override IvError Check(nint socket)
    {
        Span<byte> type = stackalloc byte[sizeof(int)];
        return (int)socket != socket ? IvError.EBADF : IvNetwork.System.GetOption(socket, SocketOptions.Type.Level, SocketOptions.Type.Name, type, out _);
    }

    public override IvError Add(nint socket, EpollEvents events, ulong data)
    {
        lock (_lock)
        {
            // That the kernel takes it proves that what had the number before is closed: the entry of then is replaced.
            ulong token = _table.Prepare(socket, out int slot);
            IvError error = _epoll.Control(Constants.EPOLL_CTL_ADD, (int)socket, ToMask(events), token);
            if (error == IvError.None)
            {
                _table.Commit(slot, socket, events, data);
            }

            return error;
        }
    }

    public override IvError Modify(nint socket, EpollEvents events, ulong data)
    {
        lock (_lock)
        {
            int slot = _table.Find(socket);
            if (slot < 0)
            {
                return IvError.ENOENT;
            }

            IvError error = _epoll.Control(Constants.EPOLL_CTL_MOD, (int)socket, ToMask(events), _table.TokenOf(slot));
            if (error == IvError.None)
            {
                _table[slot].Events = events;
                _table[slot].Data = data;
            }
            else if (IsGone(error))
            {
                _table.Remove(slot);
            }

            return error;
        }
    }

    public override IvError Remove(nint socket)
    {
        lock (_lock)
        {
            int slot = _table.Find(socket);
            if (slot < 0)
            {
                return IvError.ENOENT;
            }

            IvError error = _epoll.Control(Constants.EPOLL_CTL_DEL, (int)socket, 0, 0);
            if (error == IvError.None || IsGone(error))
            {
                _table.Remove(slot);
            }

            return error;
        }
    }

    public override IvError Wait(Span<EpollPortEvent> events, IvTimestamp deadline, out int count)
    {
        // SAFETY: an entry of the kernel is not longer than an EpollPortEvent (12 or 16 bytes to 16), so that the span has room for as many.
        fixed (EpollPortEvent* buffer = events)
        {
            while (true)
            {
                int got = _epoll.Wait((byte*)buffer, Math.Min(events.Length, MaxEvents), deadline);
                if (got > 0 && (Translate(buffer, got, out count) || count > 0))
                {
                    return IvError.None;
                }

                if (got < 0 && got != -Sys.EINTR)
                {
                    count = 0;
                    return Sys.Error(got);
                }

                // A signal, a day that is over, or events of registrations that are.
                if (deadline == IvTimestamp.MinValue || (deadline != IvTimestamp.MaxValue && IvTimestamp.System >= deadline))
                {
                    count = 0;
                    return IvError.None;
                }
            }
        }
    }

    public override IvError Wake()
    {
        int result = _wake.Signal();
        return result < 0 ? Sys.Error(result) : IvError.None;
    }

    public override void End()
    {
        // Level-triggered from now on, and never read: each wait finds it.
        _ = _epoll.Control(Constants.EPOLL_CTL_MOD, _wake.Fd, Constants.EPOLLIN, WakeToken);
        _ = _wake.Signal();
    }

    public override void Dispose()
    {
        _epoll.Dispose();
        _wake.Dispose();
    }

    // Closed, with the number free or somebody else's by now.
    private static bool IsGone(IvError error) => error is IvError.EBADF or IvError.ENOENT;

    private static uint ToMask(EpollEvents events) =>
        ((events & PortEvents.Readable) != 0 ? Constants.EPOLLIN : 0)
        | ((events & PortEvents.Urgent) != 0 ? Constants.EPOLLPRI : 0)
        | ((events & PortEvents.Writable) != 0 ? Constants.EPOLLOUT : 0)
        | ((events & EpollEvents.RdHup) != 0 ? Constants.EPOLLRDHUP : 0)
        | ((events & EpollEvents.OneShot) != 0 ? Constants.EPOLLONESHOT : 0);

    private static EpollEvents ToEvents(uint mask)
    {
        EpollEvents events = (EpollEvents)mask & (PortEvents.Always | EpollEvents.RdHup);
        if ((mask & Constants.EPOLLIN) != 0)
        {
            events |= PortEvents.Readable;
        }

        if ((mask & Constants.EPOLLPRI) != 0)
        {
            events |= PortEvents.Urgent;
        }

        if ((mask & Constants.EPOLLOUT) != 0)
        {
            events |= (mask & Constants.EPOLLERR) == 0 ? PortEvents.Writable : PortEvents.Writable & ~EpollEvents.WrBand;
        }

        return events;
    }

    // In place: from the kernel's entries to ours, which are as long or longer, so from the last to the first; then those that are told move up.
    private bool Translate(EpollPortEvent* buffer, int got, out int count)
    {
        for (int i = got - 1; i >= 0; i--)
        {
            byte* entry = (byte*)buffer + (i * EpollSet.EventSize);
            uint mask = EpollSet.EventsAt(entry);
            ulong token = EpollSet.TokenAt(entry);
            buffer[i] = new EpollPortEvent((EpollEvents)mask, token);
        }

        bool woken = false;
        count = 0;
        lock (_lock)
        {
            for (int i = 0; i < got; i++)
            {
                (EpollEvents mask, ulong token) = buffer[i];
                if (token == WakeToken)
                {
                    woken = true;
                    continue;
                }

                int slot = _table.Find(token);
                if (slot < 0)
                {
                    continue;
                }

                EpollEvents events = PortEvents.Filter(ToEvents((uint)mask), _table[slot].Events);
                if (events != EpollEvents.None)
                {
                    buffer[count++] = new EpollPortEvent(events, _table[slot].Data);
                }
            }
        }

        return woken;
    }
}
