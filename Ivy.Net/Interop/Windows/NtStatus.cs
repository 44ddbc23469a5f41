namespace Ivy.Net.Interop.Windows;

/// <summary>The NTSTATUS values that AFD answers with, and what they are as errors. Negative values are failures.</summary>
internal static class NtStatus
{
    public const int Success = 0;
    public const int Timeout = 0x102;
    public const int Pending = 0x103;
    public const int HandlesClosed = unchecked((int)0x8000000A);
    public const int InvalidHandle = unchecked((int)0xC0000008);
    public const int InvalidParameter = unchecked((int)0xC000000D);
    public const int NoMemory = unchecked((int)0xC0000017);
    public const int AccessDenied = unchecked((int)0xC0000022);
    public const int ObjectTypeMismatch = unchecked((int)0xC0000024);
    public const int ObjectNameNotFound = unchecked((int)0xC0000034);
    public const int ObjectPathNotFound = unchecked((int)0xC000003A);
    public const int InsufficientResources = unchecked((int)0xC000009A);
    public const int NotSupported = unchecked((int)0xC00000BB);
    public const int BadDeviceType = unchecked((int)0xC00000CB);
    public const int TooManyOpenedFiles = unchecked((int)0xC000011F);
    public const int Cancelled = unchecked((int)0xC0000120);
    public const int NotFound = unchecked((int)0xC0000225);

    /// <summary>
    /// Whether a poll was refused because the handle is none any more. Wine's server takes the number of a handle that was just
    /// closed for the request itself, and then finds an object of another type.
    /// </summary>
    public static bool IsClosed(int status) => status is InvalidHandle or ObjectTypeMismatch;

    /// <summary>The error of a failure; EIO for one that has no name here.</summary>
    public static IvError ToError(int status) => status switch
    {
        >= 0 => IvError.None,
        InvalidHandle or ObjectTypeMismatch or HandlesClosed => IvError.EBADF,
        NoMemory or InsufficientResources => IvError.ENOMEM,
        AccessDenied => IvError.EACCES,
        ObjectNameNotFound or ObjectPathNotFound => IvError.ENOSYS,
        InvalidParameter => IvError.EINVAL,
        NotSupported or BadDeviceType => IvError.EOPNOTSUPP,
        TooManyOpenedFiles => IvError.EMFILE,
        Cancelled => IvError.ECANCELED,
        _ => IvError.EIO,
    };
}
