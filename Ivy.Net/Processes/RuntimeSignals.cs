using System.Runtime.InteropServices;
using Ivy.Net.Interop;
using Ivy.Net.Interop.Linux;

namespace Ivy.Net;

/// <summary>Registrations of signals with the runtime, whose refusals are errors and not exceptions.</summary>
/// <remarks>
/// The first one of the process makes the runtime's pipe and thread for signals, in the initialiser of a type: what is refused
/// there (EMFILE, EAGAIN) comes wrapped, and is said again to everybody who asks later.
/// </remarks>
internal static class RuntimeSignals
{
    private static volatile bool _isReady;

    /// <summary>Makes a registration; a test has it fail.</summary>
    internal static Func<PosixSignal, Action<PosixSignalContext>, PosixSignalRegistration> Create { get; set; } = PosixSignalRegistration.Create;

    /// <summary>Has the runtime catch a signal.</summary>
    /// <param name="number">Its number.</param>
    /// <param name="handler">Runs on a thread of the runtime's.</param>
    /// <param name="registration">Null on an error.</param>
    public static IvError TryCatch(int number, Action<PosixSignalContext> handler, out PosixSignalRegistration? registration)
    {
        registration = null;
        try
        {
            registration = Create(SignalNumbers.ToPosixSignal(number), handler);
            return IvError.None;
        }
        catch (IOException refused)
        {
            return ErrorOf(refused);
        }
        catch (TypeInitializationException wrapped)
        {
            return ErrorOf(wrapped.InnerException ?? wrapped);
        }
    }

    /// <summary>
    /// Sees to it that a later <see cref="TryCatch"/> has all that it needs. SIGCHLD itself is not caught for that: as process 1 the
    /// runtime would reap every child from then on. SIGURG does nothing by default, and is given back at once.
    /// </summary>
    public static IvError TryPrepare()
    {
        if (_isReady)
        {
            return IvError.None;
        }

        IvError error = TryCatch(Constants.SIGURG, static _ => { }, out PosixSignalRegistration? registration);
        registration?.Dispose();
        _isReady = error == IvError.None;
        return error;
    }

    /// <summary>As if nothing had been prepared; for tests.</summary>
    internal static void Forget() => _isReady = false;

    private static IvError ErrorOf(Exception refused) =>
        refused is IOException { HResult: > 0 } ? (IvError)refused.HResult : IvError.EINVAL;
}
