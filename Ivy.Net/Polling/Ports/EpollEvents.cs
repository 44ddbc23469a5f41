namespace Ivy.Net.Polling;

/// <summary>What an <see cref="EpollPort"/> watches a socket for, and what the socket is ready for. The numbers are those of epoll(7) and of wepoll.</summary>
/// <remarks>
/// There is no EPOLLET, EPOLLEXCLUSIVE or EPOLLWAKEUP: they can't be had on every system, and a port refuses their numbers
/// instead of ignoring them. See EpollPort(3).
/// </remarks>
[Flags]
public enum EpollEvents : uint
{
    /// <summary>Nothing: <see cref="Err"/> and <see cref="Hup"/> are reported all the same.</summary>
    None = 0,

    /// <summary>A receive would not block: data, a connection to accept, or the end (EPOLLIN).</summary>
    In = 0x1,

    /// <summary>Urgent data (EPOLLPRI). FreeBSD does not tell of them: a port refuses it there.</summary>
    Pri = 0x2,

    /// <summary>A send would not block, or a connect has ended (EPOLLOUT).</summary>
    Out = 0x4,

    /// <summary>An error is pending (EPOLLERR). Reported whether asked for or not.</summary>
    Err = 0x8,

    /// <summary>The connection is gone in both directions (EPOLLHUP). Reported whether asked for or not.</summary>
    Hup = 0x10,

    /// <summary>The same as <see cref="In"/> (EPOLLRDNORM).</summary>
    RdNorm = 0x40,

    /// <summary>The same as <see cref="Pri"/> (EPOLLRDBAND).</summary>
    RdBand = 0x80,

    /// <summary>The same as <see cref="Out"/> (EPOLLWRNORM).</summary>
    WrNorm = 0x100,

    /// <summary>The same as <see cref="Out"/>, but not for a connect that failed (EPOLLWRBAND).</summary>
    WrBand = 0x200,

    /// <summary>May be asked for, and is never reported (EPOLLMSG).</summary>
    Msg = 0x400,

    /// <summary>The peer closed its sending side (EPOLLRDHUP).</summary>
    RdHup = 0x2000,

    /// <summary>A flag: after one report nothing more, errors and hang-ups included, until the next Modify (EPOLLONESHOT). Never reported.</summary>
    OneShot = 1u << 30,
}
