// Without an argument: what can be measured, and how. The comparisons with C are scripts, as they start servers of both kinds and
// look at them from outside.

using Ivy.Net.Benchmarks;
using Ivy.Net.Benchmarks.Allocations;

switch (args.FirstOrDefault())
{
    case null:
        PrintList();
        return 0;

    case "allocations":
        return AllocationCatalog.Run(args.AsSpan(1));

    case "edge-frames":
        return EdgeFrames.Run();

    default:
        Console.Error.WriteLine($"There is no benchmark {args[0]}. Without an argument: the list of them.");
        return 2;
}

static void PrintList() => Console.WriteLine(
    """
    Here:

      allocations [NAME …]   managed bytes of one operation; without a name: what there is
      edge-frames            which methods stand between an EdgeLoop and its callback, with DOTNET_TieredCompilation=0

    Beside a bare epoll server in C, in Ivy.Net.Benchmarks/Versus; each has --help, and README.md says how to read them:

      echo.sh       server CPU per echoed message, latency, in interleaved rounds
      syscalls.sh   system calls per message, by name
      memory.sh     resident bytes per idle connection
      startup.sh    milliseconds from starting the process to listening
    """);
