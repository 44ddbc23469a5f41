using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace Ivy.Net;

/// <summary>End points as text: <c>1.2.3.4:80</c>, <c>[::1]:80</c>, <c>[fe80::1%eth0]:80</c>, <c>unix:/run/x.sock</c>, <c>unix:@name</c>.</summary>
/// <remarks>
/// <para>Strict, so that one text means one address everywhere: IPv4 is four decimal numbers without leading zeros (no octal, no
/// <c>0x7f.1</c>), IPv6 is as RFC 4291 2.2 writes it, a port is decimal. Names are not resolved here. There is no white space.</para>
/// <para>Any thread may call every member. Input of any length and any content is safe. See IvNetwork(3).</para>
/// </remarks>
public static class IvEndPoint
{
    // What an error message quotes of a bad text.
    private const int MaxQuoted = 64;

    /// <summary>Reads an end point that has its port with it.</summary>
    /// <param name="text">The text.</param>
    /// <returns>An <see cref="IPEndPoint"/> or a <see cref="UnixDomainSocketEndPoint"/>.</returns>
    /// <exception cref="FormatException">It is none: the message says which part is wrong, and shows a good form.</exception>
    public static EndPoint Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Parse(text, defaultPort: 0);
    }

    /// <summary>Reads an end point, with a port for a text that has none.</summary>
    /// <param name="text">The text; a bare <c>1.2.3.4</c>, <c>::1</c> or <c>[::1]</c> gets the default port.</param>
    /// <param name="defaultPort">The port where the text has none; 0: there must be one.</param>
    /// <param name="allowPortZero">Whether the port may be 0: for listening, where it takes a free one, not for connecting.</param>
    /// <returns>An <see cref="IPEndPoint"/> or a <see cref="UnixDomainSocketEndPoint"/>.</returns>
    /// <exception cref="FormatException">It is none: the message says which part is wrong, and shows a good form.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="defaultPort"/> is not between 0 and 65535.</exception>
    public static EndPoint Parse(ReadOnlySpan<char> text, int defaultPort, bool allowPortZero = false)
    {
        CheckPort(defaultPort);
        EndPoint? endPoint = EndPointParser.Parse(text, defaultPort, allowPortZero, out string problem);
        return endPoint ?? throw new FormatException(
            $"'{Quote(text)}' is not an end point: {problem}. Good ones: 127.0.0.1:80, [::1]:80, [fe80::1%eth0]:80, unix:/run/x.sock, unix:@name.");
    }

    /// <summary>As <see cref="Parse(string)"/>, without exceptions.</summary>
    /// <param name="text">The text.</param>
    /// <param name="endPoint">The end point; null if the text is none.</param>
    /// <returns>Whether it is one.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out EndPoint? endPoint) => TryParse(text, defaultPort: 0, out endPoint);

    /// <summary>As <see cref="Parse(ReadOnlySpan{char}, int, bool)"/>, without exceptions for what the text is.</summary>
    /// <param name="text">The text.</param>
    /// <param name="defaultPort">The port where the text has none; 0: there must be one.</param>
    /// <param name="endPoint">The end point; null if the text is none.</param>
    /// <param name="allowPortZero">Whether the port may be 0: for listening, where it takes a free one, not for connecting.</param>
    /// <returns>Whether it is one.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="defaultPort"/> is not between 0 and 65535.</exception>
    public static bool TryParse(ReadOnlySpan<char> text, int defaultPort, [NotNullWhen(true)] out EndPoint? endPoint, bool allowPortZero = false)
    {
        CheckPort(defaultPort);
        endPoint = EndPointParser.Parse(text, defaultPort, allowPortZero, out _);
        return endPoint is not null;
    }

    /// <summary>Writes an end point as <see cref="Parse(string)"/> reads it; a scope as its number.</summary>
    /// <param name="endPoint">The end point.</param>
    /// <returns>The text. Kinds that Parse does not know are written as they write themselves.</returns>
    public static string Format(EndPoint endPoint)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        return endPoint is UnixDomainSocketEndPoint ? $"{EndPointParser.UnixPrefix}{endPoint}" : endPoint.ToString()!;
    }

    // Without the prefix, for texts that say "unix" already.
    internal static string Describe(EndPoint endPoint) => endPoint.ToString()!;

    private static string Quote(ReadOnlySpan<char> text) => text.Length > MaxQuoted ? $"{text[..MaxQuoted]}…" : text.ToString();

    private static void CheckPort(int defaultPort)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(defaultPort, IPEndPoint.MinPort);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(defaultPort, IPEndPoint.MaxPort);
    }
}
