namespace Ivy.Net.Tests.Support;

/// <summary>A descriptor of Linux, as a kernel of BSD would see it.</summary>
internal sealed class KqueueModelFile
{
    private readonly KqueueQuirks _quirks;
    private readonly int _fd;
    private readonly bool _isStream;
    private readonly bool _isTcp;
    private readonly bool _isPipe;
    private readonly bool _isWriter;
    private bool _wasConnected;

    public KqueueModelFile(KqueueQuirks quirks, int fd)
    {
        _quirks = quirks;
        _fd = fd;
        string target = new FileInfo($"/proc/self/fd/{fd}").LinkTarget ?? string.Empty;
        IsSocket = target.StartsWith("socket:", StringComparison.Ordinal);
        _isPipe = target.StartsWith("pipe:", StringComparison.Ordinal);
        _isStream = IsSocket && ModelCalls.Option(fd, ModelCalls.SolSocket, ModelCalls.SoType) == ModelCalls.SockStream;
        _isTcp = _isStream && ModelCalls.Option(fd, ModelCalls.SolSocket, ModelCalls.SoDomain) != ModelCalls.AfUnix;
        _wasConnected = IsSocket && ModelCalls.HasPeer(fd);
        _isWriter = _isPipe && ModelCalls.IsWriter(fd);
        IsUnpollable = target is "/dev/null" or "/dev/zero" or "/dev/tty";
        IsFile = !IsUnpollable && target.StartsWith('/') && !target.StartsWith("/dev/", StringComparison.Ordinal);
    }

    public bool IsSocket { get; }

    /// <summary>A file is taken, and is always ready.</summary>
    public bool IsFile { get; }

    public bool IsUnpollable { get; }

    /// <summary>Whether writing to it is refused from the start.</summary>
    public bool IsBrokenPipe => _isWriter && (ModelCalls.Poll(_fd) & ModelCalls.PollErr) != 0;

    public readonly record struct State(bool IsReady, long Data = 0, bool IsEnd = false, uint Error = 0, bool EndsKnote = false);

    public State Read(bool hasMark, long mark)
    {
        int seen = ModelCalls.Poll(_fd);
        long data = ModelCalls.Available(_fd);
        if (_isPipe && _isWriter)
        {
            return _quirks.IgnoresWrongEnd ? default : new State((seen & ModelCalls.PollErr) != 0, IsEnd: true);
        }

        if (!IsSocket)
        {
            bool ended = (seen & ModelCalls.PollHup) != 0;
            bool some = (seen & ModelCalls.PollIn) != 0;
            bool marked = hasMark && _quirks.LowWaterIsCut && _isPipe ? data >= Math.Min(mark, 65536) : some;
            return new State(ended || marked, some ? Math.Max(data, 1) : 0, ended);
        }

        if (ModelCalls.Option(_fd, ModelCalls.SolSocket, ModelCalls.SoAcceptConn) == 1)
        {
            return new State((seen & ModelCalls.PollIn) != 0, 1);
        }

        if (IsFresh(seen))
        {
            return default;
        }

        NoteConnection();
        if ((seen & (ModelCalls.PollRdHup | ModelCalls.PollHup)) != 0)
        {
            return new State(IsReady: true, data, IsEnd: true, ErrorOf(seen));
        }

        if ((seen & ModelCalls.PollErr) != 0)
        {
            return new State(IsReady: true, data);
        }

        if (!hasMark)
        {
            return new State((seen & ModelCalls.PollIn) != 0, data);
        }

        return new State(data >= Mark(mark, ModelCalls.SoRcvBuf), data);
    }

    public State Write(bool hasMark, long mark)
    {
        int seen = ModelCalls.Poll(_fd);
        if (_isPipe)
        {
            return !_isWriter ? default
                : (seen & ModelCalls.PollErr) != 0 ? new State(IsReady: true, IsEnd: true, EndsKnote: _quirks.PipeKnoteEndsOnce)
                : new State((seen & ModelCalls.PollOut) != 0, 65536);
        }

        if (!IsSocket)
        {
            return new State((seen & ModelCalls.PollOut) != 0, 1);
        }

        if (ModelCalls.Option(_fd, ModelCalls.SolSocket, ModelCalls.SoAcceptConn) == 1 || IsFresh(seen))
        {
            return default;
        }

        NoteConnection();
        bool isShut = _isTcp && ModelCalls.HasSentEnd(_fd);
        if ((seen & ModelCalls.PollHup) != 0 || isShut)
        {
            return new State(IsReady: true, IsEnd: true, Error: ErrorOf(seen));
        }

        if ((seen & ModelCalls.PollErr) != 0)
        {
            return new State(IsReady: true);
        }

        long room = ModelCalls.Option(_fd, ModelCalls.SolSocket, ModelCalls.SoSndBuf) - ModelCalls.Unsent(_fd);
        bool isReady = (seen & ModelCalls.PollOut) != 0;
        return new State(isReady && (!hasMark || room >= Mark(mark, ModelCalls.SoSndBuf)), room);
    }

    public State Urgent() => new((ModelCalls.Poll(_fd) & ModelCalls.PollPri) != 0);

    private long Mark(long mark, int buffer) =>
        _quirks.LowWaterIsCut ? Math.Min(mark, ModelCalls.Option(_fd, ModelCalls.SolSocket, buffer)) : mark;

    // A stream socket that never began to connect is a hang-up to Linux, and nothing to BSD.
    private bool IsFresh(int seen) => _isStream && (seen & ModelCalls.PollHup) != 0 && (seen & ModelCalls.PollRdHup) == 0;

    private void NoteConnection() => _wasConnected = _wasConnected || ModelCalls.HasPeer(_fd);

    // Linux gives the error away only once, so it is told by what it can have been.
    private uint ErrorOf(int seen) => (seen & ModelCalls.PollErr) == 0 ? 0u : _wasConnected ? 54u : 61u; // ECONNRESET, ECONNREFUSED
}
