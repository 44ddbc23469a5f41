using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Ivy.Net;

/// <summary>What one read or write did: some bytes, would-block, end of stream, or an error.</summary>
/// <remarks>
/// <para>Exactly one of <see cref="IsOk"/>, <see cref="WouldBlock"/>, <see cref="IsEnd"/> and <see cref="IsError"/> is true.
/// Eight bytes, passed in a register; no call that returns it allocates or throws for what the system said.</para>
/// <para>End is reported only for a read of 0 bytes on a stream into a non-empty buffer: an empty datagram and an empty
/// buffer are 0 bytes, which is <see cref="IsOk"/>.</para>
/// </remarks>
[DebuggerDisplay("{ToString(),nq}")]
public readonly record struct IvIoResult
{
    private readonly int _bytes;

    private IvIoResult(int bytes, IvError error)
    {
        _bytes = bytes;
        Error = error;
    }

    /// <summary>Nothing was moved: the call would have blocked.</summary>
    public static IvIoResult Blocked => new(0, IvError.EAGAIN);

    /// <summary>The peer closed its side and all it sent has been read.</summary>
    public static IvIoResult End => new(0, IvError.EndOfStream);

    /// <summary>The bytes that were moved; 0 unless <see cref="IsOk"/>.</summary>
    public int Bytes => _bytes;

    /// <summary><see cref="IvError.None"/>, <see cref="IvError.EAGAIN"/>, <see cref="IvError.EndOfStream"/>, or what the system said.</summary>
    public IvError Error { get; }

    /// <summary>The call went through; <see cref="Bytes"/> says how far, which may be less than was asked.</summary>
    public bool IsOk => Error == IvError.None;

    /// <summary>Nothing can be moved now: wait for the next readiness.</summary>
    public bool WouldBlock => Error == IvError.EAGAIN;

    /// <summary>The peer will send nothing more.</summary>
    public bool IsEnd => Error == IvError.EndOfStream;

    /// <summary>The system refused, and not because the call would block.</summary>
    public bool IsError => Error is not (IvError.None or IvError.EAGAIN or IvError.EndOfStream);

    /// <summary>A result that moved bytes.</summary>
    /// <param name="bytes">How many, 0 or more.</param>
    /// <returns>The result.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IvIoResult Ok(int bytes) => new(bytes, IvError.None);

    /// <summary>A result that failed; EAGAIN gives <see cref="Blocked"/>.</summary>
    /// <param name="error">What the system said.</param>
    /// <returns>The result.</returns>
    public static IvIoResult Failed(IvError error) => new(0, error);

    /// <summary>As in <c>64 bytes</c>, <c>would block</c>, <c>end of stream</c> or the error's description.</summary>
    /// <returns>A text for logs. Allocates.</returns>
    public override string ToString() => Error switch
    {
        IvError.None => $"{_bytes} bytes",
        IvError.EAGAIN => "would block",
        IvError.EndOfStream => "end of stream",
        _ => Error.Describe(),
    };
}
