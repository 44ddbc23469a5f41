using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Ivy.Net.Interop.Windows;

namespace Ivy.Net;

/// <summary>The operating system's own sockets, on Windows: Winsock 2, and this part how sockets live.</summary>
/// <remarks>
/// <para>By ws2_32 and not by System.Net.Sockets: a Socket throws for what is an answer here, allocates an exception for each
/// would-block that has no other way out, and has no vectored call over spans.</para>
/// <para>What differs from Linux, and is made the same here: an accepted socket inherits neither mode nor flags that can be
/// relied on, so both are set; IPv6 sockets are made to take IPv4 too; a datagram's ICMP answer is not reported on the next
/// receive (SIO_UDP_CONNRESET); a listener's port can't be taken by a second process (SO_EXCLUSIVEADDRUSE).</para>
/// </remarks>
internal sealed unsafe partial class WinsockNetwork : IvNetwork
{
    // Of sockaddr_storage.
    private const int AddressRoom = 128;

    public override string Name => "system";

    // A handle has 32 significant bits, but a layer may hand out what it likes.
    internal override nint MaxHandle => nint.MaxValue;

    internal override AddressFamily PairFamily => AddressFamily.InterNetwork;

    internal override bool SharesPorts => false;

    internal override IvError Open(AddressFamily family, SocketType type, ProtocolType protocol, out nint handle)
    {
        // The numbers of these three are Winsock's: .NET took them from there.
        int code = Winsock.Open((int)family, (int)type, (int)protocol, out handle);
        if (code != 0)
        {
            return WinsockErrors.ToError(code);
        }

        IvError error = ErrorOf(handle, Winsock.SetBlocking(handle, blocking: false));
        if (error != IvError.None)
        {
            Close(handle);
            handle = WinsockConstants.InvalidSocket;
            return error;
        }

        if (family == AddressFamily.InterNetworkV6)
        {
            // Refused by what is neither TCP nor UDP.
            _ = Winsock.SetOption(handle, WinsockConstants.IPPROTO_IPV6, WinsockConstants.IPV6_V6ONLY, 0);
        }

        if (type == SocketType.Dgram)
        {
            Winsock.SwitchOff(handle, WinsockConstants.SIO_UDP_CONNRESET);
            Winsock.SwitchOff(handle, WinsockConstants.SIO_UDP_NETRESET);
        }

        return IvError.None;
    }

    internal override void Close(nint handle)
    {
        ForgetEvent(handle);
        _ = Ws2.closesocket(handle);
    }

    internal override void CloseForgotten(nint handle) => Close(handle);

    internal override IvError Bind(nint handle, SocketAddress address)
    {
        if (IsStream(handle) && address.Family != AddressFamily.Unix)
        {
            // Else any process that asks for SO_REUSEADDR shares the port, and gets some of the connections. Refused only
            // where the user has asked for SO_REUSEADDR itself, by its number.
            _ = Winsock.SetOption(handle, WinsockConstants.SOL_SOCKET, WinsockConstants.SO_EXCLUSIVEADDRUSE, 1);
        }

        fixed (byte* pointer = address.Buffer.Span)
        {
            return ErrorOf(handle, Ws2.bind(handle, pointer, address.Size));
        }
    }

    internal override IvError Listen(nint handle, int backlog) => ErrorOf(handle, Ws2.listen(handle, backlog));

    internal override IvError Connect(nint handle, SocketAddress address)
    {
        if (IsUnspecified(address))
        {
            return Disconnect(handle);
        }

        fixed (byte* pointer = address.Buffer.Span)
        {
            IvError error = ErrorOf(handle, Ws2.connect(handle, pointer, address.Size));
            return error == IvError.EAGAIN ? IvError.EINPROGRESS : error;
        }
    }

