using Ivy.Net.Polling;

namespace Ivy.Net;

/// <content>Looking for a while before sleeping.</content>
public sealed partial class IvLoop
{
    // Some 40 ns each: a post is found within that, and the descriptors, which cost a system call, are looked at every few microseconds.
    private const int GlancesPerLook = 64;

    private readonly long _spinNanoseconds;

    /// <summary>Any thread, for tests: whether the next post has to wake the loop.</summary>
    internal bool IsAsleep => Posts.IsAsleep;

    // The loop counts as awake until it sleeps: posts of that time wake nobody.
    private int SpinAndWait(ReadOnlySpan<IvChange> changes, IvTimestamp deadline)
    {
        int count = _poller.Wait(changes, IvTimestamp.MinValue, _ready);
        long end = Math.Min(_poller.Now.AddNanoseconds(_spinNanoseconds).Nanoseconds, deadline.Nanoseconds);
        while (count == 0 && !HasCompletions && !SeesPost())
        {
            count = _poller.Wait(default, IvTimestamp.MinValue, _ready);
            if (count == 0 && _poller.Now.Nanoseconds >= end)
            {
                return end == deadline.Nanoseconds || !Posts.TrySleep() || IsQuitting ? 0 : _poller.Wait(default, deadline, _ready);
            }
        }

        return count;
    }

    // They are not among the reports of a wait.
    private bool HasCompletions => _completions is { HasReady: true };

    private bool SeesPost()
    {
        for (int i = 0; i < GlancesPerLook; i++)
        {
            if (Posts.HasReady || IsQuitting)
            {
                return true;
            }

            Thread.SpinWait(1);
        }

        return false;
    }
}
