// What edge-echo does for each connection. The callbacks are static, and of a struct: the loop's code has them in it.

using Ivy.Net.Edge;

namespace Ivy.Net.Examples;

internal readonly struct EdgeEcho : IEdgeCallbacks<EdgeClient>
{
    // Then the others have their turn: a client that never stops sending is not the only one.
    private const int MostReads = 16;

    // One buffer for all connections: what is not sent back at once is copied out of it.
    private static readonly byte[] Buffer = new byte[64 * 1024];

    // At an end or an error OnClose or OnError follows. A client that does not read is not read, until OnReady has sent the rest.
    public static void OnData(EdgeFd<EdgeClient> fd)
    {
        for (int reads = 0; fd.State.Unsent is null && reads < MostReads && (reads == 0 || !fd.IsDrained); reads++)
        {
            IvIoResult received = fd.Read(Buffer);
            IvIoResult sent = received.IsOk ? fd.Write(Buffer.AsSpan(0, received.Bytes)) : received;
            if (sent.IsError || sent.IsEnd)
            {
                return;
            }

            fd.State.Totals.Messages += received.IsOk ? 1 : 0;
            fd.State.Totals.Bytes += received.Bytes;
            if (sent.Bytes < received.Bytes)
            {
                fd.State.Unsent = new Unsent(Buffer.AsSpan(sent.Bytes..received.Bytes));
                fd.ArmWrite();
            }
        }

        if (fd.State.Unsent is null && (!fd.IsDrained || fd.Loop.Trigger == EdgeTrigger.OneShot))
        {
            fd.ArmRead();
        }
    }

    public static void OnReady(EdgeFd<EdgeClient> fd)
    {
        if (fd.State.Unsent is { } unsent && fd.Write(unsent.Bytes) is { IsError: false } sent)
        {
            if (!unsent.Advance(sent.Bytes))
            {
                fd.ArmWrite();
                return;
            }

            fd.State.Unsent = null;
            fd.ArmRead();
            if (fd.State.HasEnded)
            {
                fd.Close();
            }
        }
    }

    public static void OnError(EdgeFd<EdgeClient> fd, IvError error) => End(fd);

    // The client has closed its side, and all of it was read; what it has not got yet, it gets before the end.
    public static void OnClose(EdgeFd<EdgeClient> fd, EdgeCloseReason reason)
    {
        fd.State.HasEnded = true;
        if (reason == EdgeCloseReason.Local || fd.State.Unsent is null)
        {
            End(fd);
        }
    }

    private static void End(EdgeFd<EdgeClient> fd)
    {
        fd.State.Unsent?.Free();
        fd.State.Unsent = null;
        fd.Close();
    }
}
