using System.Runtime.InteropServices;

namespace Ivy.Net.Interop.Windows;

/// <content>The exports. Each is a system call, or a round trip to Wine's server: the garbage collector is never kept waiting.</content>
internal sealed unsafe partial class AfdApi
{
    private const string Ntdll = "ntdll.dll";
    private const string Kernel32 = "kernel32.dll";
    private const string Winsock = "ws2_32.dll";

    [LibraryImport(Ntdll)]
    private static partial int NtCreateFile(
        nint* handle,
        uint access,
        ObjectAttributes* attributes,
        IoStatusBlock* answer,
        long* size,
        uint fileAttributes,
        uint share,
        uint disposition,
        uint options,
        void* extended,
        uint extendedLength);

    [LibraryImport(Ntdll)]
    private static partial int NtDeviceIoControlFile(
        nint handle,
        nint wakeEvent,
        nint routine,
        void* context,
        IoStatusBlock* answer,
        uint request,
        void* input,
        uint inputLength,
        void* output,
        uint outputLength);

    [LibraryImport(Ntdll)]
    private static partial int NtCancelIoFileEx(nint handle, IoStatusBlock* which, IoStatusBlock* answer);

    [LibraryImport(Kernel32, SetLastError = true)]
    private static partial nint CreateIoCompletionPort(nint file, nint port, nuint key, uint threads);

    [LibraryImport(Kernel32)]
    private static partial int SetFileCompletionNotificationModes(nint file, byte modes);

    [LibraryImport(Kernel32, SetLastError = true)]
    private static partial int GetQueuedCompletionStatusEx(nint port, OverlappedEntry* entries, uint maximum, uint* count, uint milliseconds, int alertable);

    [LibraryImport(Kernel32, SetLastError = true)]
    private static partial int PostQueuedCompletionStatus(nint port, uint bytes, nuint key, void* overlapped);

    [LibraryImport(Kernel32)]
    private static partial int GetHandleInformation(nint handle, uint* flags);

    [LibraryImport(Kernel32)]
    private static partial int GetFileType(nint handle);

    [LibraryImport(Kernel32)]
    private static partial int CloseHandle(nint handle);

    [LibraryImport(Winsock)]
    private static partial int WSAStartup(ushort version, byte* data);

    [LibraryImport(Winsock, SetLastError = true)]
    private static partial int getsockopt(nint socket, int level, int option, void* value, int* length);

    [LibraryImport(Winsock)]
    private static partial int WSAIoctl(
        nint socket,
        uint request,
        void* input,
        uint inputLength,
        void* output,
        uint outputLength,
        uint* bytes,
        void* overlapped,
        void* routine);

    private static int LastCode() => Marshal.GetLastPInvokeError();
}
