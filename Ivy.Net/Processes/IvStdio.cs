using System.Runtime.InteropServices;

namespace Ivy.Net;

/// <summary>What one of the three standard streams of a child is; see IvProcess(3).</summary>
[StructLayout(LayoutKind.Auto)]
public readonly struct IvStdio : IEquatable<IvStdio>
{
    private readonly SourceKind _kind;
    private readonly nint _number;

    private IvStdio(SourceKind kind, nint number = -1, SafeHandle? handle = null)
    {
        _kind = kind;
        _number = number;
        GivenHandle = handle;
    }

    internal enum SourceKind : byte
    {
        Inherit,
        Pipe,
        Null,
        Given,
        SameAsOutput,
    }

    /// <summary>The stream is what it is in this process. The default.</summary>
    public static IvStdio Inherit => default;

    /// <summary>A pipe, whose other end this process gets.</summary>
    public static IvStdio Pipe => new(SourceKind.Pipe);

    /// <summary>Nothing comes from it, and what goes to it is lost: /dev/null.</summary>
    public static IvStdio Null => new(SourceKind.Null);

    /// <summary>For standard error only: it goes where standard output goes.</summary>
    public static IvStdio SameAsOutput => new(SourceKind.SameAsOutput);

    internal SourceKind Kind => _kind;

    internal nint GivenNumber => _number;

    internal SafeHandle? GivenHandle { get; }

    /// <summary>A descriptor that the caller has open when the child is started, and may close afterwards.</summary>
    /// <param name="handle">Its number. The child shares the open file as it is: a non-blocking one is non-blocking for it.</param>
    /// <returns>The stream.</returns>
    public static IvStdio From(nint handle)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(handle);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(handle, int.MaxValue);
        return new IvStdio(SourceKind.Given, handle);
    }

    /// <summary>As <see cref="From(nint)"/>, by a handle: of a file stream, say.</summary>
    /// <param name="handle">An open handle.</param>
    /// <returns>The stream.</returns>
    public static IvStdio From(SafeHandle handle)
    {
        ArgumentNullException.ThrowIfNull(handle);
        return new IvStdio(SourceKind.Given, handle: handle);
    }

    /// <summary>Whether two streams are the same.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    /// <returns>True if they are.</returns>
    public static bool operator ==(IvStdio left, IvStdio right) => left.Equals(right);

    /// <summary>Whether two streams differ.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    /// <returns>True if they do.</returns>
    public static bool operator !=(IvStdio left, IvStdio right) => !left.Equals(right);

    /// <inheritdoc/>
    public bool Equals(IvStdio other) => _kind == other._kind && _number == other._number && GivenHandle == other.GivenHandle;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is IvStdio other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_kind, _number, GivenHandle);

    /// <summary>The kind in a word.</summary>
    /// <returns>A text for messages.</returns>
    public override string ToString() => _kind.ToString();
}
