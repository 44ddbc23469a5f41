using System.CommandLine;
using Ivy.Net.Benchmarks.Allocations;
using Ivy.Net.Benchmarks.Micro;
using Ivy.Net.Benchmarks.Versus;

namespace Ivy.Net.Benchmarks;

/// <summary>The command line.</summary>
internal static class BenchmarkCommands
{
    public static RootCommand BuildRoot()
    {
        var root = new RootCommand("Measures Ivy.Net. Without an argument: the list of what can be measured.")
        {
            VersusCommand.Build(),
            MicroCommand.Build(),
            BuildAllocations(),
            BuildEdgeFrames(),
        };
        root.SetAction(result => PrintList(result.InvocationConfiguration.Output, root));
        return root;
    }

    private static Command BuildAllocations()
    {
        var names = new Argument<string[]>("name") { Description = "Of what; without: the list.", Arity = ArgumentArity.ZeroOrMore };
        var command = new Command("allocations", "Prints the managed bytes that one operation allocates.") { names };
        command.SetAction(result => AllocationCatalog.Run(result.GetValue(names) ?? []));
        return command;
    }

    private static Command BuildEdgeFrames()
    {
        var command = new Command("edge-frames", "Prints what stands between an EdgeLoop and its callbacks; with DOTNET_TieredCompilation=0.");
        command.SetAction(static _ => EdgeFrames.Run());
        return command;
    }

    private static void PrintList(TextWriter output, RootCommand root)
    {
        foreach (Command command in root.Subcommands)
        {
            output.WriteLine($"{command.Name,-14}{command.Description}");
        }
    }
}
