using System.Runtime.InteropServices;
using Ivy.Net.Interop.Windows;

namespace Ivy.Net;

/// <summary>The count behind an event of Windows: eventfd(2)'s, beside a socket that is connected to itself.</summary>
/// <remarks>
/// <para>E1: a post that finds the count at 0 sends a datagram, others send none. E2: a read takes the datagrams first and the count
/// after them. So a count above 0 always has a datagram under way or in the socket; the other way round, a datagram without a
/// count, is possible, and reads as would-block.</para>
/// <para>E3: a datagram that somebody else has sent into the socket adds its own number, as a write(2) to an eventfd does.
/// Those of this class carry 0.</para>
/// </remarks>
internal sealed unsafe class WinsockEventCounter
{
    // Somebody who sends faster than this is read must not keep the loop: what is left makes the socket readable again.
    private const int MostDatagrams = 64;

    private long _count;

    /// <summary>Adds a number of eight bytes; any thread.</summary>
    public IvIoResult Write(nint handle, ReadOnlySpan<byte> word)
    {
        if (word.Length < sizeof(ulong))
        {
            return IvIoResult.Failed(IvError.EINVAL);
        }

        long number = MemoryMarshal.Read<long>(word);
        if (number != 0 && Interlocked.Add(ref _count, number) == number)
        {
            long wake = 0;
            if (Ws2.send(handle, (byte*)&wake, sizeof(long), 0) < 0)
            {
                int code = WinsockErrors.Last();
                if (code != WinsockErrors.WSAEWOULDBLOCK)
                {
                    return IvIoResult.Failed(WinsockErrors.ToError(code));
                }

                // The buffer is full of datagrams: the socket is readable.
            }
        }

        return IvIoResult.Ok(sizeof(long));
    }

    /// <summary>Takes the count, and leaves 0; would-block if it is 0 already. For the loop's thread.</summary>
    public IvIoResult Read(nint handle, Span<byte> word)
    {
        if (word.Length < sizeof(ulong))
        {
            return IvIoResult.Failed(IvError.EINVAL);
        }

        long foreign = 0;
        for (int i = 0; i < MostDatagrams; i++)
        {
            long number;
            int count = Ws2.recv(handle, (byte*)&number, sizeof(long), 0);
            int code = count < 0 ? WinsockErrors.Last() : 0;
            if (code == WinsockErrors.WSAEWOULDBLOCK)
            {
                break;
            }

            if (code is not (0 or WinsockErrors.WSAEMSGSIZE))
            {
                return IvIoResult.Failed(WinsockErrors.ToError(code));
            }

            // A datagram of another size is no number.
            foreign += count == sizeof(long) ? number : 0;
        }

        long total = Interlocked.Exchange(ref _count, 0) + foreign;
        if (total == 0)
        {
            return IvIoResult.Blocked;
        }

        MemoryMarshal.Write(word, total);
        return IvIoResult.Ok(sizeof(long));
    }
}
