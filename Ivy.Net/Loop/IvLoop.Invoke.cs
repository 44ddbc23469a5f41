using System.Runtime.CompilerServices;

namespace Ivy.Net;

/// <content>Calling a handler, and what has to hold before and after.</content>
public sealed partial class IvLoop
{
    private readonly long _slowNanoseconds;
    private readonly bool _isTimed;
    private IvObject? _running;
    private ExecutionContext? _context;
    private long _dispatched;

    /// <summary>Calls a handler: with its object known to dumps, timed if asked for, and the loop's ExecutionContext afterwards.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Invoke<T>(Action<T> handler, T subject)
        where T : IvObject
    {
        _running = subject;
        _dispatched++;
        if (_isTimed)
        {
            InvokeTimed(handler, subject);
        }
        else
        {
            handler(subject);
        }

        RestoreContext();
    }

    /// <summary>What was called turned out to have nothing to do, and shall not count for Once.</summary>
    internal void UncountDispatch() => _dispatched--;

    // By reference: no copy is made unless a handler has changed it (it set an AsyncLocal, say).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void RestoreContext()
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

    private void RunPost(PostNode node)
    {
        _running = null;
        _dispatched++;
        if (_isTimed && node.Callback is { } callback)
        {
            IvTimestamp before = _poller.Now;
            node.Run(this);
            ReportIfSlow(before, subject: null, callback);
        }
        else
        {
            node.Run(this);
        }

        RestoreContext();
    }

    private void InvokeTimed<T>(Action<T> handler, T subject)
        where T : IvObject
    {
        IvTimestamp before = _poller.Now;
        handler(subject);
        if (Visible(subject) is { } visible)
        {
            ReportIfSlow(before, visible, handler);
        }
    }

    // What the library registers for an object of the user's stands for that object; null if it stands for none.
    private static IvObject? Visible(IvObject? item) => item is { IsInternal: true } ? item.State as IvObject : item;

    private void ReportIfSlow(IvTimestamp before, IvObject? subject, Delegate callback)
    {
        long ran = _poller.Now.Nanoseconds - before.Nanoseconds;
        if (ran < _slowNanoseconds)
        {
            return;
        }

        string name = subject?.Name ?? $"{callback.Method.DeclaringType?.Name}.{callback.Method.Name}";
        var report = new IvSlowCallback(this, subject, name, new TimeSpan(ran / 100));
        if (_options.SlowCallbackReport is { } hook)
        {
            hook(report);
        }
        else
        {
            Console.Error.WriteLine(report);
        }
    }
}
