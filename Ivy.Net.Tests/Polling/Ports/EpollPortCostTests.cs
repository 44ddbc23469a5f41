using System.Net.Sockets;
using Ivy.Net.Polling;

namespace Ivy.Net.Tests.Polling;

/// <summary>What a port costs: for the engines whose kernel, or model of one, allocates nothing itself.</summary>
[TestFixtureSource(typeof(PortKind), nameof(PortKind.Frugal))]
internal sealed class EpollPortCostTests(PortKind kind)
{
    private PortBench _bench = null!;

    private EpollPort Port => _bench.Port;

    [SetUp]
    public void SetUp() => _bench = new PortBench(kind);

    [TearDown]
    public void TearDown() => _bench.Dispose();

    [Test]
    public void A_wait_allocates_nothing_and_neither_do_the_changes_of_what_is_watched()
    {
        Socket socket = _bench.Ready();
        Socket idle = _bench.Udp();
        Port.Add(socket, EpollEvents.In);
        var room = new EpollPortEvent[8];
        Cycle(50);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Cycle(1_000);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);

        void Cycle(int times)
        {
            for (int i = 0; i < times; i++)
            {
                Port.Modify(socket, EpollEvents.In | EpollEvents.OneShot, (ulong)i);
                Port.Wait(room, TimeSpan.FromSeconds(10));
                Port.Wait(room, TimeSpan.Zero);
                if (!kind.IsModel)
                {
                    // A model makes something of what it is given.
                    Port.Add(idle, EpollEvents.In);
                    Port.Remove(idle);
                }

                Port.Wake();
                Port.Wait(room);
            }
        }
    }
}
