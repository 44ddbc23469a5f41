using System.Net;
using System.Net.Sockets;
using Ivy.Net.Interop;
using Ivy.Net.Interop.Windows;

namespace Ivy.Net;

// Handles: what they are, second ones, and pairs.
internal sealed unsafe partial class WinsockNetwork
{
    // How many strangers may get in between before a pair is given up.
    private const int MostStrangers = 16;

    internal override IvError Identify(nint handle, out DescriptorIdentity identity)
    {
        identity = default;
        int code = Winsock.Describe(handle, out _, out _, out _);
        if (code == 0)
        {
            identity = new DescriptorIdentity(DescriptorKind.Socket, 0, (ulong)handle);
            return IvError.None;
        }

        if (!Winsock.IsOpen(handle))
        {
            return IvError.EBADF;
        }

        DescriptorKind kind = Kernel32.GetFileType(handle) switch
        {
            WinsockConstants.FILE_TYPE_DISK => DescriptorKind.RegularFile,
            WinsockConstants.FILE_TYPE_PIPE => DescriptorKind.Pipe,
            WinsockConstants.FILE_TYPE_CHAR => DescriptorKind.Terminal,
            _ => DescriptorKind.Anonymous,
        };
        identity = new DescriptorIdentity(kind, 0, (ulong)handle);
        return IvError.None;
    }

    // Winsock can't be asked whether a socket blocks. So it is made not to, here, and stays so: nothing would be put back that
    // was not known before.
    internal override IvError GetBlocking(nint handle, out bool blocking)
    {
        blocking = false;
        IvError error = ErrorOf(handle, Winsock.SetBlocking(handle, blocking: false));

        // Of a file, which has no such mode, the poller says what it thinks.
        return error is IvError.ENOTSOCK or IvError.EOPNOTSUPP && Kernel32.GetFileType(handle) == WinsockConstants.FILE_TYPE_DISK ? IvError.None : error;
    }

    internal override IvError SetBlocking(nint handle, bool blocking) => ErrorOf(handle, Winsock.SetBlocking(handle, blocking));

    internal override IvError SetCloseOnExec(nint handle) => Winsock.SetNotInherited(handle) ? IvError.None : Failure(handle);

    // By Winsock, not by DuplicateHandle, which knows nothing of what a provider keeps of its socket.
    internal override IvError Duplicate(nint handle, out nint duplicate)
    {
        int code = Winsock.Duplicate(handle, out duplicate);
        return code == 0 ? IvError.None : code == WinsockErrors.WSAENOTSOCK ? WhyNoSocket(handle) : WinsockErrors.ToError(code);
    }

    /// <summary>
    /// Two ends over loopback, since Windows has no socketpair(2) and its Unix sockets none either. For a moment anybody on this
    /// machine could connect instead: who came is compared with who was sent.
    /// </summary>
    internal override IvError OpenPair(SocketType type, out nint first, out nint second)
    {
        first = second = WinsockConstants.InvalidSocket;
        SocketAddress one = AddressPool.Get();
        SocketAddress other = AddressPool.Get();
        IvError error = type switch
        {
            SocketType.Stream => OpenStreamPair(one, other, out first, out second),
            SocketType.Dgram => OpenDatagramPair(one, other, out first, out second),
            _ => IvError.ESOCKTNOSUPPORT,
        };
        AddressPool.Return(one);
        AddressPool.Return(other);
        if (error != IvError.None)
        {
            CloseBoth(ref first, ref second);
        }

        return error;
    }

    internal override IvIoResult SendHandles(nint handle, ReadOnlySpan<byte> buffer, ReadOnlySpan<nint> handles) =>
        IvIoResult.Failed(IvError.EOPNOTSUPP);

    internal override IvIoResult ReceiveHandles(nint handle, Span<byte> buffer, Span<nint> handles, out int count, out bool truncated)
    {
        count = 0;
        truncated = false;
        return IvIoResult.Failed(IvError.EOPNOTSUPP);
    }

