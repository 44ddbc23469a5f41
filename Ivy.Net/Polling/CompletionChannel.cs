namespace Ivy.Net.Polling;

/// <summary>A socket in the hands of an engine: what is asked of it, and what came.</summary>
internal abstract class CompletionChannel
{
    /// <summary>How many bytes are to be sent still.</summary>
    public long Unsent { get; protected set; }

    /// <summary>What has come; during <see cref="ICompletionOwner.OnReceived"/> only, and not once it has been sent on.</summary>
    public abstract ReadOnlySpan<byte> Received { get; }

    /// <summary>Accepts connections until told to stop, or until one fails.</summary>
    public abstract void StartAccepting();

    /// <summary>What has been accepted before is still told.</summary>
    public abstract void StopAccepting();

    /// <summary>Receives until told to stop, the end, or an error.</summary>
    public abstract void StartReceiving();

    /// <summary>What has been received before is still told.</summary>
    public abstract void StopReceiving();

    /// <summary>Sends a copy, behind what is to be sent already; goes out with the next wait.</summary>
    public abstract void Send(ReadOnlySpan<byte> bytes);

    /// <summary>Sends what has come, without a copy where buffers are not scarce.</summary>
    public abstract void SendReceived();

    /// <summary>
    /// Gives the socket back: the owner is told of nothing more. The kernel has let go of it on return, except for what it
    /// may be sending this moment.
    /// </summary>
    public abstract void Detach();
}
