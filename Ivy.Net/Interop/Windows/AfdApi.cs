namespace Ivy.Net.Interop.Windows;

/// <summary>AFD of the system: Windows Vista and later, and Wine 8.</summary>
internal sealed unsafe partial class AfdApi : IAfdApi
{
    private const uint PollRequest = 0x00012024;
    private const uint BaseHandleRequest = 0x48000022;
    private const uint BaseHandleForPollRequest = 0x4800001D;
    private const int SocketLevel = 0xFFFF;
    private const int SocketTypeOption = 0x1008;
    private const int StateOption = 0x1009;
    private const ushort WinsockVersion = 0x0202;

    private const uint Synchronize = 0x00100000;
    private const uint ShareReadWrite = 3;
    private const uint OpenExisting = 1;

    private const byte SkipPacketOnSuccess = 1;
    private const byte SkipSetEvent = 2;

    private const int ErrorTooManyOpenFiles = 4;
    private const int ErrorInvalidHandle = 6;
    private const int WaitTimeout = 258;
    private const int FileTypeDisk = 1;

    // The state and two addresses of the longest kind.
    private const int StateRoom = 512;

    // Layers above AFD are few; more turns than this would be a ring.
    private const int MostLayers = 8;

    private static readonly nint InvalidHandle = -1;

    private AfdApi()
    {
        // For a process that has no socket yet: a handle could not be told from garbage. Counted by Winsock, never undone.
        byte* data = stackalloc byte[512];
        _ = WSAStartup(WinsockVersion, data);
    }

    /// <summary>The one object; asked for on Windows only.</summary>
    public static AfdApi System { get; } = new();

    public object Process => this;

    public IvError OpenPort(out nint port)
    {
        port = CreateIoCompletionPort(InvalidHandle, 0, 0, 1);
        return port != 0 ? IvError.None : LastError();
    }

    public IvError OpenDevice(nint port, bool skipsOnSuccess, out nint device, out bool skips)
    {
        device = 0;
        skips = false;
        int status = OpenAfd(out nint handle);
        if (status < 0)
        {
            return NtStatus.ToError(status);
        }

        if (CreateIoCompletionPort(handle, port, 0, 0) == 0)
        {
            IvError error = LastError();
            _ = CloseHandle(handle);
            return error;
        }

        // A layer that does not know the first mode refuses both: without it every answer comes by the port.
        skips = skipsOnSuccess && SetFileCompletionNotificationModes(handle, SkipPacketOnSuccess | SkipSetEvent) != 0;
        if (!skips)
        {
            _ = SetFileCompletionNotificationModes(handle, SkipSetEvent);
        }

        device = handle;
        return IvError.None;
    }

    public IvError Validate(nint handle)
    {
        if (handle <= 0)
        {
            // No handle that anything has opened: those below zero stand for the process itself, its threads and tokens.
            return IvError.EBADF;
        }

        // SIO_BASE_HANDLE would do on Windows; under Wine it takes anything.
        int type;
        int length = sizeof(int);
        if (getsockopt(handle, SocketLevel, SocketTypeOption, &type, &length) == 0)
        {
            return IvError.None;
        }

        uint flags;
        return GetHandleInformation(handle, &flags) == 0 ? IvError.EBADF : GetFileType(handle) == FileTypeDisk ? IvError.EPERM : IvError.ENOTSOCK;
    }

    public IvError Identify(nint handle, out AfdSocketName name)
    {
        // SO_BSP_STATE: both addresses and the type at once. It fails for a socket that is not bound, too, which then has no name.
        byte* room = stackalloc byte[StateRoom];
        int length = StateRoom;
        if (getsockopt(handle, SocketLevel, StateOption, room, &length) == 0)
        {
            name = SocketState.NameIn(room, length);
            return IvError.None;
        }

        name = default;
        return Validate(handle);
    }

    public IvError BaseHandle(nint handle, out nint socket)
    {
        for (int i = 0; i < MostLayers; i++)
        {
            if (Ask(handle, BaseHandleRequest, out socket))
            {
                return IvError.None;
            }

            // Some layers refuse the first question on purpose, and let the second one through to the layer below.
            if (!Ask(handle, BaseHandleForPollRequest, out nint below) || below == handle)
            {
                break;
            }

            handle = below;
        }

        // Wine answers getsockopt for files too.
        socket = 0;
        return GetFileType(handle) == FileTypeDisk ? IvError.EPERM : IvError.EOPNOTSUPP;
    }

    // SAFETY: the block is native memory that stays until its packet has been seen; no event and no routine, so that the poll
    // outlives the thread that asks.
    public int Submit(nint device, AfdPollBlock* block) => NtDeviceIoControlFile(
        device, 0, 0, block, &block->Iosb, PollRequest, &block->Info, (uint)sizeof(AfdPollInfo), &block->Info, (uint)sizeof(AfdPollInfo));

    public int Cancel(nint device, AfdPollBlock* block)
    {
        IoStatusBlock answer;
        return NtCancelIoFileEx(device, &block->Iosb, &answer);
    }

    public int Wait(nint port, OverlappedEntry* entries, int maximum, uint milliseconds)
    {
        uint count;
        if (GetQueuedCompletionStatusEx(port, entries, (uint)maximum, &count, milliseconds, 0) != 0)
        {
            return (int)count;
        }

        return LastCode() == WaitTimeout ? 0 : -(int)IvError.EBADF;
    }

    public IvError Post(nint port, nuint key) => PostQueuedCompletionStatus(port, 0, key, null) != 0 ? IvError.None : LastError();

    public void Close(nint handle) => _ = CloseHandle(handle);

    private static int OpenAfd(out nint handle)
    {
        const string name = @"\Device\Afd\Ivy";
        fixed (char* characters = name)
        {
            var text = new UnicodeString { Length = (ushort)(name.Length * sizeof(char)), MaximumLength = (ushort)(name.Length * sizeof(char)), Buffer = characters };
            var attributes = new ObjectAttributes { Length = (uint)sizeof(ObjectAttributes), ObjectName = &text };
            IoStatusBlock answer;
            nint opened;
            int status = NtCreateFile(&opened, Synchronize, &attributes, &answer, null, 0, ShareReadWrite, OpenExisting, 0, null, 0);
            handle = opened;
            return status;
        }
    }

    private static bool Ask(nint handle, uint request, out nint answer)
    {
        nint socket;
        uint bytes;
        bool answered = WSAIoctl(handle, request, null, 0, &socket, (uint)sizeof(nint), &bytes, null, null) == 0;
        answer = answered ? socket : 0;
        return answered;
    }

    private static IvError LastError() => LastCode() switch
    {
        ErrorTooManyOpenFiles => IvError.EMFILE,
        ErrorInvalidHandle => IvError.EBADF,
        _ => IvError.ENOMEM,
    };
}
