using System.Runtime.InteropServices;

namespace Ivy.Net.Interop.Windows;

/// <summary>What can be asked of a handle of any kind: kernel32.dll.</summary>
internal static unsafe partial class Kernel32
{
    private const string Name = "kernel32.dll";

    [LibraryImport(Name)]
    public static partial int GetHandleInformation(nint handle, uint* flags);

    [LibraryImport(Name)]
    public static partial int SetHandleInformation(nint handle, uint mask, uint flags);

    [LibraryImport(Name)]
    public static partial uint GetFileType(nint handle);

    [LibraryImport(Name)]
    public static partial uint GetCurrentThreadId();
}
