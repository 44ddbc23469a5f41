using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Networks;

[TestFixture]
[NonParallelizable] // counts descriptors
public sealed class IvSocketLifeTests
{
    [Test]
    [Platform("Linux", Reason = "packet(7)")]
    public void A_protocol_of_16_bits_stays_what_it_is()
    {
        // htons(ETH_P_IPV6), as packet(7) wants it.
        const ProtocolType Protocol = (ProtocolType)0xDD86;
        IvError error = IvSocket.TryOpen(AddressFamily.Packet, SocketType.Dgram, out IvSocket? socket, Protocol);
        if (error == IvError.EPERM)
        {
            Assert.Ignore("packet(7): these sockets need CAP_NET_RAW");
        }

        using (socket)
        {
            Assert.That(error, Is.EqualTo(IvError.None));
            Assert.That(socket!.ProtocolType, Is.EqualTo(Protocol));
        }
    }

    [Platform("Linux", Reason = "reads /proc")]
    [TestCase(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)]
    [TestCase(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp)]
    [TestCase(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp)]
    [TestCase(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp)]
    [TestCase(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)]
    [TestCase(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified)]
    [TestCase(AddressFamily.Unix, SocketType.Seqpacket, ProtocolType.Unspecified)]
    public void An_opened_socket_says_what_it_is(AddressFamily family, SocketType type, ProtocolType protocol)
    {
        using var socket = IvSocket.Open(family, type);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(socket.AddressFamily, Is.EqualTo(family));
            Assert.That(socket.SocketType, Is.EqualTo(type));
            Assert.That(socket.ProtocolType, Is.EqualTo(protocol));
            Assert.That(socket.Network, Is.SameAs(IvNetwork.System));
            Assert.That(socket.IsDisposed, Is.False);
            Assert.That(IvNetwork.System.GetBlocking(socket.Handle, out bool blocking), Is.EqualTo(IvError.None));
            Assert.That(blocking, Is.False);
            Assert.That(File.ReadAllText($"/proc/self/fdinfo/{socket.Handle}"), Does.Contain("flags:\t02004002"), "O_CLOEXEC, O_NONBLOCK");
        }
    }

    [Test]
    public void A_family_that_the_system_does_not_have_is_EAFNOSUPPORT()
    {
        Assert.That(
            () => IvSocket.Open(AddressFamily.AppleTalk, SocketType.Stream),
            Throws.TypeOf<IvException>().With.Property(nameof(IvException.Error)).EqualTo(IvError.EAFNOSUPPORT));
        Assert.That(IvSocket.TryOpen(AddressFamily.AppleTalk, SocketType.Stream, out IvSocket? socket), Is.EqualTo(IvError.EAFNOSUPPORT));
        Assert.That(socket, Is.Null);
    }

    [Test]
    public void A_protocol_that_the_family_does_not_have_is_EPROTONOSUPPORT() =>
        Assert.That(
            IvSocket.TryOpen(AddressFamily.InterNetwork, SocketType.Stream, out _, ProtocolType.Udp),
            Is.EqualTo(IvError.EPROTONOSUPPORT));

    [TestCase(SocketType.Stream)]
    [TestCase(SocketType.Dgram)]
    [TestCase(SocketType.Seqpacket, ExcludePlatform = "Win")]
    public void A_pair_is_connected_both_ways(SocketType type)
    {
        (IvSocket first, IvSocket second) = IvSocket.CreatePair(type);
        using (first)
        using (second)
        using (Assert.EnterMultipleScope())
        {
            byte[] buffer = new byte[8];
            Assert.That(first.Send("ab"u8), Is.EqualTo(IvIoResult.Ok(2)));
            Assert.That(second.Receive(buffer), Is.EqualTo(IvIoResult.Ok(2)));
            Assert.That(second.Send("abc"u8), Is.EqualTo(IvIoResult.Ok(3)));
            Assert.That(first.Receive(buffer), Is.EqualTo(IvIoResult.Ok(3)));
        }
    }

    [Test]
    public void A_pair_of_a_type_that_there_is_not_is_refused()
    {
        Assert.That(IvSocket.TryCreatePair(out IvSocket? first, out IvSocket? second, SocketType.Rdm), Is.Not.EqualTo(IvError.None));
        Assert.That(first, Is.Null);
        Assert.That(second, Is.Null);
        Assert.That(() => IvSocket.CreatePair(SocketType.Rdm), Throws.TypeOf<IvException>());
    }

    [Test]
    public void Dispose_closes_once_and_may_be_called_again()
    {
        var socket = IvSocket.Open(AddressFamily.InterNetwork, SocketType.Stream);
        nint handle = socket.Handle;

        socket.Dispose();
        Assert.That(Descriptors.IsOpen(handle), Is.False);

        using var stranger = IvSocket.Open(AddressFamily.InterNetwork, SocketType.Stream);
        Assert.That(stranger.Handle, Is.EqualTo(handle), "the kernel gives the lowest free number");
        socket.Dispose();
        Assert.That(Descriptors.IsOpen(handle), Is.True, "a second Dispose must not hit the stranger");
    }

    [Test]
    [Platform("Linux", Reason = "counts descriptors in /proc")]
    public void Dispose_from_many_threads_closes_once()
    {
        var socket = IvSocket.Open(AddressFamily.InterNetwork, SocketType.Stream);
        int before = Descriptors.CountSockets();

        Parallel.For(0, 8, _ => socket.Dispose());

        Assert.That(Descriptors.CountSockets(), Is.EqualTo(before - 1));
    }

    [Test]
    [Platform("Linux", Reason = "counts descriptors in /proc")]
    public void A_disposed_socket_says_Disposed_and_asks_the_system_nothing()
    {
        (IvSocket socket, IvSocket other) = IvSocket.CreatePair();
        other.Dispose();
        socket.Dispose();
        var address = new SocketAddress(AddressFamily.Unix, 110);
        var endPoint = new IPEndPoint(IPAddress.Loopback, 1);
        byte[] buffer = new byte[4];
        var disposed = IvIoResult.Failed(IvError.Disposed);
        using var faults = new ScriptedFaults(call: null, IvError.EIO, int.MaxValue);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(socket.IsDisposed, Is.True);
            Assert.That(socket.Handle, Is.EqualTo((nint)(-1)));
            Assert.That(socket.Receive(buffer), Is.EqualTo(disposed));
            Assert.That(socket.Receive(buffer, SocketFlags.Peek), Is.EqualTo(disposed));
            Assert.That(socket.Peek(buffer), Is.EqualTo(disposed));
            Assert.That(socket.Receive([buffer.AsMemory()]), Is.EqualTo(disposed));
            Assert.That(socket.Send(buffer), Is.EqualTo(disposed));
            Assert.That(socket.Send(buffer, SocketFlags.None), Is.EqualTo(disposed));
            Assert.That(socket.Send([(ReadOnlyMemory<byte>)buffer]), Is.EqualTo(disposed));
            Assert.That(socket.ReceiveFrom(buffer, address), Is.EqualTo(disposed));
            Assert.That(socket.SendTo(buffer, address), Is.EqualTo(disposed));
            Assert.That(socket.SendTo(buffer, endPoint), Is.EqualTo(disposed));
            Assert.That(socket.ReceiveMany([new IvDatagram(buffer)], out IvError receiveError), Is.Zero);
            Assert.That(receiveError, Is.EqualTo(IvError.Disposed));
            Assert.That(socket.SendMany([new IvDatagram(buffer)], out IvError sendError), Is.Zero);
            Assert.That(sendError, Is.EqualTo(IvError.Disposed));
            Assert.That(socket.SendHandles(buffer, [0]), Is.EqualTo(disposed));
            Assert.That(socket.ReceiveHandles(buffer, new nint[1], out _, out _), Is.EqualTo(disposed));
            Assert.That(socket.TakeError(), Is.EqualTo(IvError.Disposed));
            Assert.That(socket.TryShutdown(SocketShutdown.Both), Is.EqualTo(IvError.Disposed));
            Assert.That(socket.TryBind(endPoint), Is.EqualTo(IvError.Disposed));
            Assert.That(socket.TryConnect(endPoint), Is.EqualTo(IvError.Disposed));
            Assert.That(socket.TryListen(1), Is.EqualTo(IvError.Disposed));
            Assert.That(socket.TryAccept(out _), Is.EqualTo(IvError.Disposed));
            Assert.That(socket.GetLocalAddress(address), Is.EqualTo(IvError.Disposed));
            Assert.That(socket.GetRemoteAddress(address), Is.EqualTo(IvError.Disposed));
            Assert.That(socket.LocalEndPoint, Is.Null);
            Assert.That(socket.RemoteEndPoint, Is.Null);
            Assert.That(socket.TrySetRawOption(1, 2, buffer), Is.EqualTo(IvError.Disposed));
            Assert.That(socket.TryGetRawOption(1, 2, buffer, out _), Is.EqualTo(IvError.Disposed));
            Assert.That(() => socket.NoDelay = true, ThrowsDisposed());
            Assert.That(() => socket.KeepAlive, ThrowsDisposed());
            Assert.That(() => socket.Shutdown(SocketShutdown.Send), ThrowsDisposed());
            Assert.That(() => socket.Accept(), ThrowsDisposed());
            Assert.That(() => socket.Listen(1), ThrowsDisposed());
            Assert.That(() => socket.Bind(endPoint), ThrowsDisposed());
            Assert.That(() => socket.Connect(endPoint), ThrowsDisposed());
            Assert.That(() => socket.Detach(), ThrowsDisposed());
            Assert.That(() => socket.ToSocket(), ThrowsDisposed());
            Assert.That(socket.ToString(), Is.EqualTo("disposed unix socket"));
            Assert.That(faults.Count, Is.Zero, "no system call was made");
        }
    }

    [Test]
    public void A_forgotten_socket_is_closed_by_the_collector()
    {
        nint handle = Forget();

        Wait.For(() =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return !Descriptors.IsOpen(handle);
        });
    }

    [Test]
    public void The_watcher_is_told_while_the_descriptor_is_still_open()
    {
        var socket = IvSocket.Open(AddressFamily.InterNetwork, SocketType.Stream);
        var watcher = new Watcher(socket);
        socket.Watcher = watcher;

        socket.Dispose();
        socket.Dispose();

        Assert.That(watcher.Calls, Is.EqualTo(1));
        Assert.That(watcher.WasOpen, Is.True);
    }

    [Test]
    public void A_watcher_that_refuses_leaves_the_socket_as_it_was()
    {
        using var socket = IvSocket.Open(AddressFamily.InterNetwork, SocketType.Stream);
        var watcher = new Watcher(socket) { Refusal = new InvalidOperationException("wrong thread") };
        socket.Watcher = watcher;

        Assert.That(socket.Dispose, Throws.InvalidOperationException);
        Assert.That(() => socket.Detach(), Throws.InvalidOperationException);
        Assert.That(socket.IsDisposed, Is.False);
        Assert.That(Descriptors.IsOpen(socket.Handle), Is.True);

        watcher.Refusal = null;
    }

    [Test]
    public void Detach_gives_the_descriptor_away_open_and_non_blocking()
    {
        var socket = IvSocket.Open(AddressFamily.InterNetwork, SocketType.Stream);
        var watcher = new Watcher(socket);
        socket.Watcher = watcher;
        nint expected = socket.Handle;

        nint handle = socket.Detach();
        socket.Dispose();

        using var again = IvSocket.FromHandle(handle);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(handle, Is.EqualTo(expected));
            Assert.That(watcher.Calls, Is.EqualTo(1));
            Assert.That(socket.IsDisposed, Is.True);
            Assert.That(IvNetwork.System.GetBlocking(handle, out bool blocking), Is.EqualTo(IvError.None));
            Assert.That(blocking, Is.False);
        }
    }

    private static NUnit.Framework.Constraints.IResolveConstraint ThrowsDisposed() =>
        Throws.TypeOf<IvException>().With.Property(nameof(IvException.Error)).EqualTo(IvError.Disposed);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static nint Forget() => IvSocket.Open(AddressFamily.InterNetwork, SocketType.Stream).Handle;

    private sealed class Watcher(IvSocket socket) : ISocketWatcher
    {
        public int Calls { get; private set; }

        public bool WasOpen { get; private set; }

        public Exception? Refusal { get; set; }

        public void OnSocketClosing()
        {
            if (Refusal is not null)
            {
                throw Refusal;
            }

            Calls++;
            WasOpen = Descriptors.IsOpen(socket.Handle);
        }
    }
}
