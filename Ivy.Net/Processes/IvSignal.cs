using System.Globalization;
using System.Runtime.InteropServices;
using Ivy.Net.Interop;

namespace Ivy.Net;

/// <summary>Calls a handler of the loop for a signal: to end, to reload, to tell what is going on.</summary>
/// <remarks>
/// <para>Any number of objects, of any loops, may listen to one signal. All that are shared are called, and of those that are
/// <see cref="IsExclusive"/> one. Signals that come before the handler runs are one call; one that comes while it runs is
/// another call. While anybody listens the signal's default action does not happen; when nobody does any more, the previous
/// disposition is back.</para>
/// <para>All members are for the loop's thread while the object is registered. A process-wide signal costs what the runtime's
/// own handling of it does: a hop over a thread, and its allocations. Follows iv_signal(3); see IvSignal(3).</para>
/// </remarks>
public sealed class IvSignal : IvObject
{
    private static readonly Action<IvEvent> OnPosted = static posted => ((IvSignal)posted.State!).Deliver();

    private readonly IvEvent _event;

    /// <summary>Listens to a signal by its name in .NET; one without a name is given by its number, as in <c>(PosixSignal)10</c>.</summary>
    /// <param name="signal">A value of the enum, or a number of this operating system.</param>
    /// <param name="handler">Runs on the loop's thread.</param>
    /// <exception cref="ArgumentOutOfRangeException">This operating system has no such signal.</exception>
    /// <exception cref="ArgumentException">The signal can't be caught, or the runtime or the C library needs it; the message says which.</exception>
    public IvSignal(PosixSignal signal, Action<IvSignal> handler)
        : base(ObjectKind.Signal)
    {
        ArgumentNullException.ThrowIfNull(handler);
        Number = SignalNumbers.Resolve(signal);
        if (Number == 0)
        {
            string what = signal < 0 && Enum.IsDefined(signal) ? $"{signal}, which this operating system does not have" : "not a signal";
            throw new ArgumentOutOfRangeException(nameof(signal), signal, $"This is {what}: a value of PosixSignal, or a number from 1 to {SignalNumbers.Last}.");
        }

        if (SignalNumbers.WhyReserved(Number) is { } reason)
        {
            throw new ArgumentException($"{NameOf(Number)} ({Number}) can't be listened to: {reason}.", nameof(signal));
        }

        Handler = handler;
        _event = new IvEvent(OnPosted) { State = this, IsInternal = true };
    }

    /// <summary>As <see cref="IvSignal(PosixSignal, Action{IvSignal})"/>, by the number of this operating system, as in 10 for SIGUSR1 on Linux.</summary>
    /// <param name="number">From 1; real-time signals on Linux from 35.</param>
    /// <param name="handler">Runs on the loop's thread.</param>
    /// <exception cref="ArgumentOutOfRangeException">This operating system has no such signal.</exception>
    /// <exception cref="ArgumentException">The signal can't be caught, or the runtime or the C library needs it; the message says which.</exception>
    public IvSignal(int number, Action<IvSignal> handler)
        : this((PosixSignal)CheckedNumber(number), handler)
    {
    }

    /// <summary>The signal's number on this operating system, as in 15 for SIGTERM.</summary>
    public int Number { get; }

