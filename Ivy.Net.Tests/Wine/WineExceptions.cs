using System.Runtime.InteropServices;

namespace Ivy.Net.Tests.Wine;

/// <summary>Lets exceptions of .NET 10 pass through native frames under Wine.</summary>
/// <remarks>
/// Wine puts a frame on the thread's list (the first word of its TEB) while it calls the handler of an x64 function, and takes it off when the
/// handler returns. The runtime's handler does not return: it goes on in the <c>catch</c>. The frame stays on the list, what it was becomes
/// other things on the stack, and the next exception that Wine sees on this thread calls an address that is none, until the stack is used up.
/// Windows keeps no such list on x64, so nothing there needs this; and no frame on it is worth keeping when the runtime throws. Wine's own
/// exceptions are left alone: their handlers are on the list.
/// </remarks>
internal static unsafe partial class WineExceptions
{
    private const uint Commit = 0x1000;
    private const uint Reserve = 0x2000;
    private const uint ExecuteReadWrite = 0x40;
    private const nuint Page = 4096;

    /// <summary>A vectored handler: it may run where managed code may not, so it is machine code.</summary>
    private static ReadOnlySpan<byte> EmptyTheList =>
    [
        0x48, 0x8B, 0x01, // mov rax, [rcx]: the exception's record
        0x8B, 0x00, // mov eax, [rax]: its code
        0x3D, 0x52, 0x43, 0x43, 0xE0, // cmp eax, 0xE0434352: one of .NET?
        0x74, 0x0E, // je +14
        0x3D, 0x78, 0x56, 0x34, 0x02, // cmp eax, 0x02345678: one of its compiler?
        0x74, 0x07, // je +7
        0x3D, 0x63, 0x73, 0x6D, 0xE0, // cmp eax, 0xE06D7363: one of C++?
        0x75, 0x0D, // jne to the end
        0x65, 0x48, 0xC7, 0x04, 0x25, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, // mov qword gs:[0], -1: the list ends here
        0x31, 0xC0, // xor eax, eax: go on with the search for a handler
        0xC3, // ret
    ];

    /// <summary>Under Wine: for all threads, as long as the process lives. On Windows: nothing.</summary>
    public static void Mend()
    {
        if (!NativeLibrary.TryLoad("ntdll", out nint ntdll) || !NativeLibrary.TryGetExport(ntdll, "wine_get_version", out _))
        {
            return;
        }

        void* code = VirtualAlloc(null, Page, Commit | Reserve, ExecuteReadWrite);
        if (code is null)
        {
            throw new InvalidOperationException("Wine gives no memory for code");
        }

        // SAFETY: a page that was allocated for it, that nobody frees, and that is written before the handler is known.
        EmptyTheList.CopyTo(new Span<byte>(code, (int)Page));
        _ = AddVectoredExceptionHandler(first: 1, code);
    }

    [LibraryImport("kernel32")]
    private static partial void* VirtualAlloc(void* address, nuint size, uint type, uint protection);

    [LibraryImport("kernel32")]
    private static partial void* AddVectoredExceptionHandler(uint first, void* handler);
}
