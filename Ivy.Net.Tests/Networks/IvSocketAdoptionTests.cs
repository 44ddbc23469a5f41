using System.Net;
using System.Net.Sockets;
using Ivy.Net.Interop.Linux;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Networks;

[TestFixture]
[NonParallelizable] // counts descriptors
public sealed class IvSocketAdoptionTests
{
    private readonly byte[] _buffer = new byte[8];

    [Test]
    public void A_descriptor_says_itself_what_it_is()
    {
        using var original = IvSocket.Open(AddressFamily.InterNetworkV6, SocketType.Dgram);
        using var taken = IvSocket.FromHandle(original.Handle, ownsHandle: false);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(taken.AddressFamily, Is.EqualTo(AddressFamily.InterNetworkV6));
            Assert.That(taken.SocketType, Is.EqualTo(SocketType.Dgram));
            Assert.That(taken.ProtocolType, Is.EqualTo(ProtocolType.Udp));
        }
    }

    [Test]
    [Platform("Linux", Reason = "Winsock does not say whether a socket blocks, so that it can't be put back")]
    public void A_descriptor_that_is_not_owned_stays_open_and_blocks_again_as_before()
    {
        using var original = IvSocket.Open(AddressFamily.InterNetwork, SocketType.Stream);
        IvNetwork.System.SetBlocking(original.Handle, blocking: true);
        using (var taken = IvSocket.FromHandle(original.Handle, ownsHandle: false))
        {
            IvNetwork.System.GetBlocking(original.Handle, out bool during);
            Assert.That(during, Is.False);
        }

        Assert.That(IvNetwork.System.GetBlocking(original.Handle, out bool after), Is.EqualTo(IvError.None));
        Assert.That(after, Is.True);
    }

    [Test]
    public void What_is_no_socket_is_refused_and_left_alone()
    {
        using FileStream file = File.OpenRead("/dev/null");
        nint handle = file.SafeFileHandle.DangerousGetHandle();
        Assert.That(
            () => IvSocket.FromHandle(handle),
            Throws.TypeOf<IvException>()
                .With.Property(nameof(IvException.Error)).EqualTo(IvError.ENOTSOCK)
                .And.Message.Contains($"descriptor {handle}: take a descriptor: ENOTSOCK")
                .And.Message.Contains(OperatingSystem.IsWindows() ? "loop.Post what came" : "IvFd takes descriptors of any kind"));
        Assert.That(Descriptors.IsOpen(handle), Is.True);
    }

    [TestCase(-1L)]
    [TestCase(1_000_000L)]
    [TestCase(0x1_0000_0000L)]
    public void A_number_that_is_not_open_is_EBADF(long handle)
    {
        Assert.That(IvSocket.TryFromHandle((nint)handle, out IvSocket? socket), Is.EqualTo(IvError.EBADF));
        Assert.That(socket, Is.Null);
        Assert.That(() => IvSocket.FromHandle((nint)handle), Throws.TypeOf<IvException>());
    }

    [Test]
    [Platform("Linux", Reason = "reads /proc")]
    public void An_adopted_socket_keeps_its_connection()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        client.Connect(listener.LocalEndpoint);
        using Socket server = listener.AcceptSocket();

        using var adopted = IvSocket.Adopt(client);
        Assert.That(() => client.Send(_buffer), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(adopted.Send("abc"u8), Is.EqualTo(IvIoResult.Ok(3)));
        Assert.That(server.Receive(_buffer), Is.EqualTo(3));
        server.Send("de"u8);
        Wait.Readable(adopted);
        Assert.That(adopted.Receive(_buffer), Is.EqualTo(IvIoResult.Ok(2)));
        Assert.That(adopted.Receive(_buffer).WouldBlock, Is.True, "it is non-blocking");
        Assert.That(File.ReadAllText($"/proc/self/fdinfo/{adopted.Handle}"), Does.Contain("flags:\t02004002"));
    }

    [Test]
    public void A_socket_that_is_disposed_is_not_adopted()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Dispose();
        Assert.That(() => IvSocket.Adopt(socket), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => IvSocket.Adopt(null!), Throws.ArgumentNullException);
    }

    [TestCase((int)SysCall.Fcntl)]
    [TestCase((int)SysCall.GetSockOpt)]
    [Platform("Linux", Reason = "errors injected into system calls of Linux")]
    public void A_refused_adoption_leaves_the_socket_as_it_was_and_leaks_nothing(int call)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _ = socket.Handle;
        int before = Descriptors.CountSockets();
        using (var faults = new ScriptedFaults((SysCall)call, IvError.EMFILE))
        {
            Assert.That(() => IvSocket.Adopt(socket), Throws.TypeOf<IvException>().With.Message.Contains("adopt: EMFILE"));
            Assert.That(faults.Count, Is.EqualTo(1));
        }

        Assert.That(Descriptors.CountSockets(), Is.EqualTo(before));
        Assert.That(socket.SafeHandle.IsClosed, Is.False);
    }

    [Test]
    public async Task A_socket_goes_back_to_System_Net()
    {
        using var pair = new TcpPair();
        EndPoint remote = pair.Client.RemoteEndPoint!;
        using Socket socket = pair.Client.ToSocket();
        Assert.That(pair.Client.IsDisposed, Is.True);
        Assert.That(socket.Blocking, Is.False);
        Assert.That(socket.RemoteEndPoint, Is.EqualTo(remote));
        Task<int> receive = socket.ReceiveAsync(_buffer);
        Assert.That(pair.Server.Send("abcd"u8), Is.EqualTo(IvIoResult.Ok(4)));
        Assert.That(await receive, Is.EqualTo(4));
    }

    [Test]
    public void A_simulated_socket_does_not_go_to_System_Net()
    {
        var network = new SimulatedNetwork(1);
        using var socket = IvSocket.Open(AddressFamily.InterNetwork, SocketType.Stream, network: network);
        Assert.That(() => socket.ToSocket(), Throws.TypeOf<NotSupportedException>());
        Assert.That(socket.IsDisposed, Is.False);
    }
}
