// A poll backend of one's own: a poller that wraps epoll (on Windows AFD), and prints what the loop asks of it.
//
//   dotnet run --project Ivy.Net.Examples -- custom-poller
//
// It prints `backend: tracing-epoll`, then each call of the poller as `add 21 for In: ok` or `wait: 1 ready`, with `read: hello`
// in their midst, and at last `remove 21`.

using System.CommandLine;
using System.Text;
using Ivy.Net.Polling;

namespace Ivy.Net.Examples;

internal sealed class CustomPollerExample : IExample
{
    public string Name => "custom-poller";

    public string Summary => "A poll backend that wraps epoll, and traces it.";

    public string Details => "Prints every call that the loop makes to its poller.";

    public void AddTo(Command command) => command.SetAction(static _ => Run());

    private static void Run()
    {
        var tracing = new IvPollMethod(
            OperatingSystem.IsWindows() ? "tracing-afd" : "tracing-epoll",
            static () => new TracingPoller(OperatingSystem.IsWindows() ? new AfdPoller() : new EpollPoller(), Console.Out));
        using var loop = new IvLoop(new IvLoopOptions { PollMethods = [tracing] });
        Console.WriteLine($"backend: {loop.PollMethod}");

        (IvSocket reader, IvSocket writer) = IvSocket.CreatePair();
        using (reader)
        using (writer)
        {
            new IvFd(reader) { Name = "reader", HandlerIn = Read }.Register();
            new IvTimer(_ => writer.Send("hello"u8)).Start(TimeSpan.FromMilliseconds(20));
            loop.Run();
        }
    }

    private static void Read(IvFd fd)
    {
        Span<byte> buffer = stackalloc byte[16];
        IvIoResult received = fd.Socket!.Receive(buffer);
        Console.WriteLine($"read: {Encoding.UTF8.GetString(buffer[..received.Bytes])}");
        fd.Unregister();
    }
}
