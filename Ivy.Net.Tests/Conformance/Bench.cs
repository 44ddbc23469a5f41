using System.Net;
using System.Net.Sockets;

namespace Ivy.Net.Tests.Conformance;

/// <summary>One test's loop, with what the test opens on it: closed at the end, in the order in which it came.</summary>
internal sealed class Bench(ConformanceBackend backend) : IDisposable
{
    // Nothing is expected to take long: this is for what would else never happen.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly List<IDisposable> _owned = [];
    private readonly List<nint> _numbers = [];

    public ConformanceBackend Backend => backend;

    public IvLoop Loop { get; set; } = null!;

    public IvNetwork Network => Loop.Network;

    public SimulatedNetwork Simulation => (SimulatedNetwork)Network;

    /// <summary>What the handlers of the test say, in order.</summary>
    public List<string> Log { get; } = [];

    public List<string> Warnings { get; } = [];

    public List<IvLeakReport> Leaks { get; } = [];

    public bool ExpectsWarnings { get; set; }

    public long Polls => Loop.Counters.Polls;

    public T Own<T>(T thing)
        where T : IDisposable
    {
        _owned.Add(thing);
        return thing;
    }

    /// <summary>Closes a number at the end of the test, unless the test closes it itself by <see cref="Close"/>.</summary>
    public nint OwnNumber(nint number)
    {
        _numbers.Add(number);
        return number;
    }

    public void Close(nint number)
    {
        _numbers.Remove(number);
        Network.Close(number);
    }

    public (IvSocket Near, IvSocket Far) Pair(SocketType type = SocketType.Stream)
    {
        (IvSocket near, IvSocket far) = IvSocket.CreatePair(type, Network);
        return (Own(near), Own(far));
    }

    /// <summary>The two ends of a pair as bare numbers, as they come from elsewhere.</summary>
    public (nint Near, nint Far) Numbers()
    {
        (IvSocket near, IvSocket far) = IvSocket.CreatePair(network: Network);
        return (OwnNumber(near.Detach()), OwnNumber(far.Detach()));
    }

    public nint Duplicate(nint number)
    {
        Assert.That(Network.Duplicate(number, out nint duplicate), Is.EqualTo(IvError.None));
        return OwnNumber(duplicate);
    }

    public nint EventNumber()
    {
        Assert.That(Network.OpenEvent(out nint handle), Is.EqualTo(IvError.None));
        return OwnNumber(handle);
    }

    public IvSocket Listen() => Own(IvSocket.Listen(new IPEndPoint(IPAddress.Loopback, 0), network: Network));

    public IvSocket Connect(IvSocket listener) => Own(IvSocket.Connect(listener.LocalEndPoint!, network: Network));

    /// <summary>Both ends of a TCP connection.</summary>
    public (IvSocket Client, IvSocket Server) Connection()
    {
        using IvSocket listener = IvSocket.Listen(new IPEndPoint(IPAddress.Loopback, 0), network: Network);
        IvSocket client = Connect(listener);
        IvSocket? server = null;
        using var watch = new IvFd(listener) { HandlerIn = fd => fd.Socket!.TryAccept(out server) };
        watch.Register();
        Until(() => server is not null, "accepted");
        return (client, Own(server!));
    }

    /// <summary>An end without a loop's interest: for writing to the other one.</summary>
    public void Send(IvSocket socket, string text = "x") =>
        Assert.That(socket.Send(System.Text.Encoding.UTF8.GetBytes(text)).Bytes, Is.EqualTo(text.Length));

    public void Write(nint number, byte value = 1) => Assert.That(Network.Write(number, [value]).Bytes, Is.EqualTo(1));

    public string Receive(IvSocket socket, int size = 100)
    {
        byte[] buffer = new byte[size];
        IvIoResult result = socket.Receive(buffer);
        return result.IsOk ? System.Text.Encoding.UTF8.GetString(buffer, 0, result.Bytes) : result.ToString();
    }

