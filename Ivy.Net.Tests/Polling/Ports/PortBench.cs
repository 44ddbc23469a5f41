using System.IO.Pipes;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Polling;

/// <summary>A port, and sockets of .NET to put into it, so that the same tests run on every system.</summary>
internal sealed class PortBench(PortKind kind) : IDisposable
{
    /// <summary>All that can be asked for, but the flag.</summary>
    public const EpollEvents Everything = EpollEvents.In | EpollEvents.Pri | EpollEvents.Out | EpollEvents.Err | EpollEvents.Hup | EpollEvents.RdNorm
        | EpollEvents.RdBand | EpollEvents.WrNorm | EpollEvents.WrBand | EpollEvents.Msg | EpollEvents.RdHup;

    private readonly List<IDisposable> _things = [];
    private readonly EpollPortEvent[] _room = new EpollPortEvent[64];

    public EpollPort Port { get; } = kind.Open();

    /// <summary>A UDP socket on a port of its own.</summary>
    public Socket Udp(IPAddress? address = null)
    {
        address ??= IPAddress.Loopback;
        var socket = Own(new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp));
        socket.Bind(new IPEndPoint(address, 0));
        return socket;
    }

    /// <summary>A UDP socket that has something to receive.</summary>
    public Socket Ready()
    {
        Socket socket = Udp();
        Poke(socket);
        return socket;
    }

    /// <summary>A TCP socket that is not connected.</summary>
    public Socket Tcp() => Own(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true });

    public Socket Listener()
    {
        Socket listener = Tcp();
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        return listener;
    }

    /// <summary>The two ends of a TCP connection.</summary>
    public (Socket One, Socket Other) Connection()
    {
        using Socket listener = Listener();
        Socket one = Tcp();
        one.Connect(listener.LocalEndPoint!);
        return (one, Own(listener.Accept()));
    }

    /// <summary>A connect that has been started, without waiting for its outcome.</summary>
    public Socket Connecting(EndPoint address)
    {
        Socket socket = Tcp();
        socket.Blocking = false;
        try
        {
            socket.Connect(address);
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
        {
            // Under way.
        }

        return socket;
    }

    /// <summary>The open end of a pipe: a handle, but no socket.</summary>
    public SafeHandle Pipe() => Own(new AnonymousPipeServerStream()).SafePipeHandle;

    /// <summary>Gives a UDP socket something to receive.</summary>
    public static void Poke(Socket socket) => socket.SendTo([1], socket.LocalEndPoint!);

    public static void Drain(Socket socket)
    {
        byte[] room = new byte[64 * 1024];
        socket.Blocking = false;
        while (socket.Poll(0, SelectMode.SelectRead) && socket.Receive(room, SocketFlags.None, out SocketError error) > 0 && error == SocketError.Success)
        {
        }
    }

    /// <summary>Closes a socket, and makes one that gets its number; systems take the lowest, or the last that became free.</summary>
    public Socket Successor(Socket socket)
    {
        nint number = socket.Handle;
        socket.Dispose();
        for (int i = 0; i < 64; i++)
        {
            Socket next = Udp();
            if (next.Handle == number)
            {
                return next;
            }
        }

        Assert.Ignore("this system does not give a number again soon");
        throw new InvalidOperationException();
    }

    /// <summary>What the next wait reports, which has something to report.</summary>
    public EpollPortEvent[] Next()
    {
        int count = Port.Wait(_room, Wait.Deadline);
        Assert.That(count, Is.Positive, "nothing became ready");
        return _room[..count];
    }

    /// <summary>The one event that the next wait reports.</summary>
    public EpollPortEvent One()
    {
        EpollPortEvent[] all = Next();
        Assert.That(all, Has.Length.EqualTo(1));
        return all[0];
    }

    /// <summary>Waits until one socket, the only one that can become ready, is reported for at least these events.</summary>
    public EpollEvents Until(EpollEvents wanted)
    {
        EpollEvents seen = EpollEvents.None;
        Wait.For(() => ((seen = One().Events) & wanted) == wanted, $"{wanted}");
        return seen;
    }

    /// <summary>What is ready now; none, if nothing is.</summary>
    public EpollPortEvent[] Now() => _room[..Port.Wait(_room, TimeSpan.Zero)];

    public T Own<T>(T thing)
        where T : IDisposable
    {
        _things.Add(thing);
        return thing;
    }

    public void Dispose()
    {
        Port.Dispose();
        _things.ForEach(static thing => thing.Dispose());
    }
}
