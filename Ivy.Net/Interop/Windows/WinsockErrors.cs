using System.Runtime.InteropServices;

namespace Ivy.Net.Interop.Windows;

/// <summary>Winsock's errors under their portable names: winsock2.h, "Windows Sockets Error Codes".</summary>
internal static class WinsockErrors
{
    public const int WSAEWOULDBLOCK = 10035;
    public const int WSAENOTSOCK = 10038;
    public const int WSAEMSGSIZE = 10040;

    /// <summary>The error of the call that has just failed on this thread.</summary>
    public static int Last() => Marshal.GetLastSystemError();

    /// <summary>The portable name of a code; EIO for one that nothing on a socket is known to give.</summary>
    public static IvError ToError(int code) => code switch
    {
        0 => IvError.None,

        // Those of Windows itself that Winsock passes on.
        2 or 3 => IvError.ENOENT, // ERROR_FILE_NOT_FOUND, ERROR_PATH_NOT_FOUND: of a Unix path
        4 => IvError.EMFILE, // ERROR_TOO_MANY_OPEN_FILES
        5 => IvError.EACCES, // ERROR_ACCESS_DENIED
        6 => IvError.EBADF, // WSA_INVALID_HANDLE
        8 => IvError.ENOMEM, // WSA_NOT_ENOUGH_MEMORY
        38 => IvError.EndOfStream, // ERROR_HANDLE_EOF
        64 => IvError.ECONNRESET, // ERROR_NETNAME_DELETED
        87 => IvError.EINVAL, // WSA_INVALID_PARAMETER
        121 => IvError.ETIMEDOUT, // ERROR_SEM_TIMEOUT
        234 => IvError.EMSGSIZE, // ERROR_MORE_DATA
        995 => IvError.ECANCELED, // WSA_OPERATION_ABORTED
        996 or 997 => IvError.EINPROGRESS, // WSA_IO_INCOMPLETE, WSA_IO_PENDING
        1225 => IvError.ECONNREFUSED, // ERROR_CONNECTION_REFUSED
        1231 => IvError.ENETUNREACH, // ERROR_NETWORK_UNREACHABLE
        1232 => IvError.EHOSTUNREACH, // ERROR_HOST_UNREACHABLE
        1234 => IvError.ECONNREFUSED, // ERROR_PORT_UNREACHABLE
        1236 => IvError.ECONNABORTED, // ERROR_CONNECTION_ABORTED

        10004 => IvError.EINTR, // WSAEINTR
        10009 => IvError.EBADF, // WSAEBADF
        10013 => IvError.EACCES, // WSAEACCES
        10014 => IvError.EFAULT, // WSAEFAULT
        10022 => IvError.EINVAL, // WSAEINVAL
        10024 => IvError.EMFILE, // WSAEMFILE
        WSAEWOULDBLOCK => IvError.EAGAIN,
        10036 => IvError.EINPROGRESS, // WSAEINPROGRESS
        10037 => IvError.EALREADY, // WSAEALREADY
        WSAENOTSOCK => IvError.ENOTSOCK,
        10039 => IvError.EDESTADDRREQ, // WSAEDESTADDRREQ
        WSAEMSGSIZE => IvError.EMSGSIZE,
        10041 => IvError.EPROTOTYPE, // WSAEPROTOTYPE
        10042 => IvError.ENOPROTOOPT, // WSAENOPROTOOPT
        10043 => IvError.EPROTONOSUPPORT, // WSAEPROTONOSUPPORT
        10044 => IvError.ESOCKTNOSUPPORT, // WSAESOCKTNOSUPPORT
        10045 => IvError.EOPNOTSUPP, // WSAEOPNOTSUPP
        10046 => IvError.EPFNOSUPPORT, // WSAEPFNOSUPPORT
        10047 => IvError.EAFNOSUPPORT, // WSAEAFNOSUPPORT
        10048 => IvError.EADDRINUSE, // WSAEADDRINUSE
        10049 => IvError.EADDRNOTAVAIL, // WSAEADDRNOTAVAIL
        10050 => IvError.ENETDOWN, // WSAENETDOWN
        10051 => IvError.ENETUNREACH, // WSAENETUNREACH
        10052 => IvError.ENETRESET, // WSAENETRESET
        10053 => IvError.ECONNABORTED, // WSAECONNABORTED
        10054 => IvError.ECONNRESET, // WSAECONNRESET
        10055 => IvError.ENOBUFS, // WSAENOBUFS
        10056 => IvError.EISCONN, // WSAEISCONN
        10057 => IvError.ENOTCONN, // WSAENOTCONN
        10058 => IvError.ESHUTDOWN, // WSAESHUTDOWN
        10059 => IvError.ETOOMANYREFS, // WSAETOOMANYREFS
        10060 => IvError.ETIMEDOUT, // WSAETIMEDOUT
        10061 => IvError.ECONNREFUSED, // WSAECONNREFUSED
        10062 => IvError.ELOOP, // WSAELOOP
        10063 => IvError.ENAMETOOLONG, // WSAENAMETOOLONG
        10064 => IvError.EHOSTDOWN, // WSAEHOSTDOWN
        10065 => IvError.EHOSTUNREACH, // WSAEHOSTUNREACH
        10066 => IvError.ENOTEMPTY, // WSAENOTEMPTY
        10067 => IvError.EMFILE, // WSAEPROCLIM: not EAGAIN, which would be waited for
        10068 => IvError.EUSERS, // WSAEUSERS
        10069 => IvError.EDQUOT, // WSAEDQUOT
        10070 => IvError.ESTALE, // WSAESTALE
        10071 => IvError.EIO, // WSAEREMOTE
        10091 => IvError.ENETDOWN, // WSASYSNOTREADY
        10092 => IvError.ENOSYS, // WSAVERNOTSUPPORTED
        10093 => IvError.ENETDOWN, // WSANOTINITIALISED
        10101 => IvError.EndOfStream, // WSAEDISCON
        10103 or 10104 or 10105 or 10106 => IvError.ENOSYS, // WSAEINVALIDPROCTABLE, WSAEINVALIDPROVIDER, WSAEPROVIDERFAILEDINIT: a broken catalogue
        10107 => IvError.EIO, // WSASYSCALLFAILURE
        10110 => IvError.ENODATA, // WSA_E_NO_MORE
        10111 => IvError.ECANCELED, // WSA_E_CANCELLED
        10112 => IvError.ECONNREFUSED, // WSAEREFUSED
        _ => IvError.EIO,
    };
}
