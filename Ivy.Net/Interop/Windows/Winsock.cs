using System.Runtime.CompilerServices;
using static Ivy.Net.Interop.Windows.WinsockConstants;

namespace Ivy.Net.Interop.Windows;

/// <summary>What takes more than one call of Winsock: sockets as this library has them, and handles told from one another.</summary>
internal static unsafe class Winsock
{
    private const uint NewSocketFlags = WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT;
    private const int StartupDataSize = 512;

    // Counted by Winsock, never undone: sockets may be in use until the process ends.
    private static readonly int Started = Start();

    /// <summary>Opens a socket that is not inherited by children, and that AFD can poll.</summary>
    /// <returns>0, or Winsock's error.</returns>
    public static int Open(int family, int type, int protocol, out nint socket)
    {
        socket = InvalidSocket;
        if (Started != 0)
        {
            return Started;
        }

        socket = Ws2.WSASocketW(family, type, protocol, null, 0, NewSocketFlags);
        return socket == InvalidSocket ? WinsockErrors.Last() : 0;
    }

    /// <summary>A second handle of the same socket, in this process.</summary>
    /// <returns>0, or Winsock's error.</returns>
    [SkipLocalsInit]
    public static int Duplicate(nint socket, out nint duplicate)
    {
        duplicate = InvalidSocket;
        byte* info = stackalloc byte[ProtocolInfo.Size];
        if (Started != 0 || Ws2.WSADuplicateSocketW(socket, (uint)Environment.ProcessId, info) != 0)
        {
            return Started != 0 ? Started : WinsockErrors.Last();
        }

        duplicate = Ws2.WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, info, 0, NewSocketFlags);
        return duplicate == InvalidSocket ? WinsockErrors.Last() : 0;
    }

    /// <summary>Family, type and protocol, by Winsock's numbers.</summary>
    /// <returns>0, or Winsock's error.</returns>
    [SkipLocalsInit]
    public static int Describe(nint socket, out int family, out int type, out int protocol)
    {
        family = type = protocol = 0;
        byte* info = stackalloc byte[ProtocolInfo.Size];
        int length = ProtocolInfo.Size;
        if (Started != 0 || Ws2.getsockopt(socket, SOL_SOCKET, SO_PROTOCOL_INFOW, info, &length) != 0)
        {
            return Started != 0 ? Started : WinsockErrors.Last();
        }

        family = *(int*)(info + ProtocolInfo.Family);
        type = *(int*)(info + ProtocolInfo.Type);
        protocol = *(int*)(info + ProtocolInfo.Protocol);
        return 0;
    }

    public static int SetBlocking(nint socket, bool blocking)
    {
        uint isNonBlocking = blocking ? 0u : 1u;
        return Ws2.ioctlsocket(socket, FIONBIO, &isNonBlocking);
    }

    public static int GetOption(nint socket, int level, int name)
    {
        int value = 0;
        int length = sizeof(int);
        return Ws2.getsockopt(socket, level, name, (byte*)&value, &length) == 0 ? value : -1;
    }

    public static int SetOption(nint socket, int level, int name, int value) =>
        Ws2.setsockopt(socket, level, name, (byte*)&value, sizeof(int));

    /// <summary>Switches a BOOL of WSAIoctl off; a system that does not know it has nothing to be switched off.</summary>
    public static void SwitchOff(nint socket, uint request)
    {
        uint off = 0;
        uint bytes;
        _ = Ws2.WSAIoctl(socket, request, &off, sizeof(uint), null, 0, &bytes, null, null);
    }

    /// <summary>Not inherited by the children of this process.</summary>
    public static bool SetNotInherited(nint handle) => Kernel32.SetHandleInformation(handle, HANDLE_FLAG_INHERIT, 0) != 0;

    /// <summary>Whether a handle is that of anything.</summary>
    public static bool IsOpen(nint handle)
    {
        uint flags;
        return handle is not (0 or InvalidSocket) && Kernel32.GetHandleInformation(handle, &flags) != 0;
    }

    private static int Start()
    {
        // WSADATA, of which nothing is of use since version 2.
        byte* data = stackalloc byte[StartupDataSize];
        return Ws2.WSAStartup(WinsockConstants.Version, data);
    }
}
