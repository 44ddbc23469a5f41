using Ivy.Net.Polling;

namespace Ivy.Net.Tests.Edge;

/// <summary>What a poller promises that has edges, and what one does not that has none.</summary>
internal sealed class EdgePollerTests
{
    private const IvBands InByEdges = IvBands.In | IvBands.Edge;

    [Test]
    public void What_is_ready_is_reported_once_and_again_when_something_comes_or_the_interest_changes([Values] bool isSimulated)
    {
        SimulatedNetwork? simulation = isSimulated ? new SimulatedNetwork(1) : null;
        if (simulation is null && !OperatingSystem.IsLinux())
        {
            Assert.Ignore("epoll exists on Linux only");
        }

        IvNetwork network = simulation ?? IvNetwork.System;
        using IvPoller poller = simulation is null ? new EpollPoller() : new SimulatedPoller(simulation);
        Assert.That(poller.HasEdges, Is.True);
        (IvSocket near, IvSocket far) = IvSocket.CreatePair(network: network);
        using (near)
        using (far)
        {
            far.Send("a"u8);
            Assert.That(poller.Add(near.Handle, InByEdges, 7), Is.EqualTo(IvError.None));
            Assert.That(Look(poller), Is.EqualTo([new IvReady(7, IvBands.In)]), "what is there already is news");
            Assert.That(Look(poller), Is.Empty);
            far.Send("b"u8);
            Assert.That(Look(poller), Is.EqualTo([new IvReady(7, IvBands.In)]));
            Assert.That(Look(poller), Is.Empty);
            Assert.That(Look(poller, new IvChange(near.Handle, 7, IvBands.In, InByEdges)), Is.EqualTo([new IvReady(7, IvBands.In)]), "looked at anew");
            Assert.That(Look(poller), Is.Empty);
            Assert.That(Look(poller, new IvChange(near.Handle, 7, InByEdges, IvBands.In)), Has.Length.EqualTo(1));
            Assert.That(Look(poller), Has.Length.EqualTo(1), "level-triggered again");
            poller.Remove(near.Handle, 7);
        }
    }

    [Test]
    public void A_poller_has_no_edges_unless_it_says_so()
    {
        using IvPoller poller = OperatingSystem.IsWindows() ? new AfdPoller() : new PollPoller();
        Assert.That(poller.HasEdges, Is.False);
    }

    private static IvReady[] Look(IvPoller poller, params ReadOnlySpan<IvChange> changes)
    {
        var ready = new IvReady[4];
        return ready[..poller.Wait(changes, IvTimestamp.MinValue, ready)];
    }
}
