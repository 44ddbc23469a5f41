using System.Runtime.CompilerServices;

namespace Ivy.Net.Interop.Linux;

/// <summary>What waitid(2) says of a child: the fields of siginfo_t, whose places depend on the size of a word.</summary>
[InlineArray(Length)]
internal struct ChildState
{
    private const int Length = 32;
    private const int CodeIndex = 2;

    // After three ints comes a union that is aligned as a pointer is: the pid, the user, the status.
    private static readonly int ProcessIndex = IntPtr.Size == sizeof(long) ? 4 : 3;

    private int _first;

    /// <summary>CLD_EXITED and so on.</summary>
    public readonly int Code => this[CodeIndex];

    /// <summary>Whose state it is; 0 if there is none.</summary>
    public readonly int ProcessId => this[ProcessIndex];

    /// <summary>The exit code, or the signal.</summary>
    public readonly int Status => this[ProcessIndex + 2];
}
