using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Ivy.Net.Interop;
using Ivy.Net.Interop.Linux;

namespace Ivy.Net;

// Options by name, and raw. Each read and write is one system call.
public sealed partial class IvSocket
{
    /// <summary>TCP_NODELAY: small writes go out at once. Off in a new socket; see tcp(7).</summary>
    /// <exception cref="IvException">It is no TCP socket: EOPNOTSUPP; or <see cref="IvError.Disposed"/>.</exception>
    public bool NoDelay
    {
        get => GetOption(SocketOptions.NoDelay) != 0;
        set => SetOption(SocketOptions.NoDelay, value ? 1 : 0);
    }

    /// <summary>SO_KEEPALIVE: asks an idle peer from time to time whether it is still there. Off in a new socket.</summary>
    /// <exception cref="IvException">The system refused.</exception>
    public bool KeepAlive
    {
        get => GetOption(SocketOptions.KeepAlive) != 0;
        set => SetOption(SocketOptions.KeepAlive, value ? 1 : 0);
    }

    /// <summary>TCP_KEEPIDLE: after how long a silence the first keep-alive is sent. Whole seconds, rounded up.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is set to 0 or less.</exception>
    /// <exception cref="IvException">The system refused.</exception>
    public TimeSpan KeepAliveIdle
    {
        get => TimeSpan.FromSeconds(GetOption(SocketOptions.KeepAliveIdle));
        set => SetOption(SocketOptions.KeepAliveIdle, ToSeconds(value, 1, nameof(value)));
    }

    /// <summary>TCP_KEEPINTVL: the time from one unanswered keep-alive to the next. Whole seconds, rounded up.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is set to 0 or less.</exception>
    /// <exception cref="IvException">The system refused.</exception>
    public TimeSpan KeepAliveInterval
    {
        get => TimeSpan.FromSeconds(GetOption(SocketOptions.KeepAliveInterval));
        set => SetOption(SocketOptions.KeepAliveInterval, ToSeconds(value, 1, nameof(value)));
    }

    /// <summary>TCP_KEEPCNT: after how many unanswered ones the connection is given up, 1 to 127.</summary>
    /// <exception cref="IvException">The system refused.</exception>
    public int KeepAliveCount
    {
        get => GetOption(SocketOptions.KeepAliveCount);
        set => SetOption(SocketOptions.KeepAliveCount, value);
    }

    /// <summary>SO_REUSEADDR: set before binding. For TCP it ignores TIME_WAIT; for UDP it lets several sockets share a group's port.</summary>
    /// <exception cref="IvException">The system refused.</exception>
    public bool ReuseAddress
    {
        get => GetOption(SocketOptions.ReuseAddress) != 0;
        set => SetOption(SocketOptions.ReuseAddress, value ? 1 : 0);
    }

    /// <summary>SO_REUSEPORT: set before binding, on each of the sockets that share a port; the kernel spreads what comes.</summary>
    /// <exception cref="IvException">The system refused.</exception>
    public bool ReusePort
    {
        get => GetOption(SocketOptions.ReusePort) != 0;
        set => SetOption(SocketOptions.ReusePort, value ? 1 : 0);
    }

    /// <summary>IPV6_V6ONLY: set before binding; false serves IPv4 too.</summary>
    /// <exception cref="IvException">It is not an IPv6 socket, or bound already: EINVAL.</exception>
    public bool V6Only
    {
        get => GetOption(SocketOptions.V6Only) != 0;
        set => SetOption(SocketOptions.V6Only, value ? 1 : 0);
    }

    /// <summary>
    /// TCP_DEFER_ACCEPT on a listener: wake for a connection when its first bytes have come, or after about this time; zero: off.
    /// Whole seconds, rounded up; the kernel rounds further, to its own retransmissions.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is set to less than 0.</exception>
    /// <exception cref="IvException">The system refused.</exception>
    public TimeSpan DeferAccept
    {
        get => TimeSpan.FromSeconds(GetOption(SocketOptions.DeferAccept));
        set => SetOption(SocketOptions.DeferAccept, ToSeconds(value, 0, nameof(value)));
    }

    /// <summary>
    /// SO_LINGER: null: off, closing returns at once and the kernel goes on sending. Zero: closing throws away what was not sent and
    /// resets the connection. More: whole seconds, rounded up.
    /// </summary>
    /// <remarks>
    /// With more than zero, closing blocks its thread until all was acknowledged or the time is over, on a non-blocking socket too
    /// (Linux, socket(7)): never on a loop.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">It is set to less than 0.</exception>
    /// <exception cref="IvException">The system refused.</exception>
    public TimeSpan? Linger
    {
        get
        {
            LingerOption linger = default;
            ThrowIfRefused(TryGetNamed(SocketOptions.Linger, AsBytes(ref linger), out _), "get Linger");
            return linger.OnOff == 0 ? null : TimeSpan.FromSeconds(linger.Seconds);
        }

        set
        {
            var linger = new LingerOption
            {
                OnOff = value is null ? 0 : 1,
                Seconds = value is { } time ? ToSeconds(time, 0, nameof(value)) : 0,
            };
            ThrowIfRefused(TrySetNamed(SocketOptions.Linger, AsBytes(ref linger)), "set Linger");
        }
    }

    /// <summary><see cref="Linger"/> of zero, where the socket has it: closing it resets the connection.</summary>
    internal void TryResetOnClose()
    {
        var linger = new LingerOption { OnOff = 1 };
        _ = TrySetNamed(SocketOptions.Linger, AsBytes(ref linger));
    }

