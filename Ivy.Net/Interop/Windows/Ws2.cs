using System.Runtime.InteropServices;

namespace Ivy.Net.Interop.Windows;

/// <summary>
/// Winsock 2, as it is: ws2_32.dll. Nobody calls it but the network of Windows, which reads the error right after a failure, as
/// on Linux (WSAGetLastError is GetLastError, and the runtime keeps that across its own transition).
/// </summary>
internal static unsafe partial class Ws2
{
    private const string Name = "ws2_32.dll";

    [LibraryImport(Name)]
    public static partial int WSAStartup(ushort version, byte* data);

    [LibraryImport(Name)]
    public static partial nint WSASocketW(int family, int type, int protocol, byte* protocolInfo, uint group, uint flags);

    [LibraryImport(Name)]
    public static partial int WSADuplicateSocketW(nint socket, uint process, byte* protocolInfo);

    [LibraryImport(Name)]
    public static partial int closesocket(nint socket);

    [LibraryImport(Name)]
    public static partial int bind(nint socket, byte* address, int length);

    [LibraryImport(Name)]
    public static partial int listen(nint socket, int backlog);

    [LibraryImport(Name)]
    public static partial int connect(nint socket, byte* address, int length);

    [LibraryImport(Name)]
    public static partial nint accept(nint socket, byte* address, int* length);

    [LibraryImport(Name)]
    public static partial int recv(nint socket, byte* buffer, int length, int flags);

    [LibraryImport(Name)]
    public static partial int send(nint socket, byte* buffer, int length, int flags);

    [LibraryImport(Name)]
    public static partial int recvfrom(nint socket, byte* buffer, int length, int flags, byte* address, int* addressLength);

    [LibraryImport(Name)]
    public static partial int sendto(nint socket, byte* buffer, int length, int flags, byte* address, int addressLength);

    [LibraryImport(Name)]
    public static partial int WSARecv(nint socket, WsaBuffer* buffers, uint count, uint* bytes, uint* flags, void* overlapped, void* routine);

    [LibraryImport(Name)]
    public static partial int WSASend(nint socket, WsaBuffer* buffers, uint count, uint* bytes, uint flags, void* overlapped, void* routine);

    [LibraryImport(Name)]
    public static partial int shutdown(nint socket, int how);

    [LibraryImport(Name)]
    public static partial int getsockname(nint socket, byte* address, int* length);

    [LibraryImport(Name)]
    public static partial int getpeername(nint socket, byte* address, int* length);

    [LibraryImport(Name)]
    public static partial int getsockopt(nint socket, int level, int name, byte* value, int* length);

    [LibraryImport(Name)]
    public static partial int setsockopt(nint socket, int level, int name, byte* value, int length);

    [LibraryImport(Name)]
    public static partial int ioctlsocket(nint socket, int request, uint* argument);

    [LibraryImport(Name)]
    public static partial int WSAIoctl(nint socket, uint request, void* input, uint inputLength, void* output, uint outputLength, uint* bytes, void* overlapped, void* routine);
}
