namespace Ivy.Net.Interop.Bsd;

/// <summary>The errno numbers of macOS and FreeBSD, errno(2): those up to 34 are Linux's but for 11, those above are not.</summary>
internal static class BsdErrno
{
    private const int FirstThatDiffers = 35;

    private static readonly IvError[] Common =
    [
        IvError.EAGAIN, IvError.EINPROGRESS, IvError.EALREADY, IvError.ENOTSOCK, IvError.EDESTADDRREQ, // 35–39
        IvError.EMSGSIZE, IvError.EPROTOTYPE, IvError.ENOPROTOOPT, IvError.EPROTONOSUPPORT, IvError.ESOCKTNOSUPPORT, // 40–44
        IvError.EOPNOTSUPP, IvError.EPFNOSUPPORT, IvError.EAFNOSUPPORT, IvError.EADDRINUSE, IvError.EADDRNOTAVAIL, // 45–49
        IvError.ENETDOWN, IvError.ENETUNREACH, IvError.ENETRESET, IvError.ECONNABORTED, IvError.ECONNRESET, // 50–54
        IvError.ENOBUFS, IvError.EISCONN, IvError.ENOTCONN, IvError.ESHUTDOWN, IvError.ETOOMANYREFS, // 55–59
        IvError.ETIMEDOUT, IvError.ECONNREFUSED, IvError.ELOOP, IvError.ENAMETOOLONG, IvError.EHOSTDOWN, // 60–64
        IvError.EHOSTUNREACH, IvError.ENOTEMPTY, IvError.EAGAIN, IvError.EUSERS, IvError.EDQUOT, IvError.ESTALE, // 65–70
    ];

    /// <summary>The portable error; EIO for a number that has none, since the number itself would be another system's.</summary>
    public static IvError ToError(int errno, bool isFreeBsd) => errno switch
    {
        11 => IvError.EDEADLK,
        15 => IvError.EIO, // ENOTBLK
        < FirstThatDiffers => (IvError)errno,
        _ when errno < FirstThatDiffers + Common.Length => Common[errno - FirstThatDiffers],
        77 => IvError.ENOLCK,
        78 => IvError.ENOSYS,
        84 => IvError.EOVERFLOW,
        _ => isFreeBsd ? OfFreeBsd(errno) : OfDarwin(errno),
    };

    private static IvError OfFreeBsd(int errno) => errno switch
    {
        85 => IvError.ECANCELED,
        86 => IvError.EILSEQ,
        89 => IvError.EBADMSG,
        92 => IvError.EPROTO,
        93 => IvError.EBADF, // ENOTCAPABLE: what a closed descriptor is to a sandbox of capsicum(4)
        95 => IvError.ENOTRECOVERABLE,
        96 => IvError.EOWNERDEAD,
        _ => IvError.EIO,
    };

    private static IvError OfDarwin(int errno) => errno switch
    {
        89 => IvError.ECANCELED,
        92 => IvError.EILSEQ,
        94 => IvError.EBADMSG,
        96 => IvError.ENODATA,
        97 => IvError.ENOLINK,
        100 => IvError.EPROTO,
        101 => IvError.ETIME,
        102 => IvError.EOPNOTSUPP,
        104 => IvError.ENOTRECOVERABLE,
        105 => IvError.EOWNERDEAD,
        _ => IvError.EIO,
    };
}
