using System.Globalization;

namespace Ivy.Net.Benchmarks.Allocations;

/// <summary>All that is promised to allocate nothing, by name: <c>allocations NAME</c> prints the bytes of one operation.</summary>
internal static class AllocationCatalog
{
    /// <summary>Name, and what runs that many operations on a loop of this thread.</summary>
    public static IReadOnlyDictionary<string, Action<int>> All { get; } = new SortedDictionary<string, Action<int>>(StringComparer.Ordinal)
    {
        ["echo-completions"] = EchoAllocations.ByCompletions,
        ["echo-epoll"] = EchoAllocations.OnEpoll,
        ["echo-io_uring"] = EchoAllocations.OnUring,
        ["echo-poll"] = EchoAllocations.OnPoll,
        ["cascade"] = LoopAllocations.Cascade,
        ["edge-echo-epoll"] = EdgeAllocations.EdgesOnEpoll,
        ["edge-echo-one-shot"] = EdgeAllocations.OneShotOnEpoll,
        ["edge-echo-poll"] = EdgeAllocations.EdgesOnPoll,
        ["edge-timer"] = EdgeAllocations.Timer,
        ["event-from-another-loop"] = PostAllocations.EventsBetweenLoops,
        ["event-of-the-loop"] = PostAllocations.EventsOfTheLoop,
        ["post-object"] = PostAllocations.Objects,
        ["post-of-the-loop"] = PostAllocations.OfTheLoop,
        ["post-reference"] = PostAllocations.References,
        ["post-value"] = PostAllocations.Values,
        ["raw-event"] = PostAllocations.RawEvents,
        ["relay"] = RelayAllocations.Relay,
        ["relay-that-copies"] = RelayAllocations.RelayThatCopies,
        ["task"] = LoopAllocations.Tasks,
        ["timeout-fire"] = TimerAllocations.TimeoutFire,
        ["timeout-restart"] = TimerAllocations.TimeoutRestart,
        ["timeout-start-stop"] = TimerAllocations.TimeoutStartStop,
        ["timer-fire"] = TimerAllocations.Fire,
        ["timer-many"] = TimerAllocations.Many,
        ["timer-move"] = TimerAllocations.Move,
        ["timer-periodic"] = TimerAllocations.Periodic,
        ["timer-start-stop"] = TimerAllocations.StartStop,
        ["turn"] = LoopAllocations.Turns,
        ["turn-that-waits"] = LoopAllocations.TurnsThatWait,
        ["turn-with-hooks"] = LoopAllocations.TurnsWithHooks,
        ["inotify"] = FileAllocations.Events,
        ["interest-toggle"] = LoopAllocations.InterestToggles,
        ["loop-local"] = WorkAllocations.LoopLocals,
        ["work-continuation"] = WorkAllocations.Continuations,
        ["work-of-a-reference"] = WorkAllocations.References,
        ["work-of-a-value"] = WorkAllocations.Values,
    };

    public static int Run(ReadOnlySpan<string> names)
    {
        if (names.IsEmpty)
        {
            foreach (string name in All.Keys)
            {
                Console.WriteLine(name);
            }

            return 0;
        }

        foreach (string name in names)
        {
            if (!All.TryGetValue(name, out Action<int>? run))
            {
                Console.Error.WriteLine($"There is no measurement {name}. Without a name: the list of them.");
                return 2;
            }

            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name} {AllocationMeter.BytesPerOperation(run):0.####}"));
        }

        return 0;
    }
}
