using System.Globalization;

namespace Ivy.Net;

/// <content>The dump: stable columns, for people at night and for tools.</content>
public sealed partial class IvLoop
{
    private const int TimersShown = 8;

    /// <summary>The loop's clock and timers in .NET's terms: for CancellationTokenSource, Task.Delay and tests. Callbacks run on the loop.</summary>
    public TimeProvider TimeProvider => field ??= new IvLoopTimeProvider(this);

    /// <summary>
    /// Writes what the loop is doing and what is registered on it: a line for the loop, one for each descriptor, and one for
    /// timers, tasks and posts. The columns are described in IvLoop(3) and stay. The loop's thread.
    /// </summary>
    /// <param name="writer">Where to.</param>
    public void Dump(TextWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        CheckLoopThread(nameof(Dump));
        string name = Name is null ? string.Empty : $" \"{Name}\"";
        writer.WriteLine(Invariant($"ivy loop {_id}{name} tid={_threadNumber} backend={_poller.Name} turns={_turns} polls={_polls} events={_events} wakeups={_wakeups} waited={new TimeSpan(_waitNanoseconds / 100).TotalSeconds:F3}s active={Active} state={DumpState()}"));
        Fds.ForEach(writer, static (output, fd) => DumpFd(output, fd));
        writer.WriteLine(Invariant($"  timer {_registered[(int)ObjectKind.Timer]}{DumpDueTimes()}   timeout {_registered[(int)ObjectKind.Timeout]}   task {_registered[(int)ObjectKind.Task]}   event {_registered[(int)ObjectKind.Event]}   post {(_posts.HasPosts || _postBatch is not null ? "queued" : "none")}"));
    }

    private static void DumpFd(TextWriter writer, IvFd fd)
    {
        IvObject shown = VisibleOf(fd) ?? fd;
        string kind = fd.IsInternal ? shown.Kind.ToString().ToUpperInvariant() : string.Empty;
        string what = fd.Socket?.ToString() ?? (fd.IsAlwaysReady ? "file" : "fd");
        string bands = fd.Interest == Polling.IvBands.None ? "-" : fd.Interest.ToString().ToUpperInvariant().Replace(", ", " ", StringComparison.Ordinal);
        string closed = fd.IsOrphan ? " CLOSED" : string.Empty;
        string error = fd.Error == IvError.None ? string.Empty : $" {fd.Error}";
        string name = shown.Name is null ? string.Empty : $"  \"{shown.Name}\"";
        writer.WriteLine(Invariant($"  fd {fd.Handle,6}  {what,-44} {bands,-16}{kind}{closed}{error}{name}").TrimEnd());
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private string DumpState() => _isDisposed ? "disposed" : !_isRunning ? "idle" : _running is { } running ? $"running {VisibleOf(running) ?? running}" : "running";

    private string DumpDueTimes()
    {
        if (_isDisposed)
        {
            return string.Empty;
        }

        List<long> deadlines = [];
        Timers.ForEach(deadlines, static (list, timer) =>
        {
            if (!timer.IsInternal)
            {
                list.Add(timer.Deadline);
            }
        });
        if (deadlines.Count == 0)
        {
            return string.Empty;
        }

        deadlines.Sort();
        IvTimestamp now = _poller.Now;
        List<string> shown = [];
        foreach (long deadline in deadlines)
        {
            if (shown.Count == TimersShown)
            {
                shown.Add("…");
                break;
            }

            shown.Add(Invariant($"{(new IvTimestamp(deadline) - now).TotalSeconds:F3}s"));
        }

        return $" due: {string.Join(", ", shown)}";
    }
}
