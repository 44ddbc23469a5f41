using Ivy.Net.Interop;
using Ivy.Net.Interop.Linux;
using Microsoft.Win32.SafeHandles;

namespace Ivy.Net;

/// <summary>The three streams of a child that is about to be started: the child's ends, and ours.</summary>
/// <remarks>
/// All are close-on-exec from the moment they exist, so that a child that another thread starts meanwhile inherits none, and
/// none is 0, 1 or 2, even if this process has those closed. Dispose closes the child's ends, and ours too unless they were taken.
/// </remarks>
internal sealed unsafe class ChildStreams : IDisposable
{
    private const int FirstOtherDescriptor = 3;

    private readonly List<int> _childEnds = [];
    private int _null = -1;

    public int Input { get; private set; } = SpawnRequest.Inherit;

    public int Output { get; private set; } = SpawnRequest.Inherit;

    public int Error { get; private set; } = SpawnRequest.Inherit;

    public SafeFileHandle? OurInput { get; private set; }

    public SafeFileHandle? OurOutput { get; private set; }

    public SafeFileHandle? OurError { get; private set; }

    public IvError TryOpen(IvStdio input, IvStdio output, IvStdio error)
    {
        IvError failure = TryOpen(input, isInput: true, out int child, out SafeFileHandle? ours);
        (Input, OurInput) = (child, ours);
        if (failure != IvError.None)
        {
            return failure;
        }

        failure = TryOpen(output, isInput: false, out child, out ours);
        (Output, OurOutput) = (child, ours);
        if (failure != IvError.None)
        {
            return failure;
        }

        // Inherited output has no descriptor of its own here: then it is that of this process.
        IvStdio target = error.Kind != IvStdio.SourceKind.SameAsOutput ? error
            : IvStdio.From(Output == SpawnRequest.Inherit ? 1 : Output);
        failure = TryOpen(target, isInput: false, out child, out ours);
        (Error, OurError) = (child, ours);
        return failure;
    }

    /// <summary>The child has been started: our ends are the caller's.</summary>
    public void Release() => OurInput = OurOutput = OurError = null;

    public void Dispose()
    {
        foreach (int fd in _childEnds)
        {
            Sys.Close(fd);
        }

        _childEnds.Clear();
        OurInput?.Dispose();
        OurOutput?.Dispose();
        OurError?.Dispose();
    }

    private IvError TryOpen(IvStdio stream, bool isInput, out int child, out SafeFileHandle? ours)
    {
        ours = null;
        child = stream.Kind switch
        {
            IvStdio.SourceKind.Null => OpenNull(),
            IvStdio.SourceKind.Given => Duplicate(stream),
            IvStdio.SourceKind.Pipe => OpenPipe(isInput, out ours),
            _ => SpawnRequest.Inherit,
        };
        return stream.Kind != IvStdio.SourceKind.Inherit && child < 0 ? Sys.Error(child) : IvError.None;
    }

    private int OpenNull()
    {
        if (_null < 0)
        {
            fixed (byte* path = "/dev/null\0"u8)
            {
                _null = Keep(Sys.Open(path, Constants.O_RDWR | Constants.O_CLOEXEC));
            }
        }

        return _null;
    }

    private int Duplicate(IvStdio stream)
    {
        bool referenced = false;
        try
        {
            if (stream.GivenHandle is not { } handle)
            {
                return Keep(Sys.Fcntl((int)stream.GivenNumber, Constants.F_DUPFD_CLOEXEC, FirstOtherDescriptor));
            }

            return handle.IsInvalid || !HandleReference.TryAdd(handle, ref referenced)
                ? -(int)IvError.EBADF
                : Keep(Sys.Fcntl((int)handle.DangerousGetHandle(), Constants.F_DUPFD_CLOEXEC, FirstOtherDescriptor));
        }
        finally
        {
            if (referenced)
            {
                stream.GivenHandle!.DangerousRelease();
            }
        }
    }

    private int OpenPipe(bool isInput, out SafeFileHandle? ours)
    {
        ours = null;
        int* ends = stackalloc int[2];
        int result = Sys.Pipe2(ends, Constants.O_CLOEXEC);
        if (result < 0)
        {
            return result;
        }

        int child = Keep(Lift(ends[isInput ? 0 : 1]));
        int mine = Lift(ends[isInput ? 1 : 0]);
        if (mine < 0)
        {
            return mine;
        }

        ours = new SafeFileHandle(mine, ownsHandle: true);

        // Of ours only: the two ends are two open files, and the child expects a blocking one.
        result = Sys.Fcntl(mine, Constants.F_SETFL, Constants.O_NONBLOCK);
        return child < 0 || result >= 0 ? child : result;
    }

    // Away from the numbers of the standard streams.
    private static int Lift(int fd)
    {
        if (fd >= FirstOtherDescriptor)
        {
            return fd;
        }

        int lifted = Sys.Fcntl(fd, Constants.F_DUPFD_CLOEXEC, FirstOtherDescriptor);
        Sys.Close(fd);
        return lifted;
    }

    private int Keep(int fd)
    {
        if (fd >= 0)
        {
            fd = Lift(fd);
        }

        if (fd >= 0)
        {
            _childEnds.Add(fd);
        }

        return fd;
    }
}
