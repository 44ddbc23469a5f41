namespace Ivy.Net.Interop.Linux;

/// <content>Pipes, and moving pages through them.</content>
internal static unsafe partial class Sys
{
    public static int Pipe2(int* ends, int flags)
    {
        int result;
        do
        {
            result = Fault(SysCall.Pipe2, -1);
            if (result == 0)
            {
                result = Checked(Libc.pipe2(ends, flags));
            }
        }
        while (result == -EINTR);
        return result;
    }

    /// <summary>At the descriptors' own offsets; one of the two is a pipe. The fault is asked with the descriptor that is moved from.</summary>
    public static nint Splice(int from, int to, nuint length, uint flags)
    {
        nuint limit = SysFaults.Current is { } faults ? faults.Limit(SysCall.Splice, length) : length;
        nint result;
        do
        {
            result = Fault(SysCall.Splice, from);
            if (result == 0)
            {
                result = Checked(Libc.splice(from, null, to, null, limit, flags));
            }
        }
        while (result == -EINTR);
        return result;
    }
}
