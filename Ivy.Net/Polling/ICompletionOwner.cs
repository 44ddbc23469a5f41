namespace Ivy.Net.Polling;

/// <summary>Whom an engine tells that an operation has completed; on the loop's thread, in its turn.</summary>
internal interface ICompletionOwner
{
    /// <summary>A connection came; the descriptor is the owner's to close.</summary>
    void OnAccepted(nint handle);

    /// <summary>Accepting has ended with an error; it starts again when it is asked to.</summary>
    void OnAcceptRefused(IvError error);

    /// <summary>Bytes came, which are <see cref="CompletionChannel.Received"/> for the length of the call; or the end, or an error.</summary>
    void OnReceived(IvIoResult result);

    /// <summary>All that was to be sent has been.</summary>
    void OnSent();

    /// <summary>Sending has failed; what was to be sent is dropped.</summary>
    void OnSendFailed(IvError error);
}
