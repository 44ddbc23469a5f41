using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Ivy.Net.Interop;

namespace Ivy.Net;

/// <summary>The grammar behind <see cref="IvEndPoint"/>.</summary>
/// <remarks>
/// Nothing is copied before it has been found good and short: no input makes it allocate more than its answer. IPAddress.Parse is
/// not asked, because it takes <c>1</c>, <c>0x7f.1</c>, octal, and scopes that do not exist.
/// </remarks>
internal static class EndPointParser
{
    public const string UnixPrefix = "unix:";

    private const int BytesOfV4 = 4;
    private const int BytesOfV6 = 16;
    private const int GroupsOfV6 = 8;

    // IFNAMSIZ without its NUL.
    private const int MaxInterfaceName = 15;

    private const string NotV4 = "an IPv4 address is four numbers from 0 to 255 without leading zeros";
    private const string NotV6 = "an IPv6 address is up to eight groups of four hexadecimal digits, one run of zeros as ::";

    public static EndPoint? Parse(ReadOnlySpan<char> text, int defaultPort, bool allowPortZero, out string problem)
    {
        if (text.StartsWith(UnixPrefix, StringComparison.Ordinal))
        {
            return ParseUnix(text[UnixPrefix.Length..], out problem);
        }

        if (text.IsEmpty)
        {
            problem = "it is empty";
            return null;
        }

        ReadOnlySpan<char> host;
        ReadOnlySpan<char> portText;
        bool hasPort;
        bool isV6;
        if (text[0] == '[')
        {
            int end = text.IndexOf(']');
            if (end < 0)
            {
                problem = "the bracket is not closed";
                return null;
            }

            host = text[1..end];
            ReadOnlySpan<char> rest = text[(end + 1)..];
            hasPort = !rest.IsEmpty;
            if (hasPort && rest[0] != ':')
            {
                problem = "after the bracket only :port may stand";
                return null;
            }

            portText = hasPort ? rest[1..] : rest;
            isV6 = true;
        }
        else
        {
            // One colon parts host and port; more are a bare IPv6 address, which can't have a port.
            int colon = text.IndexOf(':');
            isV6 = colon >= 0 && text[(colon + 1)..].Contains(':');
            hasPort = colon >= 0 && !isV6;
            host = hasPort ? text[..colon] : text;
            portText = hasPort ? text[(colon + 1)..] : default;
        }

        int port = defaultPort;
        if (hasPort && !TryParseNumber(portText, ushort.MaxValue, out port))
        {
            problem = "a port is a decimal number from 1 to 65535";
            return null;
        }

        if (port == 0 && !allowPortZero)
        {
            problem = hasPort ? "port 0 is for listening only" : "the port is missing";
            return null;
        }

        IPAddress? address = isV6 ? ParseV6(host, out problem) : ParseV4(host, out problem);
        return address is null ? null : new IPEndPoint(address, port);
    }

    private static UnixDomainSocketEndPoint? ParseUnix(ReadOnlySpan<char> path, out string problem)
    {
        problem = string.Empty;
        if (path.Length < 2 || path[0] is not ('/' or '@'))
        {
            problem = "after unix: comes an absolute path, or @ and a name";
        }
        else if (path.Length > NativeAddress.MaxPath + 1 || CountBytes(path) > NativeAddress.MaxPath + (path[0] == '@' ? 1 : 0))
        {
            problem = "a Unix path has at most 107 bytes";
        }
        else if (path[0] == '/' && path.Contains('\0'))
        {
            problem = "a Unix path has no NUL in it";
        }
        else if (!Socket.OSSupportsUnixDomainSockets)
        {
            problem = "this system has no Unix sockets";
        }

        return problem.Length != 0 ? null
            : new UnixDomainSocketEndPoint(path[0] == '@' ? string.Concat("\0", path[1..]) : path.ToString());
    }

    private static int CountBytes(ReadOnlySpan<char> path) => Encoding.UTF8.GetByteCount(path);

    private static IPAddress? ParseV4(ReadOnlySpan<char> text, out string problem)
    {
        Span<byte> bytes = stackalloc byte[BytesOfV4];
        problem = text.IsEmpty ? "the host is missing" : TryReadV4(text, bytes) ? string.Empty : NotV4;
        return problem.Length == 0 ? new IPAddress(bytes) : null;
    }

