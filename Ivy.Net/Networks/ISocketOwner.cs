namespace Ivy.Net;

/// <summary>Who counts a socket as one of its own, without watching it.</summary>
internal interface ISocketOwner
{
    /// <summary>The socket was disposed or detached; on the thread that did it. Called once.</summary>
    void OnSocketGone();
}
