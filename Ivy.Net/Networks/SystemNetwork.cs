using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Ivy.Net.Interop;
using Ivy.Net.Interop.Linux;

namespace Ivy.Net;

/// <summary>The operating system's own sockets, on Linux: each member is one system call, and this part how sockets live.</summary>
/// <remarks>
/// MSG_DONTWAIT goes with every transfer: O_NONBLOCK belongs to the open file description, and another process that shares it
/// (a parent, a child, the shell) may switch it off. A loop must not block for that.
/// </remarks>
internal sealed unsafe partial class SystemNetwork : IvNetwork
{
    private const int NewSocketFlags = Constants.SOCK_NONBLOCK | Constants.SOCK_CLOEXEC;

    public override string Name => "system";

    internal override IvError Open(AddressFamily family, SocketType type, ProtocolType protocol, out nint handle)
    {
        handle = -1;
        int domain = NativeAddress.ToNative(family);
        if (domain < 0)
        {
            return IvError.EAFNOSUPPORT;
        }

        // The numbers of SocketType and ProtocolType are those of Linux and of IANA.
        int result = Sys.Socket(domain, (int)type | NewSocketFlags, (int)protocol);
        if (result < 0)
        {
            return Sys.Error(result);
        }

        handle = result;
        return IvError.None;
    }

    internal override IvError OpenPair(SocketType type, out nint first, out nint second)
    {
        int* pair = stackalloc int[2];
        int result = Sys.SocketPair(Constants.AF_UNIX, (int)type | NewSocketFlags, 0, pair);
        first = result < 0 ? -1 : pair[0];
        second = result < 0 ? -1 : pair[1];
        return ErrorOf(result);
    }

    internal override void Close(nint handle) => Sys.Close((int)handle);

    internal override void CloseForgotten(nint handle) => Sys.Close((int)handle);

    internal override IvError Bind(nint handle, SocketAddress address)
    {
        fixed (byte* pointer = address.Buffer.Span)
        {
            return ErrorOf(Sys.Bind((int)handle, pointer, (uint)address.Size));
        }
    }

    internal override IvError Listen(nint handle, int backlog) => ErrorOf(Sys.Listen((int)handle, backlog));

    internal override IvError Connect(nint handle, SocketAddress address)
    {
        fixed (byte* pointer = address.Buffer.Span)
        {
            int result;
            do
            {
                result = Sys.Connect((int)handle, pointer, (uint)address.Size);
            }
            while (result == -Sys.EINTR && address.Family == AddressFamily.Unix);

            // After a signal the kernel goes on connecting over IP, and asking again would say EALREADY; a Unix connect, which
            // is done or not done, starts anew.
            return result == -Sys.EINTR ? IvError.EINPROGRESS : ErrorOf(result);
        }
    }

    internal override IvError Accept(nint handle, SocketAddress? from, out nint peer)
    {
        int result;
        if (from is null)
        {
            result = Sys.Accept((int)handle, null, null, NewSocketFlags);
        }
        else
        {
            Span<byte> room = from.Buffer.Span;
            uint length = (uint)room.Length;
            fixed (byte* pointer = room)
            {
                result = Sys.Accept((int)handle, pointer, &length, NewSocketFlags);
            }

            SetSize(from, result < 0 ? 0 : length);
        }

        peer = result < 0 ? -1 : result;
        return ErrorOf(result);
    }

    internal override IvError Shutdown(nint handle, SocketShutdown how) => ErrorOf(Sys.Shutdown((int)handle, (int)how));

    internal override IvError GetLocalAddress(nint handle, SocketAddress address)
    {
        Span<byte> room = address.Buffer.Span;
        uint length = (uint)room.Length;
        int result;
        fixed (byte* pointer = room)
        {
            result = Sys.GetSockName((int)handle, pointer, &length);
        }

        SetSize(address, result < 0 ? 0 : length);
        return ErrorOf(result);
    }

    internal override IvError GetRemoteAddress(nint handle, SocketAddress address)
    {
        Span<byte> room = address.Buffer.Span;
        uint length = (uint)room.Length;
        int result;
        fixed (byte* pointer = room)
        {
            result = Sys.GetPeerName((int)handle, pointer, &length);
        }

        SetSize(address, result < 0 ? 0 : length);
        return ErrorOf(result);
    }

    internal override IvError GetOption(nint handle, int level, int name, Span<byte> value, out int length)
    {
        uint size = (uint)value.Length;
        fixed (byte* pointer = value)
        {
            int result = Sys.GetSockOpt((int)handle, level, name, pointer, &size);
            length = result < 0 ? 0 : (int)size;
            return ErrorOf(result);
        }
    }

    internal override IvError SetOption(nint handle, int level, int name, ReadOnlySpan<byte> value)
    {
        fixed (byte* pointer = value)
        {
            return ErrorOf(Sys.SetSockOpt((int)handle, level, name, pointer, (uint)value.Length));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static IvError ErrorOf(int result) => result >= 0 ? IvError.None : Sys.Error(result);

    // The kernel says how long the address is, even if the room was too small and it cut it off: half an address is none.
    private static void SetSize(SocketAddress address, uint length)
    {
        if (length > (uint)address.Buffer.Length)
        {
            length = 0;
        }

        address.Size = (int)length;
        if (length == 0 && address.Buffer.Length >= sizeof(ushort))
        {
            address.Buffer.Span[..sizeof(ushort)].Clear(); // AF_UNSPEC: nothing of the address before is left to be believed
        }
    }
}
