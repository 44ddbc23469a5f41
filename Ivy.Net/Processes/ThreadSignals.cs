using Ivy.Net.Interop.Linux;

namespace Ivy.Net;

/// <summary>The signals that a loop's own thread listens to: blocked on it, and read from one signalfd(2).</summary>
/// <remarks>
/// T1: a signal is blocked before the descriptor knows it, and unblocked after the descriptor was emptied: one that is
/// pending then does not meet its default action.
/// T2: for as long as a thread listens, the signal is held for the process too, whose other threads don't block it.
/// T3: reading takes what is pending for the thread or the process. Who sent it says which: tgkill(2) is for the thread.
/// </remarks>
internal sealed class ThreadSignals
{
    // More are read in the next turn; one such batch is 1 KiB of stack.
    private const int BatchSize = 8;

    [ThreadStatic]
    private static ThreadSignals? _ofThisThread;

    private readonly Dictionary<int, SignalAudience> _audiences = [];
    private SignalSet _watched;

    // The part of the watched ones that nobody had blocked before.
    private SignalSet _blocked;
    private DescriptorHandle? _handle;
    private IvFd? _fd;

    /// <summary>Has an object of this thread's loop called for signals to the thread.</summary>
    public static IvError TryAdd(IvSignal listener)
    {
        ThreadSignals signals = _ofThisThread ??= new ThreadSignals();
        IvError error = signals.TryWatch(listener.Number);
        if (error == IvError.None)
        {
            signals._audiences[listener.Number].Add(listener);
        }

        return error;
    }

    /// <summary>Ends it, on the same thread.</summary>
    public static void Remove(IvSignal listener)
    {
        ThreadSignals signals = _ofThisThread!;
        SignalAudience audience = signals._audiences[listener.Number];
        audience.Remove(listener);
        if (audience.IsEmpty)
        {
            signals.Unwatch(listener.Number);
        }
    }

    /// <summary>As <see cref="SignalAudience.Begin"/>.</summary>
    public static bool Begin(IvSignal listener) => _ofThisThread!._audiences[listener.Number].Begin(listener);

    private IvError TryWatch(int number)
    {
        if (_watched.Contains(number))
        {
            return IvError.None;
        }

        IvError error = ProcessSignal.Of(number).TryHold(mustFire: false);
        if (error != IvError.None)
        {
            return error;
        }

        SignalSet signal = SignalSet.Of(number);
        _ = Sys.SetSignalMask(Constants.SIG_BLOCK, signal, out SignalSet before);
        error = TrySetDescriptor(_watched | signal);
        if (error != IvError.None)
        {
            if (!before.Contains(number))
            {
                _ = Sys.SetSignalMask(Constants.SIG_UNBLOCK, signal, out _);
            }

            ProcessSignal.Of(number).Release();
            return error;
        }

        _watched |= signal;
        if (!before.Contains(number))
        {
            _blocked |= signal;
        }

        if (!_audiences.ContainsKey(number))
        {
            _audiences.Add(number, new SignalAudience());
        }

        return IvError.None;
    }

    private void Unwatch(int number)
    {
        while (ReadSome())
        {
        }

        _watched = _watched.Without(number);
        if (_watched.Bits == 0)
        {
            _fd!.Dispose();
            _handle!.Dispose();
            _fd = null;
            _handle = null;
        }
        else
        {
            _ = Sys.SignalFd(_handle!.Fd, _watched);
        }

        if (_blocked.Contains(number))
        {
            _blocked = _blocked.Without(number);
            _ = Sys.SetSignalMask(Constants.SIG_UNBLOCK, SignalSet.Of(number), out _);
        }

        ProcessSignal.Of(number).Release();
    }

    private IvError TrySetDescriptor(SignalSet watched)
    {
        int result = Sys.SignalFd(_handle?.Fd ?? -1, watched);
        if (result < 0)
        {
            return Sys.Error(result);
        }

        if (_handle is not null)
        {
            return IvError.None;
        }

        var handle = new DescriptorHandle(result);
        var fd = new IvFd(result) { Name = "signals of this thread", State = this, IsInternal = true, SetsNonBlocking = false, HandlerIn = OnReadable };
        IvError error = fd.TryRegister();
        if (error != IvError.None)
        {
            handle.Dispose();
            return error;
        }

        _handle = handle;
        _fd = fd;
        return IvError.None;
    }

    private static void OnReadable(IvFd fd) => ((ThreadSignals)fd.State!).ReadSome();

    // False: nothing was there.
    private bool ReadSome()
    {
        Span<SignalInfo> signals = stackalloc SignalInfo[BatchSize];
        int count = Sys.ReadSignals(_handle!.Fd, signals);
        for (int i = 0; i < count; i++)
        {
            int number = (int)signals[i].Number;
            SignalAudience audience = signals[i].Code == Constants.SI_TKILL ? _audiences[number] : ProcessSignal.Of(number).Audience;
            audience.Notify();
        }

        return count > 0;
    }
}
