// The example program: `dotnet run --project Ivy.Net.Examples -- NAME [options]`; without NAME it lists the examples.

using System.CommandLine;
using System.CommandLine.Invocation;
using Ivy.Net;
using Ivy.Net.Examples;

const int UsageError = 2;

ParseResult command = ExampleCatalog.BuildRoot().Parse(args);

// System.CommandLine answers a bad command line with every error and the whole help, and exits with 1. Ours is one line, and 2.
if (command.Action is ParseErrorAction)
{
    Console.Error.WriteLine($"{command.Errors[0].Message} Try --help.");
    return UsageError;
}

try
{
    return command.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (IvException refused)
{
    // The port is taken, say: the message tells what to do.
    Console.Error.WriteLine($"{refused.Message}.");
    return UsageError;
}
catch (PlatformNotSupportedException absent)
{
    // What this operating system does not have: the message tells what to use instead.
    Console.Error.WriteLine(absent.Message);
    return UsageError;
}
