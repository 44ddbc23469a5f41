using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Ivy.Net.Interop.Linux;

/// <summary>
/// The system calls, in the kernel's own convention: a result of 0 or more, or a negative errno. The ones that can be asked
/// again after EINTR are; waits, close(2) and connect(2) are not, their callers know what EINTR means there.
/// Each asks <see cref="SysFaults"/> first (a load and a branch).
/// </summary>
internal static unsafe partial class Sys
{
    public const int EINTR = (int)IvError.EINTR;

    /// <summary>The error in a negative result.</summary>
    /// <param name="result">A result of a call here; must be negative.</param>
    /// <returns>Its error.</returns>
    public static IvError Error(nint result) => (IvError)(int)-result;

    /// <summary>The kernel's number of this thread, as ps(1) and top(1) show it; -1 before glibc 2.30, which .NET still runs on.</summary>
    public static int GetThreadId()
    {
        var gettid = (delegate* unmanaged<int>)FindOptional("gettid");
        return gettid == null ? -1 : gettid();
    }

    // An export that older C libraries don't have; null there.
    private static void* FindOptional(string name) =>
        NativeLibrary.TryLoad("libc", typeof(Sys).Assembly, searchPath: null, out nint library)
        && NativeLibrary.TryGetExport(library, name, out nint address)
            ? (void*)address
            : null;

    /// <summary>Whether the program runs with rights that its caller does not have (AT_SECURE, getauxval(3)).</summary>
    public static bool IsSetUserId() => Libc.getauxval(Constants.AT_SECURE) != 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Fault(SysCall call, int fd) => SysFaults.Current is { } faults ? faults.Fail(call, fd) : 0;

    // The limit of a test, over vectors: the front ones fill up, the rest become empty.
    private static void Shorten(SysCall call, IoVector* vectors, int count)
    {
        if (SysFaults.Current is not { } faults)
        {
            return;
        }

        nuint total = 0;
        for (int i = 0; i < count; i++)
        {
            total += vectors[i].Length;
        }

        nuint left = faults.Limit(call, total);
        for (int i = 0; i < count; i++)
        {
            vectors[i].Length = nuint.Min(vectors[i].Length, left);
            left -= vectors[i].Length;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Checked(int result) => result >= 0 ? result : Failure();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint Checked(nint result) => result >= 0 ? result : Failure();

    private static int Failure() => -Marshal.GetLastSystemError();
}
