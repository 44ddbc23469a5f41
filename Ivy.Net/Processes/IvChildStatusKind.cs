namespace Ivy.Net;

/// <summary>What has become of a child.</summary>
public enum IvChildStatusKind
{
    /// <summary>Nothing yet.</summary>
    None = 0,

    /// <summary>It has exited by itself; see <see cref="IvChildStatus.ExitCode"/>.</summary>
    Exited = 1,

    /// <summary>A signal has ended it; see <see cref="IvChildStatus.Signal"/>.</summary>
    Signaled = 2,

    /// <summary>A signal has stopped it; it lives.</summary>
    Stopped = 3,

    /// <summary>It runs again after a stop.</summary>
    Continued = 4,

    /// <summary>It has ended, but somebody else has taken its status: nobody can tell how.</summary>
    Unknown = 5,
}