    internal override IvError UnlinkSocket(SocketAddress address)
    {
        if (NativeAddress.ToEndPoint(address) is not UnixDomainSocketEndPoint endPoint)
        {
            return IvError.EINVAL;
        }

        try
        {
            // The file of a Unix socket is a reparse point: nothing else may be taken away on the word of a refused connect.
            string path = endPoint.ToString();
            FileAttributes attributes = File.GetAttributes(path);
            if ((attributes & (FileAttributes.ReparsePoint | FileAttributes.Directory)) != FileAttributes.ReparsePoint)
            {
                return IvError.EADDRINUSE;
            }

            File.Delete(path);
            return IvError.None;
        }
        catch (UnauthorizedAccessException)
        {
            return IvError.EACCES;
        }
        catch (FileNotFoundException)
        {
            return IvError.ENOENT;
        }
        catch (IOException)
        {
            return IvError.EADDRINUSE;
        }
    }

    private static IvError WhyNoSocket(nint handle) => Winsock.IsOpen(handle) ? IvError.ENOTSOCK : IvError.EBADF;

    private static void WriteLoopback(SocketAddress address) => NativeAddress.Write(new IPEndPoint(IPAddress.Loopback, 0), address);

    private static bool IsSame(SocketAddress one, SocketAddress other) =>
        one.Size == other.Size && one.Buffer.Span[..one.Size].SequenceEqual(other.Buffer.Span[..other.Size]);

    private IvError OpenStreamPair(SocketAddress one, SocketAddress other, out nint first, out nint second)
    {
        first = second = WinsockConstants.InvalidSocket;
        IvError error = Open(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp, out nint listener);
        if (error != IvError.None)
        {
            return error;
        }

        try
        {
            WriteLoopback(one);
            error = Bind(listener, one);
            error = error == IvError.None ? Listen(listener, MostStrangers) : error;
            error = error == IvError.None ? GetLocalAddress(listener, one) : error;
            error = error == IvError.None ? Open(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp, out first) : error;

            // Blocking for the length of a handshake within this machine, which waits for nobody.
            error = error == IvError.None ? SetBlocking(first, blocking: true) : error;
            error = error == IvError.None ? Connect(first, one) : error;
            error = error == IvError.None ? GetLocalAddress(first, one) : error;
            error = error == IvError.None ? SetBlocking(listener, blocking: true) : error;
            for (int i = 0; i < MostStrangers && error == IvError.None; i++)
            {
                error = Accept(listener, other, out second);
                if (error == IvError.None && IsSame(one, other))
                {
                    _ = Winsock.SetOption(first, WinsockConstants.IPPROTO_TCP, WinsockConstants.TCP_NODELAY, 1);
                    _ = Winsock.SetOption(second, WinsockConstants.IPPROTO_TCP, WinsockConstants.TCP_NODELAY, 1);
                    return SetBlocking(first, blocking: false);
                }

                if (error == IvError.None)
                {
                    Close(second);
                    second = WinsockConstants.InvalidSocket;
                }
            }

            return error == IvError.None ? IvError.ECONNABORTED : error;
        }
        finally
        {
            Close(listener);
        }
    }

    // A connected datagram socket hears nobody but its peer.
    private IvError OpenDatagramPair(SocketAddress one, SocketAddress other, out nint first, out nint second)
    {
        second = WinsockConstants.InvalidSocket;
        IvError error = OpenLoopbackDatagrams(one, out first);
        error = error == IvError.None ? OpenLoopbackDatagrams(other, out second) : error;
        error = error == IvError.None ? Connect(first, other) : error;
        return error == IvError.None ? Connect(second, one) : error;
    }

    private IvError OpenLoopbackDatagrams(SocketAddress address, out nint handle)
    {
        IvError error = Open(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp, out handle);
        WriteLoopback(address);
        error = error == IvError.None ? Bind(handle, address) : error;
        return error == IvError.None ? GetLocalAddress(handle, address) : error;
    }

    private void CloseBoth(ref nint first, ref nint second)
    {
        if (first != WinsockConstants.InvalidSocket)
        {
            Close(first);
        }

        if (second != WinsockConstants.InvalidSocket)
        {
            Close(second);
        }

        first = second = WinsockConstants.InvalidSocket;
    }
}
