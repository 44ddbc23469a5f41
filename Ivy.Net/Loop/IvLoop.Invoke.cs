using System.Runtime.CompilerServices;
using Ivy.Net.Polling;

namespace Ivy.Net;

/// <content>Calling a handler, and what has to hold before and after.</content>
public sealed partial class IvLoop
{
    private readonly long _slowNanoseconds;
    private readonly bool _isTimed;

    // Handlers are called the long way: with a look at the clock, a catch, or both.
    private readonly bool _isGuarded;
    private IvObject? _running;
    private ExecutionContext? _context;
    private long _dispatched;

    /// <summary>Calls a handler: with its object known to dumps, guarded if asked for, and the loop's ExecutionContext afterwards.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Invoke<T>(Action<T> handler, T subject)
        where T : IvObject
    {
        _running = subject;
        _dispatched++;
        if (_isGuarded)
        {
            InvokeGuarded(handler, subject);
        }
        else
        {
            handler(subject);
        }

        RestoreContext();
    }

    /// <summary>Calls the one who takes all bands of a descriptor, as a handler is called.</summary>
    internal void Invoke(IReadySink sink, IvFd subject, IvBands bands, IvError refused)
    {
        _running = subject;
        _dispatched++;
        if (_isGuarded)
        {
            InvokeGuarded(sink, subject, bands, refused);
        }
        else
        {
            sink.OnReady(bands, refused);
        }

        RestoreContext();
    }

    /// <summary>What was called turned out to have nothing to do, and shall not count for Once.</summary>
    internal void UncountDispatch() => _dispatched--;

    // By reference: no copy is made unless a handler has changed it (it set an AsyncLocal, say).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void RestoreContext()
    {
        if (ExecutionContext.Capture() != _context)
        {
            RestoreChangedContext();
        }
    }

    private void RestoreChangedContext()
    {
        if (ExecutionContext.IsFlowSuppressed())
        {
            ExecutionContext.RestoreFlow();
        }

        ExecutionContext.Restore(_context!);
    }

    // The catch stands around one handler: what is left of the phase, and Quit, have their turn as without it.
    private void InvokeGuarded<T>(Action<T> handler, T subject)
        where T : IvObject
    {
        if (Visible(subject) is not { } visible)
        {
            // The library's own, which calls the users' handlers by way of Invoke.
            handler(subject);
            return;
        }

        IvTimestamp before = _isTimed ? _poller.Now : default;
        try
        {
            handler(subject);
        }
        catch (Exception exception) when (IsForHook(exception))
        {
            CallHook(visible, exception);
        }

        ReportIfSlow(before, visible, handler);
    }

    private void InvokeGuarded(IReadySink sink, IvFd subject, IvBands bands, IvError refused)
    {
        IvTimestamp before = _isTimed ? _poller.Now : default;
        try
        {
            sink.OnReady(bands, refused);
        }
        catch (Exception exception) when (IsForHook(exception))
        {
            CallHook(subject, exception);
        }

        ReportIfSlow(before, subject, callback: null);
    }

    // A filter, not a catch that throws again: without a hook the exception passes as if nobody had looked.
    private bool IsForHook(Exception exception) =>
        _options.UnhandledException is not null && exception is not IvFatalException { Info.Reason: IvFatalReason.Internal };

    private void CallHook(IvObject? subject, Exception exception)
    {
        RestoreContext();
        _options.UnhandledException!(new IvUnhandledException(this, subject, exception));
    }

    // What the library registers for an object of the user's stands for that object; null if it stands for none.
    private static IvObject? Visible(IvObject? item) => item is { IsInternal: true } ? item.State as IvObject : item;

    private void ReportIfSlow(IvTimestamp before, IvObject? subject, Delegate? callback)
    {
        if (!_isTimed)
        {
            return;
        }

        long ran = _poller.Now.Nanoseconds - before.Nanoseconds;
        if (ran < _slowNanoseconds)
        {
            return;
        }

        string name = subject?.Name ?? (callback is null ? $"{subject}" : $"{callback.Method.DeclaringType?.Name}.{callback.Method.Name}");
        var report = new IvSlowCallback(this, subject, name, new TimeSpan(ran / 100));
        if (_options.SlowCallbackReport is { } hook)
        {
            hook(report);
        }
        else
        {
            StandardError.TryWriteLine(report.ToString());
        }
    }
}
