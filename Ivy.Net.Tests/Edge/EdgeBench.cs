using Ivy.Net.Edge;
using Ivy.Net.Polling;
using Ivy.Net.Tests.Conformance;

namespace Ivy.Net.Tests.Edge;

/// <summary>One test's EdgeLoop on the loop of a bench, with what its callbacks do.</summary>
internal sealed class EdgeBench(Bench bench, EdgeLoop<EdgeTag, EdgeRecorder> edge) : IDisposable
{
    public const IvBands Both = IvBands.In | IvBands.Out;

    // Nothing is expected to take long: this is for what would else never happen.
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    // More rounds than any test has events: a callback that is called for ever is found out.
    private const int MostRounds = 200;

    public Bench Bench => bench;

    public EdgeLoop<EdgeTag, EdgeRecorder> Edge => edge;

    public IvLoop Loop => bench.Loop;

    public List<string> Log { get; } = [];

    public Action<EdgeFd<EdgeTag>>? Data { get; set; }

    public Action<EdgeFd<EdgeTag>>? Ready { get; set; }

    public Action<EdgeFd<EdgeTag>>? Error { get; set; }

    public Action<EdgeFd<EdgeTag>, EdgeCloseReason>? Closed { get; set; }

    public Action<EdgeTimer<EdgeTag>>? Timer { get; set; }

    /// <summary>All that was called so far, as in <c>a data, a ready</c>; begins anew.</summary>
    public string Calls
    {
        get
        {
            string calls = string.Join(", ", Log);
            Log.Clear();
            return calls;
        }
    }

    public EdgeFd<EdgeTag> Arm(IvSocket socket, IvBands bands, string name = "a") => edge.Arm(socket, bands, new EdgeTag(name, this));

    public EdgeFd<EdgeTag> Arm(nint number, IvBands bands, string name = "a") => edge.Arm(number, bands, new EdgeTag(name, this));

    public EdgeTimer<EdgeTag> MakeTimer(string name) => edge.CreateTimer(new EdgeTag(name, this));

    /// <summary>Reads until it would block, or ends; counts the bytes.</summary>
    public static void ReadAll(EdgeFd<EdgeTag> fd)
    {
        Span<byte> buffer = stackalloc byte[64];
        IvIoResult result;
        do
        {
            result = fd.Read(buffer);
            fd.State.Received += result.Bytes;
        }
        while (result.IsOk);
    }

    /// <summary>Reads one byte.</summary>
    public static IvIoResult ReadOne(EdgeFd<EdgeTag> fd)
    {
        IvIoResult result = fd.Read(stackalloc byte[1]);
        fd.State.Received += result.Bytes;
        return result;
    }

    /// <summary>Handles all that is ready now, and what follows from that.</summary>
    public void Settle()
    {
        for (int i = 0; edge.IsActive && edge.Review(TimeSpan.Zero) > 0; i++)
        {
            Assert.That(i, Is.LessThan(MostRounds), $"it never comes to rest: {string.Join(", ", Log.TakeLast(5))}");
        }
    }

    /// <summary>Handles events until something holds, for what a kernel does when it likes.</summary>
    public void Until(Func<bool> condition, string what)
    {
        for (int i = 0; !condition(); i++)
        {
            Assert.That(i, Is.LessThan(MostRounds), what);
            edge.Review(TimeSpan.FromMilliseconds(100));
        }
    }

    public void Dispose() => edge.Dispose();
}
