using Ivy.Net.Polling;

namespace Ivy.Net.Tests.Polling;

/// <summary>Random interleavings of what sockets, AFD and a program do; and that the bugs are found which they are there to find.</summary>
internal sealed class AfdWorldTests
{
    private const int Seeds = 1000;

    [Test]
    public void Whatever_happens_what_is_ready_is_reported_and_nothing_else()
    {
        Assert.That(
            Enumerable.Range(1, Seeds).Select(seed => (Seed: seed, Found: new AfdWorld(seed, AfdBug.None).Run().FirstOrDefault())).Where(run => run.Found is not null).Take(3),
            Is.Empty);
        Assert.That(AfdWorld.Taken, Is.All.Positive);
    }

    [Test]
    public void Each_planted_bug_is_found([Values] AfdBug bug)
    {
        if (bug == AfdBug.None)
        {
            Assert.That(new AfdWorld(1, bug).Run(), Is.Empty);
            return;
        }

        int found = Enumerable.Range(1, Seeds).FirstOrDefault(seed => new AfdWorld(seed, bug).Run().Count > 0);
        Assert.That(found, Is.Not.Zero, "no seed finds it");
        TestContext.Out.WriteLine($"{bug}: seed {found}");
    }
}
