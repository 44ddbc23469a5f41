using System.Runtime.CompilerServices;
using Ivy.Net.Interop.Linux;

namespace Ivy.Net;

// Descriptors over Unix sockets: unix(7), cmsg(3).
internal sealed unsafe partial class SystemNetwork
{
    // Room for as many descriptors as the kernel ever sends at once, and as much again for what a raw option may have asked
    // for (credentials, a security label): what does not fit in here is lost, so everything shall fit.
    private const int ControlRoom = 2048;

    internal override IvIoResult SendHandles(nint handle, ReadOnlySpan<byte> buffer, ReadOnlySpan<nint> handles)
    {
        int size = sizeof(ControlHeader) + (handles.Length * sizeof(int));
        byte* control = stackalloc byte[Align(size)];
        var header = (ControlHeader*)control;
        header->Length = (nuint)size;
        header->Level = Constants.SOL_SOCKET;
        header->Type = Constants.SCM_RIGHTS;
        int* numbers = (int*)(header + 1);
        for (int i = 0; i < handles.Length; i++)
        {
            if (handles[i] is < 0 or > int.MaxValue)
            {
                // Cut to the kernel's width it could be a stranger's.
                return IvIoResult.Failed(IvError.EBADF);
            }

            numbers[i] = (int)handles[i];
        }

        fixed (byte* pointer = buffer)
        {
            var vector = new IoVector { Base = pointer, Length = (nuint)buffer.Length };
            var message = new MessageHeader { Vectors = &vector, VectorCount = 1 };
            if (handles.Length != 0)
            {
                message.Control = control;
                message.ControlLength = (nuint)Align(size);
            }

            return Moved(Sys.SendMsg((int)handle, &message, SendFlags));
        }
    }

    [SkipLocalsInit]
    internal override IvIoResult ReceiveHandles(nint handle, Span<byte> buffer, Span<nint> handles, out int count, out bool truncated)
    {
        count = 0;
        truncated = false;
        nuint* control = stackalloc nuint[ControlRoom / sizeof(nuint)];
        fixed (byte* pointer = buffer)
        {
            var vector = new IoVector { Base = pointer, Length = (nuint)buffer.Length };
            var message = new MessageHeader { Vectors = &vector, VectorCount = 1, Control = (byte*)control, ControlLength = ControlRoom };
            nint received = Sys.RecvMsg((int)handle, &message, ReceiveFlags | Constants.MSG_CMSG_CLOEXEC);
            if (received >= 0)
            {
                // The kernel itself drops what it can't install, when this process is at its limit of open files.
                truncated = (message.Flags & Constants.MSG_CTRUNC) != 0;
                count = Take(message.Control, message.ControlLength, handles, ref truncated);
            }

            // A stream's end; a datagram of 0 bytes can't be told from it here, and nobody sends descriptors with nothing.
            return Received(received, count == 0 && buffer.Length != 0);
        }
    }

    // Every descriptor that came is either handed out or closed: none is left open that nobody knows.
    private static int Take(byte* control, nuint length, Span<nint> handles, ref bool truncated)
    {
        int count = 0;
        nuint offset = 0;
        while (offset + (nuint)sizeof(ControlHeader) <= length)
        {
            var header = (ControlHeader*)(control + offset);
            if (header->Length < (nuint)sizeof(ControlHeader) || header->Length > length - offset)
            {
                break;
            }

            if (header->Level == Constants.SOL_SOCKET && header->Type is Constants.SCM_RIGHTS or Constants.SCM_PIDFD)
            {
                int* numbers = (int*)(header + 1);
                int total = (int)((header->Length - (nuint)sizeof(ControlHeader)) / sizeof(int));
                for (int i = 0; i < total; i++)
                {
                    if (header->Type == Constants.SCM_RIGHTS && count < handles.Length)
                    {
                        handles[count++] = numbers[i];
                        continue;
                    }

                    truncated |= header->Type == Constants.SCM_RIGHTS;
                    if (numbers[i] >= 0)
                    {
                        Sys.Close(numbers[i]);
                    }
                }
            }

            offset += (nuint)Align((int)header->Length);
        }

        return count;
    }

    private static int Align(int size) => (size + sizeof(nuint) - 1) & ~(sizeof(nuint) - 1);
}
