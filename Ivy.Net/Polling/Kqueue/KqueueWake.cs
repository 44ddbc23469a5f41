using System.IO.Pipes;
using System.Runtime.InteropServices;
using Ivy.Net.Interop;
using Ivy.Net.Interop.Bsd;
using Microsoft.Win32.SafeHandles;

namespace Ivy.Net.Polling;

/// <summary>What wakes a queue: an EVFILT_USER event; or, where a probe finds that the kernel does not deliver it, a pipe.</summary>
/// <remarks>The pipe has at most two bytes in it, so that neither end ever blocks: <see cref="_isSignaled"/> says whether one is there.</remarks>
internal sealed class KqueueWake : IDisposable
{
    private const ulong Token = KqueuePoller.WakeToken;

    private readonly IKqueueApi _api;
    private readonly KqueueHandle _queue;
    private readonly AnonymousPipeServerStream? _pipe;

    // Of their own: a closed pipe throws when it is asked for them, and Wake may come later than Dispose.
    private readonly SafePipeHandle? _readEnd;
    private readonly SafePipeHandle? _writeEnd;
    private int _isSignaled;

    /// <summary>Adds to a queue what will wake it.</summary>
    /// <exception cref="IvException">Neither can be had; the descriptors of the pipe are the likely reason.</exception>
    public KqueueWake(IKqueueApi api, KqueueHandle queue)
    {
        _api = api;
        _queue = queue;
        if (HasUserEvents())
        {
            return;
        }

        try
        {
            _pipe = new AnonymousPipeServerStream(PipeDirection.Out, HandleInheritability.None);
        }
        catch (IOException)
        {
            throw new IvException(IvError.EMFILE, "pipe", subject: null, "Raise the limit of open files (ulimit -n)");
        }

        _readEnd = _pipe.ClientSafePipeHandle;
        _writeEnd = _pipe.SafePipeHandle;
        int result = _queue.Change(new KqueueEvent
        {
            Ident = (nuint)_readEnd.DangerousGetHandle(),
            Filter = KqueueNumbers.EVFILT_READ,
            Flags = KqueueNumbers.EV_ADD,
            UserData = Token,
        });
        if (result < 0)
        {
            _pipe.Dispose();
            throw new IvException(_api.Dialect.ToError(-result), "kevent");
        }
    }

    public bool IsPipe => _pipe is not null;

    /// <summary>Makes the wait at hand or the next one return. Any thread.</summary>
    /// <returns>0 or a negative errno.</returns>
    public int Signal() => _writeEnd is null ? _queue.Change(Trigger()) : SignalPipe(_writeEnd);

    /// <summary>The event was taken from the queue: USER has cleared itself, the pipe is emptied.</summary>
    /// <returns>False if another thread has emptied it.</returns>
    public unsafe bool Take()
    {
        if (_readEnd is null)
        {
            return true;
        }

        // First, so that a signal meanwhile leaves a byte of its own. Whoever finds it set reads one: it is there, or is being written.
        if (Interlocked.Exchange(ref _isSignaled, 0) == 0)
        {
            return false;
        }

        byte one;
        _ = BsdLibc.read((int)_readEnd.DangerousGetHandle(), &one, 1);
        return true;
    }

    public void Dispose()
    {
        _pipe?.Dispose();
        _readEnd?.Dispose();
    }

    private unsafe int SignalPipe(SafePipeHandle end)
    {
        if (Interlocked.Exchange(ref _isSignaled, 1) != 0)
        {
            return 0;
        }

        bool referenced = false;
        try
        {
            if (!HandleReference.TryAdd(end, ref referenced))
            {
                return 0;
            }

            byte one = 1;
            return BsdLibc.write((int)end.DangerousGetHandle(), &one, 1) == 1 ? 0 : -Marshal.GetLastPInvokeError();
        }
        finally
        {
            if (referenced)
            {
                end.DangerousRelease();
            }
        }
    }

    // A bare trigger overwrites the token, as each change does, so it carries it.
    private KqueueEvent Trigger() => new() { Filter = _api.Dialect.UserFilter, FilterFlags = KqueueNumbers.NOTE_TRIGGER, UserData = Token };

    // Asks the kernel for what it will be asked for: once added and triggered the event has to be there, and once taken be gone.
    private bool HasUserEvents()
    {
        var add = new KqueueEvent
        {
            Filter = _api.Dialect.UserFilter,
            Flags = KqueueNumbers.EV_ADD | KqueueNumbers.EV_CLEAR,
            UserData = Token,
        };
        if (_queue.Change(add) < 0)
        {
            return false;
        }

        Span<KqueueEvent> room = stackalloc KqueueEvent[1];
        bool works = _queue.Change(Trigger()) >= 0
            && _api.Exchange(_queue.Fd, [], room, 0) == 1
            && (room[0].Flags & KqueueNumbers.EV_ERROR) == 0
            && room[0].UserData == Token
            && _api.Exchange(_queue.Fd, [], room, 0) == 0;
        if (!works)
        {
            add.Flags = KqueueNumbers.EV_DELETE;
            _queue.Change(add);
        }

        return works;
    }
}
