namespace Ivy.Net;

/// <summary>What <see cref="IvFdPump.Pump"/> says; the numbers are those of iv_fd_pump_pump(3).</summary>
public enum IvPumpStatus
{
    /// <summary>A descriptor failed, see <see cref="IvFdPump.Error"/>. It is final.</summary>
    Failed = -1,

    /// <summary>The end was read, and everything before it written. It is final.</summary>
    Done = 0,

    /// <summary>There is more to come: call again when one of the bands that are wanted is ready.</summary>
    More = 1,
}
