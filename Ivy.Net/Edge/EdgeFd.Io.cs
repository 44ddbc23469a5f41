using Ivy.Net.Polling;

namespace Ivy.Net.Edge;

/// <content>Reading and writing, and what is learned by it.</content>
public abstract partial class EdgeFd<TState>
{
    /// <summary>Reads what is there, at most the buffer's length, without blocking: read(2), recv(2).</summary>
    /// <param name="buffer">Where to.</param>
    /// <returns>Bytes, would-block, end, or the error. In a callback of this descriptor the end and errors may be left alone: OnClose and OnError follow.</returns>
    public IvIoResult Read(Span<byte> buffer)
    {
        IvIoResult result = Watch.Read(buffer);
        if (!result.IsOk || (result.Bytes < buffer.Length && (_flags & (EdgeFlags.IsStream | EdgeFlags.HasUrgent)) == EdgeFlags.IsStream))
        {
            NoteRead(result);
        }

        return result;
    }

    /// <summary>Writes as much as goes without blocking: write(2), send(2).</summary>
    /// <param name="buffer">What to write.</param>
    /// <returns>Bytes, which may be fewer than were given: then OnReady follows, if it is armed; would-block, or the error, as with <see cref="Read"/>.</returns>
    public IvIoResult Write(ReadOnlySpan<byte> buffer)
    {
        IvIoResult result = Watch.Write(buffer);
        if (!result.IsOk || result.Bytes < buffer.Length)
        {
            NoteWrite(result);
        }

        return result;
    }

    // As of this moment nothing is left: what was missed before is of the past.
    private void Unmute(IvBands bands)
    {
        _muted &= ~bands;
        _missed &= ~bands;
    }

    private void NoteRead(IvIoResult result)
    {
        if (result.IsEnd)
        {
            Put(EdgeFlags.Ended);
        }
        else if (result.IsError)
        {
            NoteError(result.Error);
        }
        else
        {
            Unmute(IvBands.In);
        }

        SyncOutside();
    }

    private void NoteWrite(IvIoResult result)
    {
        if (result.IsError)
        {
            NoteError(result.Error);
        }
        else
        {
            Unmute(IvBands.Out);
        }

        SyncOutside();
    }

    // Of a datagram socket an error is of one datagram, and the caller has it.
    private void NoteError(IvError error)
    {
        if (!Has(EdgeFlags.IsDatagram))
        {
            Error = error;
            Put(EdgeFlags.Broken);
        }
    }

    // In a callback the poller is told once, at its end.
    private void SyncOutside()
    {
        if (Has(EdgeFlags.InCallback))
        {
            return;
        }

        if (Has(EdgeFlags.Ended | EdgeFlags.Broken))
        {
            LookAnew();
        }

        Sync();
    }
}
