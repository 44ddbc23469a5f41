using System.Net;
using System.Net.Sockets;
using System.Text;
using Ivy.Net.Polling;

namespace Ivy.Net.Tests.Support;

/// <summary>
/// A group that echoes, on a real backend; <c>?</c> is answered with the number of the loop that has the connection. Ended with the
/// test, within its deadline.
/// </summary>
internal sealed class GroupServer : IDisposable
{
    private const int ReceiveTimeout = 30_000; // ms: only a broken group reaches it

    private readonly List<IDisposable> _owned = [];

    public GroupServer(IvLoopGroupOptions options, IvAcceptMode? mode = IvAcceptMode.ReusePort)
    {
        Require(mode == IvAcceptMode.ReusePort ? null : mode);
        Group = new IvLoopGroup(options);
        if (mode is { } accept)
        {
            // Where the mode is not the system's, the default one: what the tests are about is the same.
            EndPoint = (IPEndPoint)Group.Listen(new IPEndPoint(IPAddress.Loopback, 0), Welcome, accept == IvAcceptMode.ReusePort ? null : accept);
        }
    }

    /// <summary>Skips the running test where the system has no such mode.</summary>
    public static void Require(IvAcceptMode? mode)
    {
        if (mode is IvAcceptMode.ReusePort or IvAcceptMode.SteerByCpu && OperatingSystem.IsWindows())
        {
            Assert.Ignore($"Windows has no SO_REUSEPORT, of which {mode} is made");
        }
    }

    /// <summary>What <see cref="Receive"/> may say of a connection that was reset.</summary>
    public static string[] Reset => WineQuirks.IsWine ? ["reset", "end"] : ["reset"]; // WineQuirks.TakesErrors

    public IvLoopGroup Group { get; }

    public IPEndPoint EndPoint { get; } = new(IPAddress.None, 0);

    public static IvLoopGroupOptions Options(string backend, int count, double drainSeconds = 60, Func<int, IvLoopOptions>? loopOptions = null) => new()
    {
        Name = backend,
        Count = count,
        DrainTimeout = TimeSpan.FromSeconds(drainSeconds),
        LoopOptions = loopOptions ?? (_ => LoopOptions(backend)),
    };

    public static IvLoopOptions LoopOptions(string backend) => new() { PollMethods = [Method(backend)] };

    public static IvPollMethod Method(string backend) => IvPollMethod.All.First(method => method.Name == backend);

    public static void Welcome(IvLoopGroupMember member, IvSocket socket) =>
        new IvFd(socket) { State = member, HandlerIn = OnReadable }.Register();

    public static void OnReadable(IvFd fd)
    {
        Span<byte> buffer = stackalloc byte[256];
        IvIoResult received = fd.Socket!.Receive(buffer);
        if (received.WouldBlock)
        {
            return;
        }

        if (!received.IsOk)
        {
            fd.Socket.Dispose();
            return;
        }

        var member = (IvLoopGroupMember)fd.State!;
        Span<byte> message = buffer[..received.Bytes];
        fd.Socket.Send(message is [(byte)'?'] ? Encoding.ASCII.GetBytes($"{member.Index}") : message);
    }

    public Socket Connect()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = ReceiveTimeout };
        _owned.Add(socket);
        socket.Connect(EndPoint);
        return socket;
    }

    public Socket[] Connect(int count) => [.. Enumerable.Range(0, count).Select(_ => Connect())];

    public static string Ask(Socket client, string message)
    {
        client.Send(Encoding.ASCII.GetBytes(message));
        return Receive(client);
    }

    /// <summary>What came; <c>end</c> or <c>reset</c> if that is what came.</summary>
    public static string Receive(Socket client)
    {
        byte[] buffer = new byte[256];
        try
        {
            int count = client.Receive(buffer);
            return count == 0 ? "end" : Encoding.ASCII.GetString(buffer, 0, count);
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionReset)
        {
            return "reset";
        }
    }

    public static int LoopOf(Socket client) => int.Parse(Ask(client, "?"), System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Waits for the end, no longer than anything may take, and hands on what it throws.</summary>
    public IvLoopGroupResult Wait()
    {
        Support.Wait.For(() => Group.Completion.IsCompleted);
        return Group.Wait();
    }

    public void Dispose()
    {
        foreach (IDisposable client in _owned)
        {
            client.Dispose();
        }

        Group.Abort();
        Group.Dispose();
    }
}
