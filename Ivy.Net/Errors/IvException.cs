using System.Net.Sockets;

namespace Ivy.Net;

/// <summary>The system said no: thrown at the call that caused it, with the error, the operation and the object.</summary>
/// <remarks>
/// What a running program may see refused has a <c>Try…</c> twin that returns the <see cref="IvError"/> instead. EAGAIN is thrown by nothing but a
/// connect to a Unix listener whose backlog is full, which no readiness will ever tell of.
/// </remarks>
public sealed class IvException : IOException
{
    /// <summary>Makes the exception for a refused call.</summary>
    /// <param name="error">What the system said.</param>
    /// <param name="operation">The operation in the field's terms: <c>register</c>, <c>bind</c>, <c>connect</c> …</param>
    /// <param name="subject">The object of the call; its text goes into the message.</param>
    /// <param name="advice">What to do about it, one sentence; null where the error says all.</param>
    public IvException(IvError error, string operation, object? subject = null, string? advice = null)
        : base(Compose(error, operation, subject, advice))
    {
        Error = error;
        Operation = operation;
        Subject = subject;
    }

    /// <summary>What the system said.</summary>
    public IvError Error { get; }

    /// <summary>
    /// The number that this operating system has for the error: errno on Linux, Winsock's or Windows' own on Windows; 0 where the
    /// error is one of our own, and on Windows where Windows has none.
    /// </summary>
    public int NativeErrorCode => Error >= IvError.EndOfStream ? 0 : OperatingSystem.IsWindows() ? ToWindows(Error) : (int)Error;

    /// <summary>The same condition in the terms of System.Net.Sockets.</summary>
    public SocketError SocketErrorCode => Error.ToSocketError();

    /// <summary>The operation that was refused, as in <c>register</c> or <c>bind</c>.</summary>
    public string Operation { get; }

    /// <summary>The object of the call, if there was one.</summary>
    public object? Subject { get; }

    // SocketError took its numbers from Winsock. What is no error of Winsock is one of Windows, or none at all.
    private static int ToWindows(IvError error) => error switch
    {
        IvError.EBADF => 6, // ERROR_INVALID_HANDLE
        IvError.ENOENT => 2, // ERROR_FILE_NOT_FOUND
        IvError.ENOMEM => 8, // ERROR_NOT_ENOUGH_MEMORY
        _ => Math.Max((int)error.ToSocketError(), 0),
    };

    private static string Compose(IvError error, string operation, object? subject, string? advice)
    {
        string what = subject is null ? operation : $"{subject}: {operation}";
        return advice is null ? $"{what}: {error.Describe()}" : $"{what}: {error.Describe()}. {advice}";
    }
}
