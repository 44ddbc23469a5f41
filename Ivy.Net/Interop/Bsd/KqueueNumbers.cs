namespace Ivy.Net.Interop.Bsd;

/// <summary>The numbers of kqueue(2) that macOS and FreeBSD have in common; where they differ, see <see cref="KqueueDialect"/>.</summary>
internal static class KqueueNumbers
{
    public const short EVFILT_READ = -1;
    public const short EVFILT_WRITE = -2;

    public const ushort EV_ADD = 0x0001;
    public const ushort EV_DELETE = 0x0002;
    public const ushort EV_ENABLE = 0x0004;
    public const ushort EV_DISABLE = 0x0008;
    public const ushort EV_ONESHOT = 0x0010;
    public const ushort EV_CLEAR = 0x0020;
    public const ushort EV_RECEIPT = 0x0040;
    public const ushort EV_DISPATCH = 0x0080;
    public const ushort EV_ERROR = 0x4000;
    public const ushort EV_EOF = 0x8000;

    public const uint NOTE_LOWAT = 0x0000_0001;
    public const uint NOTE_OOB = 0x0000_0002;
    public const uint NOTE_TRIGGER = 0x0100_0000;
}
