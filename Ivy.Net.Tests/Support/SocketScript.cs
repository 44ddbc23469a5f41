using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Ivy.Net.Interop.Linux;

namespace Ivy.Net.Tests.Support;

/// <summary>
/// Plays the same socket calls on any network, through the seam, and writes down what each answers: what the simulation says
/// is what the kernel must have said.
/// </summary>
internal sealed class SocketScript(IvNetwork network)
{
    private const int Timeout = 2000;
    private readonly Dictionary<string, nint> _handles = [];
    private readonly StringBuilder _answers = new();

    public IvNetwork Network { get; } = network;

    /// <summary>One line for each call so far.</summary>
    public string Answers => _answers.ToString();

    public nint this[string name]
    {
        get => _handles[name];
        set => _handles[name] = value;
    }

    public static SocketAddress NewAddress() => new(AddressFamily.Unspecified, 128);

    public void Open(string name, AddressFamily family, SocketType type = SocketType.Stream)
    {
        IvError error = Network.Open(family, type, ProtocolType.Unspecified, out nint handle);
        _handles[name] = handle;
        Write($"open {name}", error);
    }

    public void OpenPair(string first, string second, SocketType type = SocketType.Stream)
    {
        IvError error = Network.OpenPair(type, out nint left, out nint right);
        _handles[first] = left;
        _handles[second] = right;
        Write($"pair {first} {second}", error);
    }

    public void Bind(string name, EndPoint to) => Write($"bind {name}", Network.Bind(_handles[name], to.Serialize()));

    public void Listen(string name, int backlog) => Write($"listen {name} {backlog}", Network.Listen(_handles[name], backlog));

    public void ConnectTo(string name, string listener)
    {
        SocketAddress to = NewAddress();
        Network.GetLocalAddress(_handles[listener], to);
        Write($"connect {name} to {listener}", Network.Connect(_handles[name], to));
    }

    public void Connect(string name, EndPoint to) => Write($"connect {name}", Network.Connect(_handles[name], to.Serialize()));

    public void Accept(string listener, string name)
    {
        IvError error = Network.Accept(_handles[listener], null, out nint peer);
        if (error == IvError.None)
        {
            _handles[name] = peer;
        }

        Write($"accept {listener}", error);
    }

    public void Send(string name, int count, SocketFlags flags = SocketFlags.None)
    {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++)
        {
            bytes[i] = (byte)(count + i);
        }

        IvIoResult result = Network.Send(_handles[name], bytes, flags);
        Write($"send {name} {count}", result.ToString());
    }

    public void Receive(string name, int count, SocketFlags flags = SocketFlags.None)
    {
        byte[] bytes = new byte[count];
        IvIoResult result = Network.Receive(_handles[name], bytes, flags, stream: true);
        Write($"recv {name} {count} {flags}", $"{result} {Convert.ToHexString(bytes.AsSpan(0, Math.Min(result.Bytes, 8)))}");
    }

    public void Shutdown(string name, SocketShutdown how) => Write($"shutdown {name} {how}", Network.Shutdown(_handles[name], how));

    public void Close(string name)
    {
        Network.Close(_handles[name]);
        _handles.Remove(name);
        Write($"close {name}", IvError.None);
    }

    public void Linger(string name)
    {
        Span<int> value = [1, 0];
        Write($"linger {name}", Network.SetOption(_handles[name], Constants.SOL_SOCKET, Constants.SO_LINGER, System.Runtime.InteropServices.MemoryMarshal.AsBytes(value)));
    }

    public void SetOption(string name, int level, int option, int value)
    {
        Span<int> bytes = [value];
        Write($"setsockopt {name} {level} {option}", Network.SetOption(_handles[name], level, option, System.Runtime.InteropServices.MemoryMarshal.AsBytes(bytes)));
    }

    public void GetOption(string name, int level, int option)
    {
        Span<byte> bytes = stackalloc byte[8];
        IvError error = Network.GetOption(_handles[name], level, option, bytes, out int length);
        Write($"getsockopt {name} {level} {option}", $"{error} {Convert.ToHexString(bytes[..length])}");
    }

    public void TakeError(string name) => GetOption(name, Constants.SOL_SOCKET, Constants.SO_ERROR);

    public void Remote(string name) => Write($"getpeername {name}", Network.GetRemoteAddress(_handles[name], NewAddress()));

    /// <summary>What poll(2) says. The kernel may be a moment late: it is asked until it agrees with what is expected.</summary>
    public void Poll(string name, SimulatedReadiness? expected = null)
    {
        SimulatedReadiness ready = Readiness(name);
        long deadline = Environment.TickCount64 + Timeout;
        while (expected is { } wanted && ready != wanted && Environment.TickCount64 < deadline)
        {
            Thread.Yield();
            ready = Readiness(name);
        }

        Write($"poll {name}", ready.ToString());
    }

    public SimulatedReadiness Readiness(string name) => Network is SimulatedNetwork simulation
        ? simulation.Find(_handles[name], out SimulatedDescription description) == IvError.None ? description.Readiness : SimulatedReadiness.None
        : PollKernel((int)_handles[name]);

    public bool Has(string name) => _handles.ContainsKey(name);

    public void CloseAll()
    {
        foreach (nint handle in _handles.Values)
        {
            Network.Close(handle);
        }

        _handles.Clear();
    }

    private static unsafe SimulatedReadiness PollKernel(int fd)
    {
        var entry = new PollFd { Fd = fd, Events = Constants.POLLIN | Constants.POLLOUT | Constants.POLLPRI | Constants.POLLRDHUP };
        var now = default(TimeSpec);
        Sys.Ppoll(&entry, 1, &now);
        SimulatedReadiness ready = SimulatedReadiness.None;
        ready |= (entry.Revents & Constants.POLLIN) != 0 ? SimulatedReadiness.In : 0;
        ready |= (entry.Revents & Constants.POLLOUT) != 0 ? SimulatedReadiness.Out : 0;
        ready |= (entry.Revents & Constants.POLLERR) != 0 ? SimulatedReadiness.Err : 0;
        ready |= (entry.Revents & Constants.POLLHUP) != 0 ? SimulatedReadiness.Closed : 0;
        ready |= (entry.Revents & Constants.POLLRDHUP) != 0 ? SimulatedReadiness.Hangup : 0;
        ready |= (entry.Revents & Constants.POLLPRI) != 0 ? SimulatedReadiness.Pri : 0;
        return ready;
    }

    private void Write(string call, IvError error) => Write(call, error.ToString());

    private void Write(string call, string answer) => _answers.Append(CultureInfo.InvariantCulture, $"{call}: {answer}\n");
}
