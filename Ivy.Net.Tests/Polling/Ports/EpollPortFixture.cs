using Ivy.Net.Polling;

namespace Ivy.Net.Tests.Polling;

/// <summary>Tests that go for every engine: each has a port of its kind.</summary>
internal abstract class EpollPortFixture(PortKind kind)
{
    protected PortKind Kind { get; } = kind;

    protected PortBench Bench { get; private set; } = null!;

    protected EpollPort Port => Bench.Port;

    [SetUp]
    public void SetUp() => Bench = new PortBench(Kind);

    [TearDown]
    public void TearDown() => Bench.Dispose();
}
