using System.Runtime.InteropServices;

namespace Ivy.Net.Interop.Bsd;

/// <summary>What the kqueues of macOS and FreeBSD have in common: all but the layout of struct kevent.</summary>
internal abstract unsafe class BsdKqueue : IKqueueApi
{
    // sys/socket.h of both.
    private const int SolSocket = 0xffff;
    private const int SoType = 0x1008;

    public abstract KqueueDialect Dialect { get; }

    /// <summary>The kernel's own; throws where it has none.</summary>
    public static IKqueueApi OfThisSystem()
    {
        if (!Environment.Is64BitProcess || !(OperatingSystem.IsMacOS() || OperatingSystem.IsFreeBSD()))
        {
            throw new IvException(IvError.ENOSYS, "kqueue", subject: null, "kqueue exists on macOS and FreeBSD only, and here for 64-bit programs");
        }

        return OperatingSystem.IsMacOS() ? new DarwinKqueue() : new FreeBsdKqueue();
    }

    public int Create() => Checked(BsdLibc.kqueue());

    public void Close(int queue) => _ = BsdLibc.close(queue);

    public abstract int Exchange(int queue, ReadOnlySpan<KqueueEvent> changes, Span<KqueueEvent> events, long nanoseconds);

    public int CheckSocket(int fd)
    {
        int type;
        uint length = sizeof(int);
        return Checked(BsdLibc.getsockopt(fd, SolSocket, SoType, &type, &length));
    }

    protected static int Call(int queue, void* changes, int changeCount, void* events, int eventCount, long nanoseconds)
    {
        BsdTimeSpec timeout = BsdTimeSpec.Of(Math.Max(nanoseconds, 0));
        return Checked(BsdLibc.kevent(queue, changes, changeCount, events, eventCount, nanoseconds < 0 ? null : &timeout));
    }

    private static int Checked(int result) => result >= 0 ? result : -Marshal.GetLastPInvokeError();
}
