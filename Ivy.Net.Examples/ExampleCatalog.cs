using System.CommandLine;

namespace Ivy.Net.Examples;

/// <summary>The table of all examples, in the order in which they are listed.</summary>
internal static class ExampleCatalog
{
    public static IReadOnlyList<IExample> All { get; } =
    [
        new HelloTimerExample(),
        new EchoExample(),
        new EchoIdleExample(),
        new EdgeEchoExample(),
        new CoresExample(),
        new ChatExample(),
        new UdpEchoExample(),
        new UnixEchoExample(),
        new StdinExample(),
        new PopenExample(),
        new RunWithTimeoutExample(),
        new ConnectExample(),
        new ProxyExample(),
        new ManyTimersExample(),
        new PostExample(),
        new SignalsExample(),
        new ThreadExample(),
        new WorkOffloadExample(),
        new FatalExample(),
        new AdoptSocketExample(),
        new CustomPollerExample(),
        new EpollPortExample(),
        new EmbedExample(),
        new SimulatedExample(),
        new WatchExample(),
    ];

    /// <summary>The command line: one subcommand per example; without one, the list.</summary>
    public static RootCommand BuildRoot()
    {
        var root = new RootCommand("Small examples of Ivy.Net. Without an argument: the list of them.");
        foreach (IExample example in All)
        {
            var command = new Command(example.Name, $"{example.Summary}\n\n{example.Details}");
            example.AddTo(command);
            root.Subcommands.Add(command);
        }

        root.SetAction(static result => PrintList(result.InvocationConfiguration.Output));
        return root;
    }

    private static void PrintList(TextWriter output)
    {
        foreach (IExample example in All)
        {
            output.WriteLine($"{example.Name,-18}{example.Summary}");
        }
    }
}
