namespace Ivy.Net;

/// <summary>What a socket tells whoever watches it; the watcher lives in a folder that this one must not know.</summary>
internal interface ISocketWatcher
{
    /// <summary>
    /// The socket is being disposed or detached, and its descriptor is still open: end the registration. Checks the thread
    /// (misuse) before anything has changed.
    /// </summary>
    void OnSocketClosing();
}
