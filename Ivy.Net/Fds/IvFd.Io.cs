using System.Net.Sockets;
using System.Runtime.InteropServices;
using Ivy.Net.Interop;

namespace Ivy.Net;

/// <content>Reading and writing what is no socket: pipes, terminals, devices, files.</content>
public sealed partial class IvFd
{
    internal IvNetwork IoNetwork => Socket?.Network ?? Loop?.Network ?? IvNetwork.Current;

    /// <summary>Reads what is there, at most the buffer's length, without blocking (read(2)).</summary>
    /// <param name="buffer">Where to; 0 bytes into an empty buffer are no end.</param>
    /// <returns>Bytes, would-block, end, or the error.</returns>
    public IvIoResult Read(Span<byte> buffer)
    {
        if (Socket is { } socket)
        {
            CheckedLoop(nameof(Read));
            return socket.Receive(buffer);
        }

        bool referenced = false;
        try
        {
            IvError closed = Reference(ref referenced);
            return closed == IvError.None ? IoNetwork.Read(_handle, buffer) : IvIoResult.Failed(closed);
        }
        finally
        {
            Release(referenced);
        }
    }

    /// <summary>Writes as much as goes without blocking (write(2)).</summary>
    /// <param name="buffer">What to write.</param>
    /// <returns>Bytes, which may be fewer than were given, would-block, or the error. EPIPE: the reader is gone.</returns>
    public IvIoResult Write(ReadOnlySpan<byte> buffer)
    {
        if (Socket is { } socket)
        {
            CheckedLoop(nameof(Write));
            return socket.Send(buffer);
        }

        bool referenced = false;
        try
        {
            IvError closed = Reference(ref referenced);
            return closed == IvError.None ? IoNetwork.Write(_handle, buffer) : IvIoResult.Failed(closed);
        }
        finally
        {
            Release(referenced);
        }
    }

    /// <summary>Reads into several buffers, one after the other, by one call (readv(2)).</summary>
    /// <param name="buffers">Where to.</param>
    /// <returns>Bytes over all buffers, would-block, end, or the error.</returns>
    public IvIoResult ReadV(ReadOnlySpan<Memory<byte>> buffers)
    {
        if (Socket is { } socket)
        {
            CheckedLoop(nameof(ReadV));
            return socket.Receive(buffers);
        }

        bool referenced = false;
        try
        {
            IvError closed = Reference(ref referenced);
            return closed == IvError.None ? IoNetwork.ReadV(_handle, buffers) : IvIoResult.Failed(closed);
        }
        finally
        {
            Release(referenced);
        }
    }

    /// <summary>Writes several buffers, one after the other, by one call (writev(2)).</summary>
    /// <param name="buffers">What to write.</param>
    /// <returns>Bytes over all buffers, would-block, or the error.</returns>
    public IvIoResult WriteV(ReadOnlySpan<ReadOnlyMemory<byte>> buffers)
    {
        if (Socket is { } socket)
        {
            CheckedLoop(nameof(WriteV));
            return socket.Send(buffers);
        }

        bool referenced = false;
        try
        {
            IvError closed = Reference(ref referenced);
            return closed == IvError.None ? IoNetwork.WriteV(_handle, buffers) : IvIoResult.Failed(closed);
        }
        finally
        {
            Release(referenced);
        }
    }

    // From this descriptor into a pipe of the network, as read(2) would; or, in the second form, out of one, as write(2) would.
    internal IvIoResult SpliceTo(nint pipe, int count)
    {
        bool referenced = false;
        try
        {
            IvError closed = Reference(ref referenced);
            return closed == IvError.None ? IoNetwork.Splice(_handle, pipe, count) : IvIoResult.Failed(closed);
        }
        finally
        {
            Release(referenced);
        }
    }

    internal IvIoResult SpliceFrom(nint pipe, int count)
    {
        bool referenced = false;
        try
        {
            IvError closed = Reference(ref referenced);
            return closed == IvError.None ? IoNetwork.Splice(pipe, _handle, count) : IvIoResult.Failed(closed);
        }
        finally
        {
            Release(referenced);
        }
    }

    internal bool IsReadable()
    {
        bool referenced = false;
        try
        {
            return Reference(ref referenced) == IvError.None && IoNetwork.IsReadable(_handle);
        }
        finally
        {
            Release(referenced);
        }
    }

    // Ends the sending direction of a socket; ENOTSOCK for what has none.
    internal IvError ShutdownSend()
    {
        bool referenced = false;
        try
        {
            IvError closed = Reference(ref referenced);
            return closed == IvError.None ? IoNetwork.Shutdown(_handle, SocketShutdown.Send) : closed;
        }
        finally
        {
            Release(referenced);
        }
    }

    private IvError Reference(ref bool referenced)
    {
        CheckedLoop("reading or writing");
        return _source switch
        {
            SafeHandle handle when !HandleReference.TryAdd(handle, ref referenced) => IvError.EBADF,
            IvSocket { IsDisposed: true } => IvError.Disposed,
            _ => IvError.None,
        };
    }

    private void Release(bool referenced)
    {
        if (referenced)
        {
            ((SafeHandle)_source!).DangerousRelease();
        }
    }
}
