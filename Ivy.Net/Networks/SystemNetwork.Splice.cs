using Ivy.Net.Interop.Linux;

namespace Ivy.Net;

// What a pump moves bytes with: pages that pass through a pipe, and never through this process.
internal sealed unsafe partial class SystemNetwork
{
    internal override IvError OpenPipe(ref int capacity, out nint read, out nint write)
    {
        int* ends = stackalloc int[2];
        int result = Sys.Pipe2(ends, Constants.O_CLOEXEC | Constants.O_NONBLOCK);
        if (result < 0)
        {
            read = write = -1;
            return Sys.Error(result);
        }

        read = ends[0];
        write = ends[1];

        // EPERM: above /proc/sys/fs/pipe-max-size, or the user's pipes have used up pipe-user-pages-soft.
        int size = Sys.Fcntl(ends[1], Constants.F_SETPIPE_SZ, capacity);
        capacity = size >= 0 ? size : Math.Max(Sys.Fcntl(ends[1], Constants.F_GETPIPE_SZ), 0);
        return IvError.None;
    }

    internal override IvIoResult Splice(nint from, nint to, int count) =>
        Received(Sys.Splice((int)from, (int)to, (nuint)count, Constants.SPLICE_F_MOVE | Constants.SPLICE_F_NONBLOCK), count != 0);

    internal override bool IsReadable(nint handle)
    {
        var poll = new PollFd { Fd = (int)handle, Events = Constants.POLLIN };
        var now = default(TimeSpec);
        int result;
        do
        {
            result = Sys.Ppoll(&poll, 1, &now);
        }
        while (result == -Sys.EINTR);
        return result > 0;
    }
}
