namespace Ivy.Net.Interop.Linux;

/// <summary>The seam under the system calls: a test refuses a call, or makes it shorter, and the kernel is never asked.</summary>
internal abstract class SysFaults
{
    // Read on each call; null outside fault-injection tests, which don't run in parallel.
    internal static SysFaults? Current { get; set; }

    /// <summary>0 to go on, or a negative errno to return instead of calling the kernel.</summary>
    public virtual int Fail(SysCall call, int fd) => 0;

    /// <summary>What an operation that the kernel has done by itself shall have answered: the result, or a negative errno.</summary>
    public virtual int Answer(SysCall call, int fd, int result) => result;

    /// <summary>How many bytes the call may move at most.</summary>
    public virtual nuint Limit(SysCall call, nuint length) => length;
}
