// The echo service and a listener. Which network the listener is of, and which loop the server is started on, is the caller's
// affair. `echo`, `unix-echo` and `simulated` all run this very class.

namespace Ivy.Net.Examples;

public sealed class EchoServer : EchoService
{
    public EchoServer(IvSocket listener) =>
        Listener = new IvListener(listener, (_, client) => Welcome(client)) { Name = "echo" };

    public IvListener Listener { get; }

    public override string ToString() => $"{Listener.Accepted} connections, {base.ToString()}";
}
