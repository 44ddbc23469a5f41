using Ivy.Net.Interop.Bsd;

namespace Ivy.Net.Tests.Support;

/// <summary>Stands between the poller and the model: remembers the calls, and fails those that the test picks.</summary>
internal sealed class KqueueRecorder(IKqueueApi inner) : IKqueueApi
{
    public KqueueDialect Dialect => inner.Dialect;

    /// <summary>Each call: its changes, and for how many events it had room.</summary>
    public List<(KqueueEvent[] Changes, int Room, long Nanoseconds)> Calls { get; } = [];

    /// <summary>What the next calls answer instead of the model, as a negative errno; 0 to go on.</summary>
    public Queue<int> Failures { get; } = [];

    /// <summary>What Create answers instead of the model.</summary>
    public int? CreateFails { get; set; }

    /// <summary>All the changes, as in <c>5 READ ADD ENABLE</c>.</summary>
    public IEnumerable<string> Changes => Calls.SelectMany(static call => call.Changes).Select(Describe);

    public void Clear() => Calls.Clear();

    public int Create() => CreateFails ?? inner.Create();

    public void Close(int queue) => inner.Close(queue);

    public int Exchange(int queue, ReadOnlySpan<KqueueEvent> changes, Span<KqueueEvent> events, long nanoseconds)
    {
        lock (Calls)
        {
            Calls.Add((changes.ToArray(), events.Length, nanoseconds));
            if (Failures.TryDequeue(out int failure) && failure != 0)
            {
                return failure;
            }
        }

        return inner.Exchange(queue, changes, events, nanoseconds);
    }

    public int CheckSocket(int fd) => inner.CheckSocket(fd);

    private string Describe(KqueueEvent change)
    {
        string filter = change.Filter switch
        {
            KqueueNumbers.EVFILT_READ => "READ",
            KqueueNumbers.EVFILT_WRITE => "WRITE",
            _ => change.Filter == Dialect.UserFilter ? "USER" : "EXCEPT",
        };
        List<string> words = [$"{change.Ident}", filter];
        foreach ((ushort flag, string name) in ((ushort, string)[])
            [
                (KqueueNumbers.EV_ADD, "ADD"), (KqueueNumbers.EV_DELETE, "DELETE"), (KqueueNumbers.EV_ENABLE, "ENABLE"),
                (KqueueNumbers.EV_DISABLE, "DISABLE"), (KqueueNumbers.EV_CLEAR, "CLEAR"),
            ])
        {
            if ((change.Flags & flag) != 0)
            {
                words.Add(name);
            }
        }

        return string.Join(' ', words);
    }
}
