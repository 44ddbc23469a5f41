using System.Globalization;
using Ivy.Net.Polling;

namespace Ivy.Net;

/// <content>The dump: stable columns, for people at night and for tools.</content>
public sealed partial class IvLoop
{
    private const int TimersShown = 8;

    /// <summary>The loop's clock and timers in .NET's terms: for CancellationTokenSource, Task.Delay and tests. Callbacks run on the loop.</summary>
    public TimeProvider TimeProvider => field ??= new IvLoopTimeProvider(this);

    /// <summary>
    /// Writes what the loop is doing and what is registered on it: a line for the loop, one for each descriptor (number, kind,
    /// address, bands, details, name), and one for timers, tasks and posts. The columns are described in IvLoop(3) and stay.
    /// The loop's thread.
    /// </summary>
    /// <param name="writer">Where to.</param>
    public void Dump(TextWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        CheckLoopThread(nameof(Dump));
        string name = Name is null ? string.Empty : $" \"{Name}\"";
        writer.WriteLine(Invariant($"ivy loop {_id}{name} tid={_threadNumber} backend={_poller.Name} turns={_turns} polls={_polls} events={_events} posts={Posts.Taken} wakeups={_posting.Wakeups} util={Utilization()}% active={Active} state={DumpState()}"));
        HashSet<IvObject> shown = [];
        Fds.ForEach((writer, shown), static (output, fd) => DumpFd(output.writer, output.shown, fd));
        for (IvEvent? item = _firstEvent; item is not null; item = item.NextOfLoop)
        {
            DumpOwner(writer, shown, item);
        }

        writer.WriteLine(Invariant($"  timer {_registered[(int)ObjectKind.Timer]}{DumpDueTimes()}   timeout {_registered[(int)ObjectKind.Timeout]}   task {_registered[(int)ObjectKind.Task]}   event {_registered[(int)ObjectKind.Event]}   post {Posts.Count}"));
    }

    private static void DumpFd(TextWriter writer, HashSet<IvObject> seen, IvFd fd)
    {
        IvObject shown = fd.IsInternal && fd.State is IvObject owner ? owner : fd;
        seen.Add(shown);

        // A socket's text begins with its kind: tcp, udp, unix …
        string text = fd.Socket?.ToString() ?? string.Empty;
        int space = text.IndexOf(' ', StringComparison.Ordinal);
        string kind = shown.DumpKind ?? (space > 0 ? text[..space] : fd.IsAlwaysReady ? "file" : "fd");
        string address = space > 0 ? text[(space + 1)..] : "-";
        string bands = fd.Interest == IvBands.None ? "-" : fd.Interest.ToString().ToUpperInvariant().Replace(", ", " ", StringComparison.Ordinal);
        string details = shown.DumpDetails is { Length: > 0 } known ? $"  {known}"
            : fd.IsOrphan ? "  closed"
            : fd.Error != IvError.None ? $"  {fd.Error}"
            : string.Empty;
        string name = shown.Name is null ? string.Empty : $"  \"{shown.Name}\"";
        writer.WriteLine(Invariant($"  fd {fd.Handle,5}  {kind,-8}  {address,-40}  {bands,-10}{details}{name}").TrimEnd());
    }

    // Of the library's events, the ones that speak for an object without a descriptor.
    private static void DumpOwner(TextWriter writer, HashSet<IvObject> seen, IvEvent item)
    {
        if (Visible(item) is { DumpKind: { } kind } owner && owner != item && seen.Add(owner))
        {
            string name = owner.Name is null ? string.Empty : $"  \"{owner.Name}\"";
            writer.WriteLine($"  {kind,-8}  {owner.DumpDetails}{name}".TrimEnd());
        }
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    // Of the time since the loop was made, the part that it did not wait.
    private long Utilization()
    {
        long age = _isDisposed ? 0 : _poller.Now.Nanoseconds - _created.Nanoseconds;
        return age <= 0 ? 0 : Math.Clamp(100 - (long)(100.0 * _waitNanoseconds / age), 0, 100);
    }

    private string DumpState() => _isDisposed ? "disposed" : !_isRunning ? "idle" : Visible(_running) is { } running ? $"running {running}" : "running";

    private string DumpDueTimes()
    {
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

            shown.Add(Invariant($"{(new IvTimestamp(deadline) - now).TotalSeconds:F1}s"));
        }

        return $" due: {string.Join(", ", shown)}";
    }
}