    internal override IvError Accept(nint handle, SocketAddress? from, out nint peer)
    {
        if (from is null)
        {
            peer = Ws2.accept(handle, null, null);
        }
        else
        {
            Span<byte> room = from.Buffer.Span;
            int length = room.Length;
            fixed (byte* pointer = room)
            {
                peer = Ws2.accept(handle, pointer, &length);
            }

            SetSize(from, peer == WinsockConstants.InvalidSocket ? 0 : length);
        }

        if (peer == WinsockConstants.InvalidSocket)
        {
            IvError refused = Failure(handle);
            return refused switch
            {
                // The connection died in the queue, which accept(2) calls by this name.
                IvError.ECONNRESET => IvError.ECONNABORTED,
                _ => refused,
            };
        }

        IvError error = Winsock.SetNotInherited(peer) ? ErrorOf(peer, Winsock.SetBlocking(peer, blocking: false)) : Failure(peer);
        if (error != IvError.None)
        {
            Close(peer);
            peer = WinsockConstants.InvalidSocket;
        }

        return error;
    }

    internal override IvError Shutdown(nint handle, SocketShutdown how) => ErrorOf(handle, Ws2.shutdown(handle, (int)how));

    internal override IvError GetLocalAddress(nint handle, SocketAddress address)
    {
        byte* room = stackalloc byte[AddressRoom];
        int length = AddressRoom;
        int result = Ws2.getsockname(handle, room, &length);
        IvError error = ErrorOf(handle, result);
        SetAddress(address, new ReadOnlySpan<byte>(room, result != 0 ? 0 : length));

        // Of a socket that was not bound, where Linux gives an address of zeros.
        return error == IvError.EINVAL ? IvError.None : error;
    }

    internal override IvError GetRemoteAddress(nint handle, SocketAddress address)
    {
        byte* room = stackalloc byte[AddressRoom];
        int length = AddressRoom;
        int result = Ws2.getpeername(handle, room, &length);
        IvError error = ErrorOf(handle, result);
        SetAddress(address, new ReadOnlySpan<byte>(room, result != 0 ? 0 : length));
        return error;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static IvError ErrorOf(nint handle, int result) => result == 0 ? IvError.None : Failure(handle);

    // Right after the call that failed.
    private static IvError Failure(nint handle)
    {
        int code = WinsockErrors.Last();

        // Winsock has one word for what is closed and what is something else.
        return code == WinsockErrors.WSAENOTSOCK && !Winsock.IsOpen(handle) ? IvError.EBADF : WinsockErrors.ToError(code);
    }

    private static bool IsStream(nint handle) =>
        Winsock.GetOption(handle, WinsockConstants.SOL_SOCKET, WinsockConstants.SO_TYPE) == WinsockConstants.SOCK_STREAM;

    private static bool IsUnspecified(SocketAddress address) =>
        address.Size >= sizeof(ushort) && MemoryMarshal.Read<ushort>(address.Buffer.Span) == WinsockConstants.AF_UNSPEC;

    // Winsock takes the peer away by a connect to the address of zeros of the socket's family.
    private static IvError Disconnect(nint handle)
    {
        int code = Winsock.Describe(handle, out int family, out int type, out _);
        if (code != 0)
        {
            return WinsockErrors.ToError(code);
        }

        if (type == WinsockConstants.SOCK_STREAM)
        {
            return IvError.EAFNOSUPPORT;
        }

        const int largest = 28; // sizeof(sockaddr_in6)
        const int smallest = 16;
        byte* zeros = stackalloc byte[largest];
        new Span<byte>(zeros, largest).Clear();
        *(ushort*)zeros = (ushort)family;
        return ErrorOf(handle, Ws2.connect(handle, zeros, family == WinsockConstants.AF_INET6 ? largest : smallest));
    }

    // Winsock refuses to tell one that is longer than the room for it; here it is left out.
    private static void SetAddress(SocketAddress address, ReadOnlySpan<byte> told)
    {
        if (told.Length <= address.Buffer.Length)
        {
            told.CopyTo(address.Buffer.Span);
        }

        SetSize(address, told.Length);
    }

    // Winsock says how long the address is: half an address, or one of a length that nobody could have written, is none.
    private static void SetSize(SocketAddress address, int length)
    {
        if (length < 0 || length > address.Buffer.Length)
        {
            length = 0;
        }

        address.Size = length;
        if (length == 0 && address.Buffer.Length >= sizeof(ushort))
        {
            address.Buffer.Span[..sizeof(ushort)].Clear(); // AF_UNSPEC: nothing of the address before is left to be believed
        }
    }
}
