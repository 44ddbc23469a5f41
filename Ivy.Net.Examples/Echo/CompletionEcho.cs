// The echo service on an engine that completes: nobody asks whether a call would block, and no byte is copied on its way.

namespace Ivy.Net.Examples;

internal sealed class CompletionEcho
{
    // A client that does not read its echo is not read either, from here on.
    private const int MostUnsent = 64 * 1024;

    private readonly Action<IvCompletionSocket> _echo;

    public CompletionEcho(IvSocket listener)
    {
        _echo = Echo;
        Listener = new IvCompletionListener(listener, (_, client) => Welcome(client)) { Name = "echo" };
    }

    public IvCompletionListener Listener { get; }

    public long Messages { get; private set; }

    public long Bytes { get; private set; }

    public override string ToString() => $"{Listener.Accepted} connections, {Messages} messages, {Bytes} bytes";

    private static void Resume(IvCompletionSocket client)
    {
        client.HandlerSent = null;
        client.IsReceiving = true;
    }

    private void Welcome(IvSocket client)
    {
        if (new IvCompletionSocket(client, _echo).TryRegister() != IvError.None)
        {
            client.Dispose();
        }
    }

    private void Echo(IvCompletionSocket client)
    {
        IvIoResult received = client.Result;
        if (!received.IsOk)
        {
            // At the end all is sent back first, and the client reads the end, too.
            client.CloseWhenSent();
            return;
        }

        Messages++;
        Bytes += received.Bytes;
        client.SendReceived();
        if (client.Unsent > MostUnsent)
        {
            client.IsReceiving = false;
            client.HandlerSent = Resume;
        }
    }
}
