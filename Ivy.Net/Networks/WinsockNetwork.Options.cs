using System.Net.Sockets;
using System.Runtime.InteropServices;
using Ivy.Net.Interop;
using Ivy.Net.Interop.Linux;
using Ivy.Net.Interop.Windows;
using LingerOption = Ivy.Net.Interop.Linux.LingerOption;

namespace Ivy.Net;

// Options: by Winsock's numbers, and by the library's names, whose values look the same on every system.
internal sealed unsafe partial class WinsockNetwork
{
    internal override IvError GetOption(nint handle, int level, int name, Span<byte> value, out int length)
    {
        int size = value.Length;
        byte none;
        fixed (byte* pointer = value)
        {
            int result = Ws2.getsockopt(handle, level, name, pointer == null ? &none : pointer, &size);
            length = result != 0 ? 0 : size;
            return ErrorOf(handle, result);
        }
    }

    internal override IvError SetOption(nint handle, int level, int name, ReadOnlySpan<byte> value)
    {
        byte none = 0;
        fixed (byte* pointer = value)
        {
            return ErrorOf(handle, Ws2.setsockopt(handle, level, name, pointer == null ? &none : pointer, value.Length));
        }
    }

    internal override IvError GetNamedOption(nint handle, SocketOption option, Span<byte> value, out int length)
    {
        if (option == SocketOptions.Domain || option == SocketOptions.Protocol)
        {
            int code = Winsock.Describe(handle, out int family, out _, out int protocol);
            int answer = option == SocketOptions.Domain ? NativeAddress.ToNative((AddressFamily)family) : protocol;
            return Answer(code == 0 ? IvError.None : code == WinsockErrors.WSAENOTSOCK ? WhyNoSocket(handle) : WinsockErrors.ToError(code), answer, value, out length);
        }

        length = 0;
        if (!WinsockOptions.TryTranslate(option, out SocketOption native))
        {
            return IvError.ENOPROTOOPT;
        }

        if (option == SocketOptions.Linger)
        {
            WinsockLinger linger = default;
            IvError error = GetOption(handle, native.Level, native.Name, AsBytes(ref linger), out _);
            Answer(error, linger.OnOff != 0 ? 1 : 0, value, out length);
            Answer(error, linger.Seconds, value[sizeof(int)..], out int second);
            length += second;
            return error;
        }

        if (option == SocketOptions.ReuseAddress && IsStream(handle))
        {
            // What it is asked for there, old connections in TIME_WAIT that are in nobody's way, always holds.
            native = new SocketOption(WinsockConstants.SOL_SOCKET, WinsockConstants.SO_EXCLUSIVEADDRUSE);
        }

        // Some are a BOOL, some a BOOLEAN of one byte; the rest of the answer stays zero.
        int number = 0;
        IvError refused = GetOption(handle, native.Level, native.Name, AsBytes(ref number), out _);
        number = option == SocketOptions.Error ? (int)WinsockErrors.ToError(number)
            : option == SocketOptions.ReuseAddress && number != 0 ? 1
            : number;
        return Answer(refused, number, value, out length);
    }

    internal override IvError SetNamedOption(nint handle, SocketOption option, ReadOnlySpan<byte> value)
    {
        if (!WinsockOptions.TryTranslate(option, out SocketOption native))
        {
            return IvError.ENOPROTOOPT;
        }

        if (option == SocketOptions.Linger)
        {
            LingerOption wanted = MemoryMarshal.Read<LingerOption>(value);
            var linger = new WinsockLinger { OnOff = (ushort)(wanted.OnOff != 0 ? 1 : 0), Seconds = (ushort)Math.Min(wanted.Seconds, ushort.MaxValue) };
            return SetOption(handle, native.Level, native.Name, AsBytes(ref linger));
        }

        if (option == SocketOptions.JoinGroup4 || option == SocketOptions.LeaveGroup4)
        {
            IPv4Membership wanted = MemoryMarshal.Read<IPv4Membership>(value);
            var membership = new WinsockMembership { Group = wanted.Group, Interface = WinsockMembership.ToNetworkOrder(wanted.Interface) };
            return SetOption(handle, native.Level, native.Name, AsBytes(ref membership));
        }

        if (option == SocketOptions.MulticastInterface4)
        {
            uint index = WinsockMembership.ToNetworkOrder(MemoryMarshal.Read<IPv4Membership>(value).Interface);
            return SetOption(handle, native.Level, native.Name, AsBytes(ref index));
        }

        if (option == SocketOptions.ReuseAddress && IsStream(handle))
        {
            native = new SocketOption(WinsockConstants.SOL_SOCKET, WinsockConstants.SO_EXCLUSIVEADDRUSE);
        }

        return SetOption(handle, native.Level, native.Name, value);
    }

    private static IvError Answer(IvError error, int number, Span<byte> value, out int length)
    {
        length = error == IvError.None ? Math.Min(sizeof(int), value.Length) : 0;
        AsBytes(ref number)[..length].CopyTo(value);
        return error;
    }

    private static Span<byte> AsBytes<T>(ref T value)
        where T : unmanaged => MemoryMarshal.AsBytes(new Span<T>(ref value));
}