    public int Drain(nint number)
    {
        Span<byte> buffer = stackalloc byte[64];
        int total = 0;
        while (Network.Read(number, buffer) is { Bytes: > 0 } result)
        {
            total += result.Bytes;
        }

        return total;
    }

    /// <summary>Closes by a reset instead of an end.</summary>
    public void Reset(IvSocket socket)
    {
        socket.Linger = TimeSpan.Zero;
        socket.Dispose();
    }

    /// <summary>An object that is registered, and unregistered at the end.</summary>
    public IvFd Watch(
        IvSocket socket,
        Action<IvFd>? onIn = null,
        Action<IvFd>? onOut = null,
        Action<IvFd>? onErr = null,
        Action<IvFd>? onHangup = null,
        Action<IvFd>? onPri = null) => Register(new IvFd(socket), onIn, onOut, onErr, onHangup, onPri);

    public IvFd Watch(
        nint number,
        Action<IvFd>? onIn = null,
        Action<IvFd>? onOut = null,
        Action<IvFd>? onErr = null,
        Action<IvFd>? onHangup = null,
        Action<IvFd>? onPri = null) => Register(new IvFd(number), onIn, onOut, onErr, onHangup, onPri);

    /// <summary>A timer that is started, and stopped at the end.</summary>
    public IvTimer Timer(TimeSpan due, Action<IvTimer> handler) => TimerAt(Loop.Now + due, handler);

    public IvTimer TimerAt(IvTimestamp due, Action<IvTimer> handler)
    {
        IvTimer timer = Own(new IvTimer(handler));
        timer.StartAt(due);
        return timer;
    }

    /// <summary>A task that is registered, and unregistered at the end.</summary>
    public IvTask Task(Action<IvTask> handler)
    {
        IvTask task = Own(new IvTask(handler));
        task.Register();
        return task;
    }

    /// <summary>An event that is registered, and unregistered at the end.</summary>
    public IvEvent Event(Action<IvEvent> handler)
    {
        IvEvent item = Own(new IvEvent(handler));
        item.Register();
        return item;
    }

    /// <summary>A descriptor that is readable at once, and stays so.</summary>
    public IvFd Readable(Action<IvFd> onIn)
    {
        (IvSocket near, IvSocket far) = Pair();
        Send(far);
        return Watch(near, onIn);
    }

    public Action<IvFd> Say(string what) => _ => Log.Add(what);

    /// <summary>Turns that do not wait: what is ready now is reported.</summary>
    public void Turn(int count = 1)
    {
        for (int i = 0; i < count; i++)
        {
            Loop.Run(IvRunMode.NonBlocking);
        }
    }

    public void Until(Func<bool> condition, string what) => Assert.That(Loop.RunUntil(condition, Patience), Is.True, what);

    /// <summary>Holds that the loop sleeps: nothing happens for a while, and the kernel is asked hardly ever.</summary>
    public void AssertSleeps(string why)
    {
        // An interest that ends leaves epoll one report without an addressee; more is a spin, of thousands in this time.
        const int mostPolls = 3;
        long before = Polls;
        Loop.Run(TimeSpan.FromMilliseconds(20));
        Assert.That(Polls - before, Is.LessThanOrEqualTo(mostPolls), why);
    }

    public void Dispose()
    {
        foreach (IDisposable thing in _owned)
        {
            thing.Dispose();
        }

        foreach (nint number in _numbers)
        {
            Network.Close(number);
        }
    }

    private IvFd Register(IvFd fd, Action<IvFd>? onIn, Action<IvFd>? onOut, Action<IvFd>? onErr, Action<IvFd>? onHangup, Action<IvFd>? onPri)
    {
        fd.HandlerIn = onIn;
        fd.HandlerOut = onOut;
        fd.HandlerErr = onErr;
        fd.HandlerHangup = onHangup;
        fd.HandlerPri = onPri;
        fd.Register();
        _owned.Insert(0, fd);
        return fd;
    }
}