    /// <summary>SO_RCVBUF in bytes. Linux doubles what is set, for its own bookkeeping, and reads the doubled value; socket(7).</summary>
    /// <exception cref="IvException">The system refused.</exception>
    public int ReceiveBufferSize
    {
        get => GetOption(SocketOptions.ReceiveBuffer);
        set => SetOption(SocketOptions.ReceiveBuffer, value);
    }

    /// <summary>SO_SNDBUF in bytes. Linux doubles what is set, for its own bookkeeping, and reads the doubled value; socket(7).</summary>
    /// <exception cref="IvException">The system refused.</exception>
    public int SendBufferSize
    {
        get => GetOption(SocketOptions.SendBuffer);
        set => SetOption(SocketOptions.SendBuffer, value);
    }

    /// <summary>SO_BROADCAST: datagrams may go to broadcast addresses.</summary>
    /// <exception cref="IvException">The system refused.</exception>
    public bool Broadcast
    {
        get => GetOption(SocketOptions.Broadcast) != 0;
        set => SetOption(SocketOptions.Broadcast, value ? 1 : 0);
    }

    /// <summary>Sets an option by the platform's numbers: setsockopt(2).</summary>
    /// <param name="level">The level, as SOL_SOCKET or IPPROTO_TCP.</param>
    /// <param name="name">The option.</param>
    /// <param name="value">Its value, in the layout that the option has.</param>
    /// <exception cref="IvException">ENOPROTOOPT, EINVAL … of setsockopt(2).</exception>
    public void SetRawOption(int level, int name, ReadOnlySpan<byte> value) =>
        ThrowIfRefused(TrySetRawOption(level, name, value), $"set option {level}/{name}");

    /// <summary>As <see cref="SetRawOption"/>, without exceptions.</summary>
    /// <param name="level">The level, as SOL_SOCKET or IPPROTO_TCP.</param>
    /// <param name="name">The option.</param>
    /// <param name="value">Its value, in the layout that the option has.</param>
    /// <returns><see cref="IvError.None"/>, or why not.</returns>
    public IvError TrySetRawOption(int level, int name, ReadOnlySpan<byte> value)
    {
        nint handle = _handle;
        IvError error = handle == Closed ? IvError.Disposed : _network.SetOption(handle, level, name, value);
        GC.KeepAlive(this);
        return error;
    }

    /// <summary>Reads an option by the platform's numbers: getsockopt(2).</summary>
    /// <param name="level">The level, as SOL_SOCKET or IPPROTO_TCP.</param>
    /// <param name="name">The option.</param>
    /// <param name="value">Where to.</param>
    /// <returns>How many bytes were written.</returns>
    /// <exception cref="IvException">ENOPROTOOPT … of getsockopt(2).</exception>
    public int GetRawOption(int level, int name, Span<byte> value)
    {
        ThrowIfRefused(TryGetRawOption(level, name, value, out int length), $"get option {level}/{name}");
        return length;
    }

    /// <summary>As <see cref="GetRawOption"/>, without exceptions.</summary>
    /// <param name="level">The level, as SOL_SOCKET or IPPROTO_TCP.</param>
    /// <param name="name">The option.</param>
    /// <param name="value">Where to.</param>
    /// <param name="length">How many bytes were written.</param>
    /// <returns><see cref="IvError.None"/>, or why not.</returns>
    public IvError TryGetRawOption(int level, int name, Span<byte> value, out int length)
    {
        nint handle = _handle;
        length = 0;
        IvError error = handle == Closed ? IvError.Disposed : _network.GetOption(handle, level, name, value, out length);
        GC.KeepAlive(this);
        return error;
    }

    // The kernel takes whole seconds: what is asked for is never shortened.
    private static int ToSeconds(TimeSpan time, int least, string parameter)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.FromTicks(least), parameter);
        double seconds = Math.Ceiling(time.TotalSeconds);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(seconds, int.MaxValue, parameter);
        return (int)seconds;
    }

    private static Span<byte> AsBytes<T>(ref T value)
        where T : unmanaged => MemoryMarshal.AsBytes(new Span<T>(ref value));

    private int GetOption(SocketOption option, [CallerMemberName] string name = "")
    {
        IvError error = TryGetOption(option, out int value);
        ThrowIfRefused(error, error == IvError.None ? name : $"get {name}");
        return value;
    }

    private void SetOption(SocketOption option, int value, [CallerMemberName] string name = "")
    {
        IvError error = TrySetOption(option, value);
        ThrowIfRefused(error, error == IvError.None ? name : $"set {name}");
    }

    private IvError TryGetOption(SocketOption option, out int value)
    {
        value = 0;
        return TryGetNamed(option, AsBytes(ref value), out _);
    }

    /// <summary>Closing will reset the connection: <see cref="Linger"/> of zero, for callers that can do nothing about a refusal.</summary>
    internal void ResetAtClose()
    {
        var linger = new LingerOption { OnOff = 1 };
        _ = TrySetNamed(SocketOptions.Linger, AsBytes(ref linger));
    }

    private IvError TrySetOption(SocketOption option, int value) => TrySetNamed(option, AsBytes(ref value));

    private IvError TryGetNamed(SocketOption option, Span<byte> value, out int length)
    {
        nint handle = _handle;
        length = 0;
        IvError error = handle == Closed ? IvError.Disposed : _network.GetNamedOption(handle, option, value, out length);
        GC.KeepAlive(this);
        return error;
    }

    private IvError TrySetNamed(SocketOption option, ReadOnlySpan<byte> value)
    {
        nint handle = _handle;
        IvError error = handle == Closed ? IvError.Disposed : _network.SetNamedOption(handle, option, value);
        GC.KeepAlive(this);
        return error;
    }
}
