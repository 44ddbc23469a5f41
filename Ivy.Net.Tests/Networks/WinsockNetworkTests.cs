using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using Ivy.Net.Interop.Windows;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Networks;

/// <summary>What Winsock does in another way than Linux, made the same; and what it does not have, refused.</summary>
[Platform("Win", Reason = "Winsock")]
[SupportedOSPlatform("windows")]
internal sealed unsafe class WinsockNetworkTests
{
    private static readonly IPEndPoint AnyPort = new(IPAddress.Loopback, 0);

    [Test]
    public void A_port_that_is_listened_on_can_not_be_taken_by_another_socket()
    {
        using var listener = IvSocket.Listen(AnyPort);
        using var thief = IvSocket.Open(AddressFamily.InterNetwork, SocketType.Stream);
        thief.SetRawOption(WinsockConstants.SOL_SOCKET, WinsockConstants.SO_REUSEADDR, BitConverter.GetBytes(1));
        Assert.That(thief.TryBind(listener.LocalEndPoint!), Is.EqualTo(IvError.EACCES).Or.EqualTo(IvError.EADDRINUSE));
        Assert.That(IvSocket.TryListen(listener.LocalEndPoint!, out _), Is.EqualTo(IvError.EADDRINUSE));
    }

    [Test]
    public void A_server_that_is_started_again_gets_its_port_back_at_once()
    {
        EndPoint port;
        using (var listener = IvSocket.Listen(AnyPort))
        {
            port = listener.LocalEndPoint!;
            using var client = IvSocket.Connect(port);
            Wait.Readable(listener);
            listener.Accept()!.Dispose(); // the server's side is the one that stays in TIME_WAIT
            Wait.Readable(client);
            Assert.That(client.Receive(new byte[1]).IsEnd, Is.True);
        }

        using var again = IvSocket.Listen(port);
        Assert.That(again.LocalEndPoint, Is.EqualTo(port));
    }

    [Test]
    public void A_datagram_to_nobody_is_not_told_to_the_next_receive()
    {
        using var socket = IvSocket.Bind(AnyPort);
        EndPoint nobody;
        using (var gone = IvSocket.Bind(AnyPort))
        {
            nobody = gone.LocalEndPoint!;
        }

        var from = new SocketAddress(AddressFamily.InterNetwork);
        Assert.That(socket.SendTo("x"u8, nobody).Bytes, Is.EqualTo(1));
        Assert.That(socket.SendTo("y"u8, socket.LocalEndPoint!).Bytes, Is.EqualTo(1));
        Wait.Readable(socket);
        Assert.That(socket.ReceiveFrom(new byte[1], from).Bytes, Is.EqualTo(1));
        Assert.That(socket.ReceiveFrom(new byte[1], from).Error, Is.EqualTo(IvError.EAGAIN));
    }

    [Test]
    public void A_listener_of_IPv6_takes_IPv4_too()
    {
        using var listener = IvSocket.Listen(new IPEndPoint(IPAddress.IPv6Any, 0));
        Assert.That(listener.V6Only, Is.False);
        using var client = IvSocket.Connect(new IPEndPoint(IPAddress.Loopback, ((IPEndPoint)listener.LocalEndPoint!).Port));
        Wait.Readable(listener);
        using IvSocket peer = listener.Accept()!;
        Assert.That(((IPEndPoint)peer.RemoteEndPoint!).Address.IsIPv4MappedToIPv6, Is.True);
    }

    [TestCase(SocketType.Stream)]
    [TestCase(SocketType.Dgram)]
    public void A_pair_is_two_sockets_of_loopback_that_know_each_other(SocketType type)
    {
        (IvSocket first, IvSocket second) = IvSocket.CreatePair(type);
        using (first)
        using (second)
        {
            Assert.That(first.AddressFamily, Is.EqualTo(AddressFamily.InterNetwork));
            Assert.That(first.RemoteEndPoint, Is.EqualTo(second.LocalEndPoint));
            Assert.That(second.RemoteEndPoint, Is.EqualTo(first.LocalEndPoint));
            Assert.That(((IPEndPoint)first.LocalEndPoint!).Address, Is.EqualTo(IPAddress.Loopback));
            byte[] buffer = new byte[8];
            Assert.That(first.Receive(buffer).WouldBlock, Is.True, "non-blocking");
            Assert.That(second.Send("there"u8).Bytes, Is.EqualTo(5));
            Wait.Readable(first);
            Assert.That(first.Receive(buffer).Bytes, Is.EqualTo(5));
            Assert.That(first.Send("back"u8).Bytes, Is.EqualTo(4));
            Wait.Readable(second);
            Assert.That(second.Receive(buffer).Bytes, Is.EqualTo(4));
        }
    }

