using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Ivy.Net.Tests.Fds;

/// <summary>What a connection takes, and where in it lies what each event reads: a server has as many of these objects as connections.</summary>
internal sealed class ObjectLayoutTests
{
    private const int Connections = 100;

    [Test]
    public void A_connection_is_two_objects_of_184_bytes()
    {
        var sockets = new IvSocket[Connections];
        var watches = new IvFd[Connections];
        Make(1);
        long begin = GC.GetAllocatedBytesForCurrentThread();
        Make(Connections);
        double bytes = (GC.GetAllocatedBytesForCurrentThread() - begin) / (double)Connections;
        Array.ForEach(sockets, socket => socket.Dispose());
        Assert.That(bytes, Is.EqualTo(184).Within(1));
        GC.KeepAlive(watches);

        void Make(int count)
        {
            for (int i = 0; i < count; i++)
            {
                sockets[i]?.Dispose();
                sockets[i] = IvSocket.Open(AddressFamily.InterNetwork, SocketType.Stream);
                watches[i] = new IvFd(sockets[i]);
            }
        }
    }

    [Test]
    public void What_each_event_reads_lies_where_the_loop_asks_the_processor_for_it()
    {
        (IvSocket near, IvSocket far) = IvSocket.CreatePair();
        using (near)
        using (far)
        {
            var watch = new IvFd(near);
            int[] ofWatch = [OffsetOf(watch, ref StateOf(watch)), OffsetOf(watch, ref LoopOf(watch)), OffsetOf(watch, ref PlaceOf(watch)), OffsetOf(watch, ref SourceOf(watch)), OffsetOf(watch, ref InOf(watch))];
            int[] ofSocket = [OffsetOf(near, ref NetworkOf(near)), OffsetOf(near, ref HandleOf(near))];
            Assert.That(ofWatch, Is.All.InRange(IvFd.HotBegin, IvFd.HotEnd));
            Assert.That(ofSocket, Is.All.InRange(IvSocket.HotBegin, IvSocket.HotEnd));
        }
    }

    private static int OffsetOf<T>(object target, ref T field) =>
        IntPtr.Size + (int)Unsafe.ByteOffset(ref Unsafe.As<AnyObject>(target).FirstByte, ref Unsafe.As<T, byte>(ref field));

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_state")]
    private static extern ref object? StateOf(IvObject watch);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_loop")]
    private static extern ref IvLoop? LoopOf(IvObject watch);

    // Beside the flags.
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_place")]
    private static extern ref int PlaceOf(IvObject watch);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_source")]
    private static extern ref object? SourceOf(IvFd watch);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_in")]
    private static extern ref Action<IvFd>? InOf(IvFd watch);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_network")]
    private static extern ref IvNetwork NetworkOf(IvSocket socket);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_handle")]
    private static extern ref nint HandleOf(IvSocket socket);

    // The fields of any object begin behind the pointer to its type.
    private sealed class AnyObject
    {
#pragma warning disable CS0649 // only its place is of interest
        public byte FirstByte;
#pragma warning restore CS0649
    }
}
