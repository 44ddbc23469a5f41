// Without an argument: what can be measured, and how.

using System.CommandLine;
using System.CommandLine.Invocation;
using Ivy.Net.Benchmarks;
using Ivy.Net.Benchmarks.Versus;
using Ivy.Net.Benchmarks.Versus.Running;

const int UsageError = 2;
const int Interrupted = 130;

try
{
    // What versus starts: not for people, and past the command line, which would be in the figures of how soon a server serves.
    if (args is ["subject", string workload, string program, .. string[] parameters])
    {
        WorkloadCatalog.RunProgram(workload, program, parameters);
        return 0;
    }

    ParseResult command = BenchmarkCommands.BuildRoot().Parse(args);

    // System.CommandLine answers a bad command line with every error and the whole help, and exits with 1. Ours is one line, and 2.
    if (command.Action is ParseErrorAction)
    {
        Console.Error.WriteLine($"{command.Errors[0].Message} Try --help.");
        return UsageError;
    }

    return await command.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (VersusException refused)
{
    Console.Error.WriteLine(refused.Message);
    return UsageError;
}
catch (OperationCanceledException)
{
    return Interrupted;
}
