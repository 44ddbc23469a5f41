using System.Runtime.InteropServices;
using Ivy.Net.Interop;
using Ivy.Net.Interop.Linux;

namespace Ivy.Net;

/// <summary>A signal of the process: one registration with the runtime, however many objects of whichever loops listen.</summary>
/// <remarks>
/// The runtime puts the previous disposition back when its last registration is disposed, and calls back on a thread of its
/// own: a new one for SIGINT, SIGQUIT and SIGTERM, one of the pool for the others.
/// </remarks>
internal sealed class ProcessSignal
{
    private static readonly Dictionary<int, ProcessSignal> All = [];

    private readonly Lock _gate = new();
    private readonly int _number;
    private readonly bool _isUsedByRuntime;
    private PosixSignalRegistration? _registration;
    private int _holds;

    private ProcessSignal(int number)
    {
        _number = number;
        _isUsedByRuntime = SignalNumbers.IsUsedByRuntime(number);
    }

    public SignalAudience Audience { get; } = new();

    public static ProcessSignal Of(int number)
    {
        lock (All)
        {
            if (!All.TryGetValue(number, out ProcessSignal? signal))
            {
                All.Add(number, signal = new ProcessSignal(number));
            }

            return signal;
        }
    }

    /// <summary>Has the signal caught, and its default action suppressed, until it is released.</summary>
    /// <param name="mustFire">Whether a signal that the process ignores is refused.</param>
    public IvError TryHold(bool mustFire)
    {
        lock (_gate)
        {
            IvError error = _registration is null ? RuntimeSignals.TryCatch(_number, OnSignal, out _registration) : IvError.None;
            if (error != IvError.None)
            {
                return error;
            }

            _holds++;
            if (!mustFire || IsCaught())
            {
                return IvError.None;
            }
        }

        Release();
        return IvError.SignalIgnored;
    }

    public void Release()
    {
        lock (_gate)
        {
            if (--_holds == 0)
            {
                _registration!.Dispose();
                _registration = null;
            }
        }
    }

    // The runtime takes no signal over that was ignored before (nohup, a script's &), and says nothing.
    private bool IsCaught() => !OperatingSystem.IsLinux() || Sys.GetSignalHandler(_number) is not (Constants.SIG_IGN or Constants.SIG_DFL);

    private void OnSignal(PosixSignalContext context)
    {
        // Also if nobody listens any more: somebody did when it came. But not where the runtime would then leave its own part
        // undone, and there is no default action that had to be kept off.
        context.Cancel = !_isUsedByRuntime;
        Audience.Notify();
    }
}
