using Ivy.Net.Interop.Linux;

namespace Ivy.Net.Tests.Support;

/// <summary>How a pump has to move its bytes.</summary>
internal enum PumpWay
{
    /// <summary>As the kernel lets it.</summary>
    Splice,

    /// <summary>What is read takes no splice.</summary>
    SourceRefuses,

    /// <summary>What is written takes no splice; the bytes lie in the pipe by then.</summary>
    TargetRefuses,

    /// <summary>A sandbox forbids the call.</summary>
    Forbidden,

    /// <summary>No descriptors are left for a pipe.</summary>
    NoPipe,

    /// <summary>The user's pipes are used up: new ones are of a page or two.</summary>
    SmallPipe,
}

/// <summary>Sees to it that a pump has to go a way.</summary>
internal static class PumpWays
{
    /// <summary>What a call answers on this way: to be asked by a test's faults. Asks with the descriptor that the pump reads.</summary>
    public static IvError Refusal(this PumpWay way, SysCall call, int fd, nint from) => (way, call) switch
    {
        (PumpWay.SourceRefuses, SysCall.Splice) when fd == from => IvError.EINVAL,
        (PumpWay.TargetRefuses, SysCall.Splice) when fd != from => IvError.EINVAL,
        (PumpWay.Forbidden, SysCall.Splice) => IvError.EPERM,
        (PumpWay.NoPipe, SysCall.Pipe2) => IvError.EMFILE,
        (PumpWay.SmallPipe, SysCall.Fcntl) => IvError.EPERM,
        _ => IvError.None,
    };
}
