// The example program: `dotnet run --project Ivy.Net.Examples -- NAME [options]`; without NAME it lists the examples.

using System.CommandLine.Invocation;
using Ivy.Net.Examples;

var result = ExampleCatalog.BuildRoot().Parse(args);

// System.CommandLine answers a bad command line with every error and the whole help, and exits with 1. Ours is one line, and 2.
if (result.Action is ParseErrorAction)
{
    Console.Error.WriteLine($"{result.Errors[0].Message} Try --help.");
    return 2;
}

return await result.InvokeAsync();
