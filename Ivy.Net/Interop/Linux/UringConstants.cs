namespace Ivy.Net.Interop.Linux;

/// <summary>Numbers of linux/io_uring.h, the same on every architecture.</summary>
internal static class UringConstants
{
    // io_uring_setup(2), and the version of Linux that knows the flag.
    public const uint IORING_SETUP_CQSIZE = 1 << 3;
    public const uint IORING_SETUP_CLAMP = 1 << 4;
    public const uint IORING_SETUP_R_DISABLED = 1 << 6;      // 5.10
    public const uint IORING_SETUP_SUBMIT_ALL = 1 << 7;      // 5.18
    public const uint IORING_SETUP_COOP_TASKRUN = 1 << 8;    // 5.19
    public const uint IORING_SETUP_SINGLE_ISSUER = 1 << 12;  // 6.0
    public const uint IORING_SETUP_DEFER_TASKRUN = 1 << 13;  // 6.1

    public const uint IORING_FEAT_SINGLE_MMAP = 1 << 0;
    public const uint IORING_FEAT_NODROP = 1 << 1;
    public const uint IORING_FEAT_EXT_ARG = 1 << 8;          // 5.11

    public const nint IORING_OFF_SQ_RING = 0;
    public const nint IORING_OFF_CQ_RING = 0x8000000;
    public const nint IORING_OFF_SQES = 0x10000000;

    public const uint IORING_ENTER_GETEVENTS = 1 << 0;
    public const uint IORING_ENTER_EXT_ARG = 1 << 3;

    public const uint IORING_REGISTER_EVENTFD = 4;
    public const uint IORING_REGISTER_ENABLE_RINGS = 12;
    public const uint IORING_REGISTER_PBUF_RING = 22;        // 5.19

    public const byte IORING_OP_POLL_ADD = 6;
    public const byte IORING_OP_POLL_REMOVE = 7;
    public const byte IORING_OP_ACCEPT = 13;
    public const byte IORING_OP_ASYNC_CANCEL = 14;
    public const byte IORING_OP_SEND = 26;
    public const byte IORING_OP_RECV = 27;

    public const uint IORING_POLL_ADD_MULTI = 1 << 0;
    public const ushort IORING_RECV_MULTISHOT = 1 << 1;      // 6.0
    public const ushort IORING_ACCEPT_MULTISHOT = 1 << 0;    // 5.19

    public const byte IOSQE_BUFFER_SELECT = 1 << 5;

    public const uint IORING_CQE_F_BUFFER = 1 << 0;
    public const uint IORING_CQE_F_MORE = 1 << 1;
    public const int IORING_CQE_BUFFER_SHIFT = 16;

    public const uint IORING_SQ_CQ_OVERFLOW = 1 << 1;
}
