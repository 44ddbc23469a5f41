using System.Net;
using System.Net.Sockets;
using Ivy.Net.Interop.Linux;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Networks;

[TestFixture]
[Platform("Linux", Reason = "errors injected into system calls of Linux")]
[NonParallelizable] // faults are the process's
public sealed class IvSocketFaultTests
{
    private static readonly SysCall[] Interruptible =
    [
        SysCall.Socket, SysCall.SocketPair, SysCall.Bind, SysCall.Listen, SysCall.Accept, SysCall.Connect, SysCall.Recv, SysCall.Send,
        SysCall.RecvFrom, SysCall.SendTo, SysCall.RecvMsg, SysCall.SendMsg, SysCall.RecvMmsg, SysCall.SendMmsg, SysCall.Shutdown,
        SysCall.GetSockName, SysCall.GetPeerName, SysCall.GetSockOpt, SysCall.SetSockOpt, SysCall.Close, SysCall.Fcntl, SysCall.Statx,
        SysCall.Unlink, SysCall.Chmod,
    ];

    [TestCaseSource(nameof(Interruptible))]
    public void An_interrupted_call_is_not_noticed(Enum call)
    {
        int times = (SysCall)(object)call == SysCall.Close ? 1 : 3;
        int before = Descriptors.CountSockets();
        using var faults = new ScriptedFaults((SysCall)(object)call, IvError.EINTR, times);
        Everything();
        Assert.That(faults.Count, Is.EqualTo(times));
        Assert.That(Descriptors.CountSockets(), Is.EqualTo(before));
    }

    [TestCase(IvError.EMFILE)]
    [TestCase(IvError.ENFILE)]
    public void Without_descriptors_open_and_accept_say_so_and_work_again_later(IvError error)
    {
        var endPoint = new UnixDomainSocketEndPoint("\0" + Guid.NewGuid());
        using var listener = IvSocket.Listen(endPoint);
        using var client = IvSocket.Connect(endPoint);
        using (new ScriptedFaults(SysCall.Accept, error, 2))
        {
            Assert.That(listener.TryAccept(out IvSocket? peer), Is.EqualTo(error));
            Assert.That(peer, Is.Null);
            Assert.That(() => listener.Accept(), Throws.TypeOf<IvException>());
        }

        listener.Accept()!.Dispose();
        using (new ScriptedFaults(SysCall.Socket, error, 4))
        {
            Assert.That(IvSocket.TryOpen(AddressFamily.InterNetwork, SocketType.Stream, out _), Is.EqualTo(error));
            Assert.That(IvSocket.TryConnect(endPoint, out _), Is.EqualTo(error));
            Assert.That(IvSocket.TryBind(endPoint, out _), Is.EqualTo(error));
            Assert.That(() => IvSocket.Listen(endPoint), Throws.TypeOf<IvException>().With.Message.Contains("open: E"));
        }
    }

    [Test]
    public void A_connection_that_died_in_the_queue_is_passed_over()
    {
        var endPoint = new UnixDomainSocketEndPoint("\0" + Guid.NewGuid());
        using var listener = IvSocket.Listen(endPoint);
        using var client = IvSocket.Connect(endPoint);
        using var faults = new ScriptedFaults(SysCall.Accept, IvError.ECONNABORTED, 5);
        using IvSocket? peer = listener.Accept();
        Assert.That(peer, Is.Not.Null);
        Assert.That(faults.Count, Is.EqualTo(5));
    }

    [Test]
    public void An_error_that_stays_is_told_in_the_end()
    {
        using var listener = IvSocket.Listen(new IPEndPoint(IPAddress.Loopback, 0));
        using var faults = new ScriptedFaults(SysCall.Accept, IvError.ENETDOWN, int.MaxValue);
        Assert.That(listener.TryAccept(out _), Is.EqualTo(IvError.ENETDOWN));
        Assert.That(faults.Count, Is.InRange(2, 100));
    }

    [Test]
    public void A_step_that_fails_closes_what_was_opened()
    {
        var endPoint = new IPEndPoint(IPAddress.Loopback, 0);
        var options = new IvListenOptions { ReusePort = true, DeferAccept = TimeSpan.FromSeconds(1) };
        int before = Descriptors.CountSockets();
        foreach (SysCall call in new[] { SysCall.SetSockOpt, SysCall.Bind, SysCall.Listen })
        {
            using var faults = new ScriptedFaults(call, IvError.ENOBUFS);
            Assert.That(IvSocket.TryListen(endPoint, out IvSocket? socket, options), Is.EqualTo(IvError.ENOBUFS), $"{call}");
            Assert.That(socket, Is.Null);
        }

        foreach (SysCall call in new[] { SysCall.Bind, SysCall.Connect })
        {
            using var faults = new ScriptedFaults(call, IvError.ENOBUFS);
            Assert.That(IvSocket.TryConnect(new IPEndPoint(IPAddress.Loopback, 1), out _, endPoint), Is.EqualTo(IvError.ENOBUFS), $"{call}");
        }

        Assert.That(Descriptors.CountSockets(), Is.EqualTo(before));
    }

    // The kernel goes on by itself: connect(2), EINTR.
    [Test]
    public void An_interrupted_connect_over_IP_is_in_progress()
    {
        using var faults = new ScriptedFaults(SysCall.Connect, IvError.EINTR);
        Assert.That(IvSocket.TryConnect(new IPEndPoint(IPAddress.Loopback, 1), out IvSocket? socket), Is.EqualTo(IvError.None));
        Assert.That(faults.Count, Is.EqualTo(1));
        socket!.Dispose();
    }

