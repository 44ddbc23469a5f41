namespace Ivy.Net;

/// <summary>Which signals an <see cref="IvSignal"/> hears of.</summary>
public enum IvSignalScope
{
    /// <summary>Those that are sent to the process, as kill(1) does, and those sent to threads where no object listens for its thread.</summary>
    Process,

    /// <summary>Those that are sent to the loop's own thread, as tgkill(2) and pthread_kill(3) do. Linux.</summary>
    Thread,
}
