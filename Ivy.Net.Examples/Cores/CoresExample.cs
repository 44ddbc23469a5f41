// The echo server on all cores: a loop on a thread for each of them, which share one port and nothing else.
//
//   dotnet run -c Release --project Ivy.Net.Examples -- cores [--host A] [--port N] [--loops N] [--accept MODE] [--pin] [--drain SECONDS]
//   socat - TCP:127.0.0.1:7000
//
// It prints `listening on 127.0.0.1:7000 (epoll)`. Ctrl-C or TERM ends it gracefully: clients are sent the end, those that have
// not gone after 5 s are reset, and so are all at a second Ctrl-C. Then it prints a line for each loop, as in
// `loop 1: 12 connections, 480 messages, 5040 bytes`, and `25 accepted, 3 drained, 1 aborted`.

using System.CommandLine;
using System.Net;

namespace Ivy.Net.Examples;

internal sealed class CoresExample : IExample
{
    public string Name => "cores";

    public string Summary => "The echo server on all cores, one loop for each, with a graceful end.";

    public string Details => "Talk to it with `socat - TCP:127.0.0.1:7000`. Ctrl-C lets connections end, a second one resets them.";

    public void AddTo(Command command)
    {
        var address = new AddressOptions(command, defaultPort: 7000);
        var loops = new Option<int>("--loops") { Description = "How many loops.", HelpName = "N", DefaultValueFactory = static _ => Environment.ProcessorCount };
        var accept = new Option<IvAcceptMode?>("--accept") { Description = "How they share the connections.", HelpName = "MODE" };
        var pin = new Option<bool>("--pin") { Description = "Bind each thread to a CPU." };
        var drain = new SecondsOption("--drain", "How long connections may take to end.", 5);
        loops.Validators.Add(static result =>
        {
            if (result.Tokens is [var token] && !(int.TryParse(token.Value, out int count) && count is > 0 and <= 1024))
            {
                result.AddError($"--loops {token.Value}: not a number of loops. Give one from 1 to 1024.");
            }
        });
        Array.ForEach<Option>([loops, accept, pin, drain], command.Options.Add);
        command.SetAction(result =>
        {
            using var group = new IvLoopGroup(new IvLoopGroupOptions
            {
                Name = "cores",
                Count = result.GetValue(loops),
                PinThreads = result.GetValue(pin),
                DrainTimeout = result.GetValue(drain),
                StopOnSignals = true,
            });
            Run(group, address.Of(result), result.GetValue(accept));
        });
    }

    private static void Run(IvLoopGroup group, IPEndPoint address, IvAcceptMode? mode)
    {
        EndPoint bound = group.Listen(address, static (member, client) => Service(member).Welcome(client), mode);
        group.HandlerSetup = static member => member.State = new EchoService();
        group.HandlerDrain = SayGoodbye;

        group.Start();
        Console.WriteLine($"listening on {bound} ({group.Members[0].Loop!.PollMethod})");
        IvLoopGroupResult result = group.Wait();
        foreach (IvLoopGroupMember member in group.Members)
        {
            Console.WriteLine($"loop {member.Index}: {member.Counters.Accepted} connections, {member.State}");
        }

        Console.WriteLine(result);
    }

    // An echo client may be silent for ever: it is told that nothing more will come. When it closes, the connection has drained.
    private static void SayGoodbye(IvLoopGroupMember member) => Service(member).End(member.GetSockets());

    private static EchoService Service(IvLoopGroupMember member) => (EchoService)member.State!;
}