    private static IPAddress? ParseV6(ReadOnlySpan<char> text, out string problem)
    {
        int percent = text.IndexOf('%');
        ReadOnlySpan<char> address = percent < 0 ? text : text[..percent];
        Span<byte> bytes = stackalloc byte[BytesOfV6];
        if (!TryReadV6(address, bytes))
        {
            problem = NotV6;
            return null;
        }

        uint scope = 0;
        if (percent >= 0 && !TryReadScope(text[(percent + 1)..], out scope))
        {
            problem = "a scope is the number or the name of an interface of this machine";
            return null;
        }

        problem = string.Empty;
        return new IPAddress(bytes, scope);
    }

    private static bool TryReadV4(ReadOnlySpan<char> text, Span<byte> bytes)
    {
        for (int i = 0; i < BytesOfV4; i++)
        {
            int dot = text.IndexOf('.');
            bool isLast = i == BytesOfV4 - 1;
            if (isLast != (dot < 0) || !TryParseNumber(isLast ? text : text[..dot], byte.MaxValue, out int number))
            {
                return false;
            }

            bytes[i] = (byte)number;
            text = isLast ? default : text[(dot + 1)..];
        }

        return true;
    }

    // RFC 4291 2.2: groups, one "::" for at least one group of zeros, and the last two groups may be a dotted quad.
    private static bool TryReadV6(ReadOnlySpan<char> text, Span<byte> bytes)
    {
        bytes.Clear();
        int gap = -1;
        int group = 0;
        if (text.StartsWith("::", StringComparison.Ordinal))
        {
            gap = 0;
            text = text[2..];
        }

        while (!text.IsEmpty)
        {
            if (group == GroupsOfV6)
            {
                return false;
            }

            int colon = text.IndexOf(':');
            ReadOnlySpan<char> part = colon < 0 ? text : text[..colon];
            if (colon < 0 && part.Contains('.'))
            {
                if (group > GroupsOfV6 - 2 || !TryReadV4(part, bytes.Slice(group * 2, BytesOfV4)))
                {
                    return false;
                }

                group += 2;
                break;
            }

            // The runtime's numbers may end with NULs; ours may not.
            if (part.Length is 0 or > 4 || part.Contains('\0')
                || !ushort.TryParse(part, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort value))
            {
                return false;
            }

            bytes[group * 2] = (byte)(value >> 8);
            bytes[(group * 2) + 1] = (byte)value;
            group++;
            if (colon < 0)
            {
                break;
            }

            text = text[(colon + 1)..];
            if (text.IsEmpty)
            {
                return false; // it ends with a single colon
            }

            if (text[0] == ':')
            {
                if (gap >= 0)
                {
                    return false;
                }

                gap = group;
                text = text[1..];
            }
        }

        if (gap < 0)
        {
            return group == GroupsOfV6;
        }

        if (group == GroupsOfV6)
        {
            return false; // "::" stands for one group at least
        }

        // What came after the gap moves to the end.
        Span<byte> tail = bytes[(gap * 2)..(group * 2)];
        tail.CopyTo(bytes[(BytesOfV6 - tail.Length)..]);
        bytes[(gap * 2)..(BytesOfV6 - tail.Length)].Clear();
        return true;
    }

    private static bool TryReadScope(ReadOnlySpan<char> text, out uint scope)
    {
        scope = 0;
        if (text.Length is 0 or > MaxInterfaceName)
        {
            return false;
        }

        if (char.IsAsciiDigit(text[0]))
        {
            return text[0] != '0' && !text.Contains('\0') && uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out scope);
        }

        foreach (char letter in text)
        {
            if (!char.IsAsciiLetterOrDigit(letter) && letter is not ('.' or '-' or '_'))
            {
                return false;
            }
        }

        // The runtime knows how to ask for the name of an interface; an unknown one it takes for no scope at all.
        if (IPAddress.TryParse($"::1%{text}", out IPAddress? known))
        {
            scope = (uint)known.ScopeId;
        }

        return scope != 0;
    }

    // Decimal digits and nothing else: no sign, no space, no leading zero.
    private static bool TryParseNumber(ReadOnlySpan<char> text, int most, out int number)
    {
        number = 0;
        if (text.Length is 0 or > 5 || (text.Length > 1 && text[0] == '0'))
        {
            return false;
        }

        foreach (char digit in text)
        {
            if (!char.IsAsciiDigit(digit))
            {
                return false;
            }

            number = (number * 10) + (digit - '0');
        }

        return number <= most;
    }
}