    [Test]
    public void Short_reads_and_writes_are_counts_and_lose_nothing()
    {
        (IvSocket first, IvSocket second) = IvSocket.CreatePair();
        byte[] data = new byte[100];
        Random.Shared.NextBytes(data);
        byte[] got = new byte[100];
        using (first)
        using (second)
        {
            using (new ScriptedFaults(SysCall.Send, 7))
            {
                int sent = 0;
                while (sent < data.Length)
                {
                    IvIoResult result = first.Send(data.AsSpan(sent));
                    Assert.That(result.Bytes, Is.InRange(1, 7));
                    sent += result.Bytes;
                }
            }

            using (new ScriptedFaults(SysCall.Recv, 3))
            {
                int received = 0;
                while (received < got.Length)
                {
                    IvIoResult result = second.Receive(got.AsSpan(received));
                    Assert.That(result.Bytes, Is.InRange(1, 3));
                    received += result.Bytes;
                }
            }

            Assert.That(got, Is.EqualTo(data));
            using (new ScriptedFaults(SysCall.SendMsg, 5))
            {
                Assert.That(first.Send([(ReadOnlyMemory<byte>)data.AsMemory(0, 3), data.AsMemory(3, 9)]), Is.EqualTo(IvIoResult.Ok(5)));
            }

            using (new ScriptedFaults(SysCall.RecvMsg, 4))
            {
                Assert.That(second.Receive([got.AsMemory(0, 3), got.AsMemory(3, 9)]), Is.EqualTo(IvIoResult.Ok(4)));
            }
        }
    }

    [TestCase(IvError.EAGAIN, true)]
    [TestCase(IvError.ECONNRESET, false)]
    public void What_the_system_says_is_the_result(IvError error, bool wouldBlock)
    {
        (IvSocket first, IvSocket second) = IvSocket.CreatePair();
        byte[] buffer = new byte[4];
        using (first)
        using (second)
        {
            foreach (SysCall call in new[] { SysCall.Send, SysCall.SendMsg, SysCall.Recv, SysCall.RecvMsg })
            {
                using var faults = new ScriptedFaults(call, error);
                IvIoResult result = call switch
                {
                    SysCall.Send => first.Send(buffer),
                    SysCall.SendMsg => first.Send([(ReadOnlyMemory<byte>)buffer]),
                    SysCall.Recv => first.Receive(buffer),
                    _ => first.Receive([buffer.AsMemory()]),
                };
                Assert.That(result.Error, Is.EqualTo(error), $"{call}");
                Assert.That(result.WouldBlock, Is.EqualTo(wouldBlock), $"{call}");
            }
        }
    }

    [Test]
    public void A_socket_whose_options_can_not_be_asked_still_has_a_text()
    {
        using var listener = IvSocket.Listen(new IPEndPoint(IPAddress.Loopback, 0));
        using var faults = new ScriptedFaults(call: null, IvError.EIO, int.MaxValue);
        Assert.That(listener.ToString(), Is.EqualTo("tcp unbound"));
    }

    // One call at least of each kind that the network makes; its asserts hold whatever call was interrupted.
    private static void Everything()
    {
        byte[] buffer = new byte[16];
        string directory = Directory.CreateTempSubdirectory("ivy").FullName;
        var unix = new UnixDomainSocketEndPoint(Path.Combine(directory, "x"));
        IvSocket.Listen(unix).Dispose();
        IvSocket.Listen(unix, new IvListenOptions { UnlinkExisting = true, Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite }).Dispose();
        Directory.Delete(directory, recursive: true);

        using (var pair = new TcpPair())
        {
            Assert.That(pair.Client.Send("abc"u8), Is.EqualTo(IvIoResult.Ok(3)));
            Wait.Readable(pair.Server);
            Assert.That(pair.Server.Receive(buffer), Is.EqualTo(IvIoResult.Ok(3)));
            Assert.That(pair.Client.RemoteEndPoint, Is.EqualTo(pair.Server.LocalEndPoint));
            pair.Client.NoDelay = true;
            Assert.That(pair.Client.NoDelay, Is.True);
            pair.Client.Shutdown(SocketShutdown.Send);
            Wait.Readable(pair.Server);
            Assert.That(pair.Server.Receive(buffer).IsEnd, Is.True);
        }

        using (var udp = IvSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0)))
        {
            SocketAddress to = udp.LocalEndPoint!.Serialize();
            Assert.That(udp.SendTo("ab"u8, to), Is.EqualTo(IvIoResult.Ok(2)));
            Wait.Readable(udp);
            Assert.That(udp.ReceiveFrom(buffer, to), Is.EqualTo(IvIoResult.Ok(2)));
            Assert.That(udp.SendMany([new IvDatagram(buffer, to)], out _), Is.EqualTo(1));
            Wait.Readable(udp);
            Assert.That(udp.ReceiveMany([new IvDatagram(buffer)], out _), Is.EqualTo(1));
        }

        (IvSocket first, IvSocket second) = IvSocket.CreatePair();
        nint[] handles = new nint[1];
        Assert.That(first.SendHandles("x"u8, [first.Handle]), Is.EqualTo(IvIoResult.Ok(1)));
        Assert.That(second.ReceiveHandles(buffer, handles, out int count, out _), Is.EqualTo(IvIoResult.Ok(1)));
        Assert.That(count, Is.EqualTo(1));
        IvSocket.FromHandle(handles[0]).Dispose();
        Assert.That(first.Send([(ReadOnlyMemory<byte>)buffer]), Is.EqualTo(IvIoResult.Ok(16)));
        Assert.That(second.Receive([buffer.AsMemory()]), Is.EqualTo(IvIoResult.Ok(16)));
        first.Dispose();
        second.Dispose();
    }
}
