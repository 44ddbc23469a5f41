using System.Net;

namespace Ivy.Net.Tests.Threads;

/// <summary>A group of three loops and its clients on a simulated network: all threads of one run, under faults.</summary>
/// <remarks>
/// The server echoes, and moves each connection to another loop whenever it has echoed some. Clients check each byte. Some talk, some fall
/// silent and stay, so that a stop has something to drain and something to abort.
/// </remarks>
internal sealed class GroupWorld
{
    private const int Loops = 3;
    private const int Clients = 12;
    private const int BytesEach = 1500;
    private static readonly IPEndPoint Address = new(IPAddress.Loopback, 7000);

    private readonly IvAcceptMode _mode;
    private readonly double _drainSeconds;
    private IvLoop? _clientLoop;

    public GroupWorld(ulong seed, IvAcceptMode mode, SimulatedNetworkOptions? options = null, double drainSeconds = 0.5)
    {
        // In the midst of them, mostly: they come from 0.01 to 0.45 s.
        StopSeconds = options is null ? 0.05 + (0.01 * (seed % 60)) : 1;
        Network = new SimulatedNetwork(seed, options ?? SimulatedNetworkOptions.Hostile);
        _mode = mode;
        _drainSeconds = drainSeconds;
    }

    public SimulatedNetwork Network { get; }

    public double StopSeconds { get; }

    public IvLoopGroupResult Result { get; private set; }

    public IvLoopGroupCounters Counters { get; private set; }

    /// <summary>The descriptors ran out before it served: nothing else to check but that it left nothing open.</summary>
    public bool FailedToStart { get; private set; }

    public long Echoed { get; private set; }

    public long[] PerLoop { get; } = new long[Loops];

    public void Run()
    {
        Network.Run(("server", Serve), ("clients", Talk));
        Assert.That(Network.OpenDescriptors, Is.Zero, "descriptors left open");
    }

    private void Serve()
    {
        using var group = new IvLoopGroup(new IvLoopGroupOptions
        {
            Name = "simulated",
            Count = Loops,
            PinThreads = true,
            StopOnSignals = true,
            Network = Network,
            DrainTimeout = TimeSpan.FromSeconds(_drainSeconds),
        });
        try
        {
            Assert.That(group.Listen(Address, Welcome, _mode), Is.EqualTo(Address));
            group.HandlerSetup = member =>
            {
                if (member.Index == 1)
                {
                    new IvTimer(_ => group.Stop()).Start(TimeSpan.FromSeconds(StopSeconds));
                }
            };
            Result = group.Run();
        }
        catch (IvException exception) when (exception.Error is IvError.EMFILE or IvError.PollMethodUnavailable)
        {
            FailedToStart = true;
        }

        Counters = group.Counters;
        for (int i = 0; i < Loops; i++)
        {
            PerLoop[i] = group.Members[i].Counters.Accepted + group.Members[i].Counters.MovedIn;
        }

        // The clients that wait for nobody any more.
        _clientLoop?.Quit();
    }

    private static void Welcome(IvLoopGroupMember member, IvSocket socket)
    {
        var connection = new Connection(member);
        var fd = new IvFd(socket) { State = connection, HandlerIn = Connection.OnReadable };
        if (fd.TryRegister() != IvError.None)
        {
            socket.Dispose();
        }
    }

    private void Talk()
    {
        using var loop = new IvLoop(new IvLoopOptions { Network = Network });
        _clientLoop = loop;
        var clients = new List<Client>();
        var arrive = new IvTimer(timer =>
        {
            clients.Add(new Client(this, clients.Count));
            if (clients.Count == Clients)
            {
                timer.Stop();
            }
        })
        {
            Name = "arrive",
        };
        arrive.Start(TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(40));
        loop.Run();
        arrive.Stop();
        foreach (Client client in clients)
        {
            client.Close();
        }

        _clientLoop = null;
    }

    /// <summary>The server's side: what has not been sent yet goes along when the connection is moved.</summary>
    private sealed class Connection(IvLoopGroupMember member)
    {
        private const int BytesPerLoop = 400;
        private readonly Queue<byte> _unsent = [];
        private IvLoopGroupMember _member = member;
        private int _here;

        public static void OnReadable(IvFd fd) => ((Connection)fd.State!).Read(fd);

        private void Read(IvFd fd)
        {
            Assert.That(fd.Loop, Is.SameAs(_member.Loop), "a handler runs on the loop that has the connection");
            Span<byte> buffer = stackalloc byte[100];
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

            foreach (byte item in buffer[..received.Bytes])
            {
                _unsent.Enqueue(item);
            }

            _here += received.Bytes;
            Write(fd);
            if (!fd.Socket.IsDisposed && _here >= BytesPerLoop)
            {
                _here = 0;
                _member.Group.Move(fd, _member.Group.Members[(_member.Index + 1) % Loops], (target, moved) =>
                {
                    _member = target;
                    if (moved.TryRegister() != IvError.None)
                    {
                        moved.Socket!.Dispose();
                    }
                });
            }
        }

        private void Write(IvFd fd)
        {
            byte[] bytes = [.. _unsent];
            IvIoResult sent = fd.Socket!.Send(bytes);
            if (sent.IsError)
            {
                fd.Socket.Dispose();
                return;
            }

            for (int i = 0; i < sent.Bytes; i++)
            {
                _unsent.Dequeue();
            }

            fd.HandlerOut = _unsent.Count == 0 ? null : Write;
        }
    }

    private sealed class Client
    {
        private readonly GroupWorld _world;
        private readonly int _number;
        private readonly IvSocket? _socket;
        private readonly IvFd? _fd;
        private int _sent;
        private int _received;

        public Client(GroupWorld world, int number)
        {
            (_world, _number) = (world, number);
            if (IvSocket.TryConnect(Address, out _socket, network: world.Network) is IvError.None or IvError.EINPROGRESS && _socket is not null)
            {
                _fd = new IvFd(_socket) { Name = $"client {number}", HandlerIn = _ => Receive(), HandlerOut = _ => Send() };
                if (_fd.TryRegister() != IvError.None)
                {
                    Close();
                }
            }
        }

        // Every third falls silent when it has got all, and stays until it is thrown out.
        private bool Stays => _number % 3 == 0;

        public void Close() => _socket?.Dispose();

        private byte At(int position) => (byte)((position * 7) + _number);

        private void Send()
        {
            byte[] bytes = [.. Enumerable.Range(_sent, Math.Min(200, BytesEach - _sent)).Select(At)];
            IvIoResult sent = _socket!.Send(bytes);
            if (sent.IsError)
            {
                Close();
                return;
            }

            _sent += sent.Bytes;
            if (_sent == BytesEach)
            {
                _fd!.HandlerOut = null;
            }
        }

        private void Receive()
        {
            Span<byte> buffer = stackalloc byte[150];
            IvIoResult received = _socket!.Receive(buffer);
            if (received.WouldBlock)
            {
                return;
            }

            if (!received.IsOk)
            {
                Close();
                return;
            }

            foreach (byte item in buffer[..received.Bytes])
            {
                Assert.That(item, Is.EqualTo(At(_received)), $"client {_number}, byte {_received}");
                _received++;
                _world.Echoed++;
            }

            if (_received == BytesEach && !Stays)
            {
                Close();
            }
        }
    }
}