    [Test]
    public void No_socket_is_inherited_by_children()
    {
        using var listener = IvSocket.Listen(AnyPort);
        using var client = IvSocket.Connect(listener.LocalEndPoint!);
        Wait.Readable(listener);
        using IvSocket peer = listener.Accept()!;
        Assert.That(IvNetwork.System.Duplicate(peer.Handle, out nint duplicate), Is.EqualTo(IvError.None));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(IsInherited(listener.Handle), Is.False, "opened");
            Assert.That(IsInherited(peer.Handle), Is.False, "accepted");
            Assert.That(IsInherited(duplicate), Is.False, "duplicated");
        }

        IvNetwork.System.Close(duplicate);
    }

    [Test]
    public void What_is_no_socket_and_what_is_closed_are_told_apart()
    {
        using var something = new ManualResetEvent(false);
        nint handle = something.SafeWaitHandle.DangerousGetHandle();
        IvSocket closed = IvSocket.Open(AddressFamily.InterNetwork, SocketType.Dgram);
        nint gone = closed.Handle;
        closed.Dispose();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(IvSocket.TryFromHandle(handle, out _), Is.EqualTo(IvError.ENOTSOCK));
            Assert.That(IvSocket.TryFromHandle(gone, out _), Is.EqualTo(IvError.EBADF));
            Assert.That(IvSocket.TryFromHandle(0, out _), Is.EqualTo(IvError.EBADF));
            Assert.That(IvSocket.TryFromHandle(-1, out _), Is.EqualTo(IvError.EBADF));
            Assert.That(IvSocket.TryFromHandle(0xbadbad, out _), Is.EqualTo(IvError.EBADF));
            Assert.That(() => IvSocket.FromHandle(handle), Throws.TypeOf<IvException>().With.Message.Contains("Windows watches nothing else"));
        }
    }

    [Test]
    public void What_Windows_does_not_have_says_what_to_use_instead()
    {
        (IvSocket first, IvSocket second) = IvSocket.CreatePair();
        using (first)
        using (second)
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => first.ReusePort = true, Throws.TypeOf<IvException>().With.Message.Contains("ENOPROTOOPT"));
            Assert.That(() => IvSocket.Listen(AnyPort, new IvListenOptions { ReusePort = true }), Throws.TypeOf<IvException>().With.Message.Contains("IvAcceptMode.RoundRobin"));
            Assert.That(first.SendHandles("x"u8, [second.Handle]).Error, Is.EqualTo(IvError.EOPNOTSUPP));
            Assert.That(() => IvSocket.CreatePair(SocketType.Seqpacket), Throws.TypeOf<IvException>().With.Message.Contains("Stream and Dgram only"));
            Assert.That(() => LoopThread.Run(_ => IvInotify.TryCreate(out IvInotify? _)), Throws.TypeOf<PlatformNotSupportedException>().With.Message.Contains("FileSystemWatcher"));
            Assert.That(
                () => LoopThread.Run(_ => new IvProcess("cmd").Start()),
                Throws.TypeOf<PlatformNotSupportedException>().With.Message.Contains("System.Diagnostics.Process"));
        }
    }

    [Test]
    public void An_event_is_woken_by_native_code_that_sends_eight_bytes() => LoopThread.Run(loop =>
    {
        ulong seen = 0;
        using var raw = new IvEventRaw(raw => seen += raw.Count);
        raw.Register();
        long number = 7;
        Assert.That(Ws2.send(raw.Handle, (byte*)&number, sizeof(long), 0), Is.EqualTo(sizeof(long)));
        Assert.That(raw.Post(), Is.True);
        Assert.That(loop.RunUntil(() => seen == 8, TimeSpan.FromSeconds(20)), Is.True, $"seen {seen}");
    });

    [Test]
    public void An_error_has_the_number_of_Windows()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(new IvException(IvError.ECONNREFUSED, "connect").NativeErrorCode, Is.EqualTo(10061));
            Assert.That(new IvException(IvError.EBADF, "register").NativeErrorCode, Is.EqualTo(6));
            Assert.That(new IvException(IvError.Disposed, "send").NativeErrorCode, Is.Zero);
        }
    }

    private static bool IsInherited(nint handle)
    {
        uint flags;
        Assert.That(Kernel32.GetHandleInformation(handle, &flags), Is.Not.Zero);
        return (flags & WinsockConstants.HANDLE_FLAG_INHERIT) != 0;
    }
}
