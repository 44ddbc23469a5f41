using System.Diagnostics.CodeAnalysis;

namespace Ivy.Net;

/// <summary>Where broken rules and broken invariants end: one replaceable handler for the process.</summary>
/// <remarks>
/// <para>Without a handler the message and the dump of this thread's loop go to standard error; then a misuse throws
/// <see cref="IvFatalException"/> and an internal failure ends the process by <see cref="Environment.FailFast(string)"/>.
/// A handler that returns is followed by an <see cref="IvFatalException"/>: <see cref="Raise(string, object?, Exception?)"/> never returns.</para>
/// <para>Any thread may call every member. Follows iv_fatal(3); the ids are listed in ivy-fatal(7).</para>
/// </remarks>
public static class IvFatal
{
    private static Action<IvFatalInfo>? _handler;

    // Set by the loop, which this folder must not know: writes the dump of this thread's loop.
    internal static Action<TextWriter>? DumpCurrentLoop { get; set; }

    /// <summary>Replaces the handler of the process.</summary>
    /// <param name="handler">
    /// Gets the condition on the thread that met it. It may throw, end the process or return; null brings the default back.
    /// </param>
    /// <returns>The handler before, null for the default: put it back when you are done.</returns>
    public static Action<IvFatalInfo>? SetHandler(Action<IvFatalInfo>? handler) => Interlocked.Exchange(ref _handler, handler);

    /// <summary>Reports a fatal condition of the program itself, under the id IVF0000 and the reason Misuse.</summary>
    /// <param name="message">What object, in what state, which rule, what to do instead.</param>
    /// <param name="subject">The object it is about.</param>
    /// <param name="exception">The exception behind it.</param>
    [DoesNotReturn]
    public static void Raise(string message, object? subject = null, Exception? exception = null)
    {
        ArgumentNullException.ThrowIfNull(message);
        Raise(FatalCondition.Application, message, subject, exception);
    }

    [DoesNotReturn]
    internal static void Raise(FatalCondition condition, string message, object? subject = null, Exception? exception = null)
    {
        var info = new IvFatalInfo(condition.Id, $"{condition.Id} {message}", condition.Reason, subject, exception);
        if (Volatile.Read(ref _handler) is { } handler)
        {
            handler(info);
        }
        else
        {
            WriteDefault(info);
            if (info.Reason == IvFatalReason.Internal)
            {
                Environment.FailFast(info.Message, exception);
            }
        }

        throw new IvFatalException(info);
    }

    private static void WriteDefault(IvFatalInfo info)
    {
        StandardError.TryWriteLine(info.Message);
        try
        {
            StandardError.TryWrite(DumpCurrentLoop, static (writer, dump) => dump?.Invoke(writer));
        }
        catch (Exception failure)
        {
            // What the dump is for matters more than the dump, and it is the state of something broken.
            StandardError.TryWriteLine($"The loop can't be dumped: {failure.GetType()}");
        }
    }
}
