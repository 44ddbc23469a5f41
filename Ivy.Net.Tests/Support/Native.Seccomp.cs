using System.Runtime.InteropServices;

namespace Ivy.Net.Tests.Support;

/// <content>A sandbox for one thread: seccomp(2).</content>
internal static unsafe partial class Native
{
    /// <summary>From now on a system call fails on this thread, and on those that it starts; there is no way back but its end.</summary>
    /// <param name="number">The call.</param>
    /// <param name="error">What it fails with.</param>
    public static void Forbid(uint number, IvError error)
    {
        const int noNewPrivileges = 38;
        const int setSeccomp = 22;
        const nint filterMode = 2;
        const uint allow = 0x7FFF_0000;
        const uint fail = 0x0005_0000;
        Assert.That(prctl(noNewPrivileges, 1, 0, 0, 0), Is.Zero, "prctl(PR_SET_NO_NEW_PRIVS)");

        // struct sock_filter: load the number of the call; is it this one? if not, skip the next; fail; allow.
        Span<ulong> program =
        [
            Instruction(0x20, 0, 0, 0),
            Instruction(0x15, 0, 1, number),
            Instruction(0x06, 0, 0, fail | (uint)error),
            Instruction(0x06, 0, 0, allow),
        ];
        fixed (ulong* first = program)
        {
            nint* filter = stackalloc nint[2];
            *(ushort*)filter = (ushort)program.Length;
            filter[1] = (nint)first;
            Assert.That(prctl(setSeccomp, filterMode, (nint)filter, 0, 0), Is.Zero, "prctl(PR_SET_SECCOMP)");
        }

        static ulong Instruction(ushort code, byte yes, byte no, uint operand) => code | ((ulong)yes << 16) | ((ulong)no << 24) | ((ulong)operand << 32);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int prctl(int operation, nint first, nint second, nint third, nint fourth);
}
