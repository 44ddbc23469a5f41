namespace Ivy.Net.Polling;

/// <summary>The rules about events that hold on every system: what may be asked for, and what is reported of what happened.</summary>
internal static class PortEvents
{
    public const EpollEvents Readable = EpollEvents.In | EpollEvents.RdNorm;
    public const EpollEvents Urgent = EpollEvents.Pri | EpollEvents.RdBand;
    public const EpollEvents Writable = EpollEvents.Out | EpollEvents.WrNorm | EpollEvents.WrBand;

    /// <summary>A connect has failed: all that was waited for is there, but for room to send out of band.</summary>
    public const EpollEvents FailedConnect = Readable | EpollEvents.Out | EpollEvents.WrNorm | EpollEvents.Err | EpollEvents.RdHup;

    /// <summary>Reported whether asked for or not.</summary>
    public const EpollEvents Always = EpollEvents.Err | EpollEvents.Hup;

    private const EpollEvents Known = Readable | Urgent | Writable | Always | EpollEvents.Msg | EpollEvents.RdHup | EpollEvents.OneShot;

    /// <summary>Whether all of it can be honoured.</summary>
    public static bool CanBeHonoured(EpollEvents events) => (events & ~Known) == 0;

    /// <summary>What is told about a socket: of what happened, that which the program wants.</summary>
    public static EpollEvents Filter(EpollEvents happened, EpollEvents wanted) => happened & (wanted | Always) & ~EpollEvents.OneShot;

    /// <summary>Why flags are refused, and what to do instead.</summary>
    public static string Advice(EpollEvents events, EpollEvents missing) => (events & ~Known) switch
    {
        EpollEvents.None when (events & missing & Urgent) != 0 => "EPOLLPRI can't be had on this system, which does not tell of urgent data. Set SO_OOBINLINE: it is data like any other then",
        (EpollEvents)(1u << 31) => "EPOLLET can't be had on every system: readiness here is level-triggered. Use EpollEvents.OneShot, and Modify when the socket has been drained",
        (EpollEvents)(1u << 28) => "EPOLLEXCLUSIVE can't be had on every system. Let each listener have one port, and EpollEvents.OneShot so that one thread gets it",
        (EpollEvents)(1u << 29) => "EPOLLWAKEUP can't be had on every system: a port does not keep the machine awake",
        var unknown => $"0x{(uint)unknown:x} is no flag of EpollEvents that a port can honour",
    };
}