    /// <summary>What runs; may be replaced at any time.</summary>
    public Action<IvSignal> Handler
    {
        get => field;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            CheckedLoop(nameof(Handler));
            field = value;
        }
    }

    /// <summary>
    /// Whether a signal is for one of the exclusive objects alone: the one that has been registered longest. If that one is
    /// unregistered before its handler runs, the next one gets the signal. Shared ones are not affected. Defaults to false.
    /// </summary>
    public bool IsExclusive { get; init; }

    /// <summary>Which signals are meant: those to the process (the default), or those to the loop's own thread.</summary>
    public IvSignalScope Scope
    {
        get => field;
        init
        {
            if (value is not (IvSignalScope.Process or IvSignalScope.Thread))
            {
                throw new ArgumentOutOfRangeException(nameof(value), value, "Not a scope.");
            }

            field = value;
        }
    }

    /// <summary>How often the handler has been called.</summary>
    public long Count { get; private set; }

    // Chosen for a signal, and not called yet; of an exclusive one, under its audience's lock.
    internal bool IsScheduled { get; set; }

    /// <summary>The name of a signal, as in <c>SIGTERM</c> or <c>SIGRTMIN+3</c>; <c>signal 70</c> if it has none. Any thread.</summary>
    /// <param name="number">A number of this operating system.</param>
    /// <returns>A text for messages. May allocate.</returns>
    public static string NameOf(int number) => SignalNumbers.NameOf(number);

    /// <summary>Begins to listen, on this thread's loop. One that is registered already is a misuse (IVF0020).</summary>
    /// <exception cref="IvException">
    /// <see cref="IvError.SignalIgnored"/>: whoever started the process had the signal ignored, so that it would never fire.
    /// EOPNOTSUPP: the loop's network is simulated, and has no signals; or the runtime needs the signal for the process, and
    /// the scope is a thread. EAGAIN, EMFILE, ENFILE, ENOMEM: the runtime can't handle signals, for good, or there is no descriptor
    /// for a thread's signals, for which there is also what <see cref="IvFd.Register"/> throws.
    /// </exception>
    /// <exception cref="PlatformNotSupportedException">Signals to a thread need Linux.</exception>
    public void Register()
    {
        IvError error = TryRegister();
        if (error != IvError.None)
        {
            throw new IvException(error, "register", this, Advice(error));
        }
    }

    /// <summary>As <see cref="Register"/>, and returns the error instead of throwing it.</summary>
    /// <returns><see cref="IvError.None"/> if the object is registered.</returns>
    /// <exception cref="PlatformNotSupportedException">Signals to a thread need Linux.</exception>
    public IvError TryRegister()
    {
        IvLoop loop = LoopForRegister();
        if (Scope == IvSignalScope.Thread && !OperatingSystem.IsLinux())
        {
            throw new PlatformNotSupportedException("Signals to a thread need signalfd(2) of Linux. Use IvSignalScope.Process, or an IvEvent to call into a loop.");
        }

        if (loop.Network is SimulatedNetwork || (Scope == IvSignalScope.Thread && SignalNumbers.IsUsedByRuntime(Number)))
        {
            return IvError.EOPNOTSUPP;
        }

        // First of all, so that a signal that comes now has somebody to post to.
        _event.Name = Name;
        _event.Register();
        bool listens = false;
        try
        {
            IvError error = TryListen();
            listens = error == IvError.None;
            if (listens)
            {
                Bind(loop);
            }

            return error;
        }
        finally
        {
            if (!listens)
            {
                _event.EndRegistration();
            }
        }
    }

    /// <summary>Ends listening; a call that is due is dropped, or handed over to another exclusive object. One that is not registered is a misuse (IVF0021).</summary>
    public void Unregister()
    {
        LoopForUnregister();
        EndRegistration();
    }

    /// <summary>The signal and the name, as in <c>IvSignal (SIGTERM, "quit")</c>.</summary>
    /// <returns>A text for messages. Allocates.</returns>
    public override string ToString() => Name is null ? $"IvSignal ({NameOf(Number)})" : $"IvSignal ({NameOf(Number)}, \"{Name}\")";

    internal override string DumpKind => "signal";

    internal override string DumpDetails => string.Create(
        CultureInfo.InvariantCulture,
        $"{NameOf(Number)}{(IsExclusive ? " exclusive" : string.Empty)}{(Scope == IvSignalScope.Thread ? " thread" : string.Empty)} count={Count}");

    /// <summary>Any thread. False if the registration has ended, or ends with its loop.</summary>
    internal bool Post() => _event.Post();

    internal override void EndRegistration()
    {
        // Not to be posted to any more, before others are.
        _event.EndRegistration();
        if (Scope == IvSignalScope.Thread)
        {
            ThreadSignals.Remove(this);
        }
        else
        {
            var signal = ProcessSignal.Of(Number);
            signal.Audience.Remove(this);
            signal.Release();
        }

        Unbind();
    }

    // Below 0 are the values of PosixSignal, which are no numbers of signals.
    private static int CheckedNumber(int number)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(number);
        return number;
    }

    private IvError TryListen()
    {
        if (Scope == IvSignalScope.Thread)
        {
            return ThreadSignals.TryAdd(this);
        }

        var signal = ProcessSignal.Of(Number);
        IvError error = signal.TryHold(mustFire: true);
        if (error == IvError.None)
        {
            signal.Audience.Add(this);
        }

        return error;
    }

    private void Deliver()
    {
        if (IsExclusive && !(Scope == IvSignalScope.Thread ? ThreadSignals.Begin(this) : ProcessSignal.Of(Number).Audience.Begin(this)))
        {
            IvLoop.Current!.UncountDispatch();
            return;
        }

        Count++;
        Handler(this);
    }

    private string? Advice(IvError error) => error switch
    {
        IvError.SignalIgnored when NameOf(Number) == "SIGPIPE" =>
            "The .NET runtime ignores it for the whole process: a write to a closed pipe or socket returns EPIPE",
        IvError.SignalIgnored =>
            "Whoever started the process had it ignored (nohup, trap '' in a shell, & in a script), and .NET leaves that as it is, so that the handler would never run. "
            + $"Start the program by env --default-signal={NameOf(Number)[3..]}, or go on without the signal: TryRegister says {nameof(IvError.SignalIgnored)}",
        IvError.EOPNOTSUPP when Scope == IvSignalScope.Thread && SignalNumbers.IsUsedByRuntime(Number) =>
            "The .NET runtime needs it for the process: listen to it with IvSignalScope.Process",
        IvError.EOPNOTSUPP => "A simulated network has no signals: use TryRegister where a program has to run on both, and call what the handler calls",
        _ => null,
    };
}
