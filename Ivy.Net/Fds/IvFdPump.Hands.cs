using System.Buffers;

namespace Ivy.Net;

/// <content>
/// The bytes in hand. H1: they are in a pipe, or in a buffer; in both only while a target that turned out to take no splice gets them, and then
/// those of the buffer are the older ones. H2: nothing is read into the one while the other has bytes. H3: a pipe goes back to
/// the cache, and a buffer to its pool, when it is empty, and only then; a pipe that is not is closed.
/// </content>
public sealed partial class IvFdPump
{
    // Also the least that a pipe must hold to be worth it.
    internal const int BufferSize = 64 * 1024;

    // What may be in the pipe: more of it would only be latency.
    private const int MaxInPipe = 1 << 20;

    private SplicePipe? _pipe;
    private int _inPipe;

    // From _bufferStart on, _inBuffer bytes.
    private byte[]? _buffer;
    private int _bufferStart;
    private int _inBuffer;

    // Reading would go on, but there is no room; or reading blocked, and it can't be told from that.
    private bool _isFull;
    private bool _mayBeFull;

    // A descriptor that takes no splice: from then on everything is copied.
    private bool _copies;

    // It was the target, so that the bytes in the pipe have to be read out of it.
    private bool _drainsPipe;

    private static ArrayPool<byte> Buffers => ArrayPool<byte>.Shared;

    // Reads once. True if it filled what room there was, so that there is probably more.
    private bool TakeIn(ref int left)
    {
        _isFull = _mayBeFull = false;
        if (!_copies && _inBuffer == 0 && (_pipe ?? (_pipe = RentPipe())) is { } pipe)
        {
            int room = Math.Min(left, MaxInPipe - _inPipe);
            if (room == 0)
            {
                _isFull = true;
                return false;
            }

            IvIoResult spliced = From.SpliceTo(pipe.Write, room);
            if (!IsRefusal(spliced.Error))
            {
                _inPipe += spliced.Bytes;
                _mayBeFull = spliced.WouldBlock;
                return TookIn(spliced, ref left) && spliced.Bytes >= Math.Min(room, pipe.Capacity);
            }

            _copies = true;
            if (_inPipe == 0)
            {
                ReleasePipe();
            }
        }

        if (_inPipe > 0)
        {
            _isFull = true;
            return false;
        }

        return TakeIntoBuffer(ref left);
    }

    private bool TakeIntoBuffer(ref int left)
    {
        _buffer ??= Buffers.Rent(BufferSize);
        if (_bufferStart > 0)
        {
            _buffer.AsSpan(_bufferStart, _inBuffer).CopyTo(_buffer);
            _bufferStart = 0;
        }

        int room = Math.Min(left, BufferSize - _inBuffer);
        if (room == 0)
        {
            _isFull = true;
            return false;
        }

        IvIoResult read = From.Read(_buffer.AsSpan(_inBuffer, room));
        _inBuffer += read.Bytes;
        return TookIn(read, ref left) && read.Bytes == room;
    }

    private bool TookIn(IvIoResult result, ref int left)
    {
        BytesIn += result.Bytes;
        left -= result.Bytes;
        if (result.IsEnd || result.IsError)
        {
            _ended = true;
            _inputError = result.IsEnd ? IvError.None : result.Error;
        }

        return result.IsOk;
    }

    // Writes what goes; the error if the target failed.
    private IvError GiveOut()
    {
        while (_inPipe + _inBuffer > 0)
        {
            int asked;
            IvIoResult written;
            if (_inBuffer > 0)
            {
                asked = _inBuffer;
                written = To.Write(_buffer.AsSpan(_bufferStart, asked));
                _bufferStart += written.Bytes;
                _inBuffer -= written.Bytes;
            }
            else if (_drainsPipe)
            {
                IvError error = DrainIntoBuffer();
                if (error != IvError.None)
                {
                    return error;
                }

                continue;
            }
            else
            {
                asked = _inPipe;
                written = To.SpliceFrom(_pipe!.Read, asked);
                if (IsRefusal(written.Error))
                {
                    _copies = _drainsPipe = true;
                    continue;
                }

                _inPipe -= written.Bytes;
                BytesSpliced += written.Bytes;
            }

            BytesOut += written.Bytes;
            if (written.Bytes < asked)
            {
                // Blocked, now or at the next attempt, which readiness tells for less than a call.
                return written.IsError ? written.Error : IvError.None;
            }
        }

        return IvError.None;
    }

    // The target takes no splice, and the pipe has bytes already.
    private IvError DrainIntoBuffer()
    {
        _buffer ??= Buffers.Rent(BufferSize);
        _bufferStart = 0;
        IvIoResult read = _pipe!.Network.Read(_pipe.Read, _buffer.AsSpan(0, Math.Min(BufferSize, _inPipe)));
        _inBuffer = read.Bytes;
        _inPipe -= read.Bytes;
        return read.IsOk ? IvError.None : IvError.EIO;
    }

    // The descriptor, the kernel or a sandbox does not want it that way; if it is anything else, the copy will tell.
    private static bool IsRefusal(IvError error) => error is IvError.EINVAL or IvError.ENOSYS or IvError.EPERM or IvError.EOPNOTSUPP;

    private SplicePipe? RentPipe()
    {
        IvNetwork network = From.IoNetwork;
        return To.IoNetwork != network ? null
            : Cache(network) is { } cache ? cache.Rent()
            : PipeCache.Open(network);
    }

    // Of the loop of this thread, on which the descriptors are registered if they are.
    private static PipeCache? Cache(IvNetwork network) => IvLoop.Current is { } loop && loop.Network == network ? loop.Fds.Pipes : null;

    private void ReleasePipe()
    {
        if (_pipe is { } pipe && Cache(pipe.Network) is { } cache)
        {
            _pipe = null;
            cache.Return(pipe);
        }
    }

    // Nothing is in hand. Without a loop there is no cache, and the pump keeps the pipe for the next time.
    private void ReleaseHands()
    {
        ReleasePipe();
        if (_buffer is { } buffer)
        {
            _buffer = null;
            _bufferStart = 0;
            Buffers.Return(buffer);
        }
    }

    private void DropHands()
    {
        if (_inPipe == 0)
        {
            ReleasePipe();
        }

        _pipe?.Close();
        _pipe = null;
        _inPipe = _inBuffer = 0;
        ReleaseHands();
    }
}
