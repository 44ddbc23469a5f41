using Ivy.Net.Benchmarks.Versus.Running;

namespace Ivy.Net.Tests.Benchmarks;

internal sealed class StatisticsTests
{
    private static readonly Metric Cost = new("event", "ns");
    private static readonly Metric Rate = new("posts", "posts/s", IsRate: true);

    [TestCase(new double[] { 3 }, 3)]
    [TestCase(new double[] { 9, 1, 5 }, 5)]
    [TestCase(new double[] { 4, 1, 3, 2 }, 2.5)]
    public void The_median_is_the_middle_whatever_the_order(double[] values, double median) =>
        Assert.That(Statistics.Median(values), Is.EqualTo(median));

    [Test]
    public void A_ratio_is_a_cost_and_that_of_a_rate_is_turned_round()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Cost.CostRatio(200, 100), Is.EqualTo(2));
            Assert.That(Rate.CostRatio(200, 100), Is.EqualTo(0.5));
            Assert.That(Cost.CostRatio(0, 0), Is.EqualTo(1), "nothing is no worse than nothing");
        }
    }

    [Test]
    public void Ratios_are_taken_within_a_round_so_that_a_slow_round_disturbs_none()
    {
        // The machine was three times as slow in the second round, for both.
        double[] ratios = Statistics.Ratios(Cost, [110, 330, 110], [100, 300, 100]);
        Assert.That(ratios, Has.All.EqualTo(1.1).Within(1e-9));
    }

    [Test]
    public void The_spread_is_how_much_two_equal_programs_differ_in_either_direction()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Statistics.Spread([0.8, 1.25, 1.25]), Is.EqualTo(1.25));
            Assert.That(Statistics.Spread([1, 1, 5]), Is.EqualTo(1), "one bad round does not excuse everything");
            Assert.That(Statistics.Spread([]), Is.EqualTo(1));
        }
    }

    [Test]
    public void The_numbers_that_subjects_draw_are_those_of_the_peers_in_C()
    {
        // What xorshift64* gives for the seed in Peers/peer.h.
        var random = new PeerRandom();
        ulong[] first = [random.Next(), random.Next(), random.Next()];
        Assert.That(first, Is.EqualTo(new ulong[] { 16620430977058721579, 12052379865695375093, 11451962570540714196 }));
    }
}
