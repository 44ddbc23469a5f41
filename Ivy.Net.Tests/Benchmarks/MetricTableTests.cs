using Ivy.Net.Benchmarks.Versus.Reports;
using Ivy.Net.Benchmarks.Versus.Running;

namespace Ivy.Net.Tests.Benchmarks;

internal sealed class MetricTableTests
{
    private static readonly Metric Rate = new("event", "events/s", IsRate: true);

    [Test]
    public void The_best_peer_is_the_cheapest_library_with_several_threads()
    {
        MetricTable table = Made.Table([
            ("libev", SubjectKind.SingleThreaded, [50]), ("libev+idle", SubjectKind.Library, [100]), ("libuv+idle", SubjectKind.Library, [120]),
            ("epoll+idle", SubjectKind.Bare, [90]), ("ivy", SubjectKind.Ivy, [110])]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(table.BestPeer, Is.EqualTo("libev+idle"));
            Assert.That(Row(table, "ivy").Ratio, Is.EqualTo(1.1).Within(1e-9));
            Assert.That(Row(table, "libev").Ratio, Is.EqualTo(0.5));
        }
    }

    [Test]
    public void Of_rates_the_best_is_the_highest_and_a_ratio_above_one_is_worse()
    {
        MetricTable table = Made.Table([("slow", SubjectKind.Library, [100]), ("fast", SubjectKind.Library, [200]), ("ivy", SubjectKind.Ivy, [400])], Rate);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(table.BestPeer, Is.EqualTo("fast"));
            Assert.That(Row(table, "ivy").Ratio, Is.EqualTo(0.5));
            Assert.That(Row(table, "slow").Ratio, Is.EqualTo(2));
        }
    }

    [Test]
    public void The_ratio_is_the_median_of_those_of_the_rounds_and_not_that_of_the_medians()
    {
        // Medians: 30 and 20. Round by round: 1, 3, 0.75.
        MetricTable table = Made.Table([("libev+idle", SubjectKind.Library, [1000, 1000, 1000]), ("libuv+idle", SubjectKind.Library, [20, 10, 40]), ("ivy", SubjectKind.Ivy, [20, 30, 30])]);
        Row row = Row(table, "ivy");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(row.Ratio, Is.EqualTo(1));
            Assert.That((row.RatioMin, row.RatioMax), Is.EqualTo((0.75, 3)));
            Assert.That((row.Median, row.Min, row.Max, row.Rounds), Is.EqualTo((30, 20, 30, 3)));
        }
    }

    [Test]
    public void The_row_of_a_peer_once_more_has_its_ratio_to_itself()
    {
        // The values alternate between its two measurements of a round: as itself, and again.
        double[] values = [100, 110];
        MetricTable table = Made.Table([("libev+idle", SubjectKind.Library, values), ("ivy", SubjectKind.Ivy, [100, 100])]);
        Row again = table.Rows.Single(static row => row.Kind == SubjectKind.Again);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(again.Subject, Is.EqualTo("libev+idle again"));
            Assert.That(again.Ratio, Is.GreaterThan(1));
            Assert.That(table.Spread, Is.GreaterThan(1));
        }
    }

    [TestCase(100, 1.0, VerdictKind.Met)]
    [TestCase(99, 1.0, VerdictKind.Met)]
    [TestCase(105, 1.0, VerdictKind.MetWithinSpread)]
    [TestCase(120, 1.0, VerdictKind.Missed)]
    [TestCase(120, 1.2, VerdictKind.Met)]
    public void A_target_is_met_when_it_holds_within_the_spread(double value, double limit, VerdictKind kind)
    {
        // A peer that differs from itself by a tenth.
        double[] peer = [100, 110, 100, 110];
        MetricTable table = Made.Table([("libev+idle", SubjectKind.Library, peer), ("other", SubjectKind.Library, [100, 100]), ("ivy", SubjectKind.Ivy, [value, value])], targets: new Target("ivy", "event", limit) { Peer = "other" });
        Assert.That(Row(table, "ivy").Verdicts.Single().Kind, Is.EqualTo(kind), table.Spread.ToString());
    }

    [TestCase(0.5, VerdictKind.Met, TestName = "Better by more than the noise")]
    [TestCase(0.99, VerdictKind.Undecided, TestName = "Better by less than the noise")]
    [TestCase(1.2, VerdictKind.Undecided, TestName = "Worse by less than the noise")]
    [TestCase(1.4, VerdictKind.Missed, TestName = "Worse by more than the noise")]
    public void Where_two_equal_programs_differ_absurdly_only_what_exceeds_that_is_decided(double ratio, VerdictKind kind)
    {
        Verdict verdict = new(new Target("ivy", "event", 1), Made.Event, Verdict.Judge(ratio, limit: 1, spread: 1.3)) { Peer = "libev+idle", Figure = ratio, Spread = 1.3 };
        Assert.That(verdict.Kind, Is.EqualTo(kind));
        Assert.That(verdict.Outcome, kind == VerdictKind.Undecided ? Is.EqualTo("undecided: the machine was too noisy, a spread of 1.300") : Is.Not.Empty);
    }

    [Test]
    public void A_target_against_a_peer_that_is_not_there_is_not_measured()
    {
        Verdict verdict = Row(Made.Table([("ivy", SubjectKind.Ivy, [1])], targets: new Target("ivy", "event", 1) { Peer = "libev+idle" }), "ivy").Verdicts.Single();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(verdict.Kind, Is.EqualTo(VerdictKind.NotMeasured));
            Assert.That(verdict.Summary, Is.EqualTo("≤ 1.00 × libev+idle: not measured"));
        }
    }

    [Test]
    public void Where_a_library_was_not_asked_for_or_refused_nobody_knows_which_is_the_best()
    {
        FakeSubject ivy = Gives("ivy", SubjectKind.Ivy), libev = Gives("libev+idle", SubjectKind.Library), libuv = Gives("libuv+idle", SubjectKind.Library), bare = Gives("uring+idle", SubjectKind.Bare);
        var broken = new FakeSubject("ivykis+idle", SubjectKind.Library, static _ => Sample.Rejected("no"));
        var target = new Target("ivy", "event", 1);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Judge(Made.Case([libev, libuv, bare, ivy], target)).Peer, Is.EqualTo("libev+idle"));
            Assert.That(Judge(Made.Case([libev, libuv, bare, ivy], target).Only(subject => subject != libuv)!).Kind, Is.EqualTo(VerdictKind.NotMeasured), "libuv was not asked for");
            Assert.That(Judge(Made.Case([libev, broken, ivy], target)).Kind, Is.EqualTo(VerdictKind.NotMeasured), "ivykis was refused");
            Assert.That(Judge(Made.Case([bare, ivy], target)).Kind, Is.EqualTo(VerdictKind.NotMeasured), "bare system calls are no library");
            Assert.That(Judge(Made.Case([libev, bare, ivy], target).Only(subject => subject != bare)!).Kind, Is.EqualTo(VerdictKind.Met), "what is no library is not missed");
        }

        static FakeSubject Gives(string name, SubjectKind kind) => new(name, kind, static _ => FakeSubject.Good(1));

        static Verdict Judge(WorkloadCase item) => Made.Table(item, rounds: 1).Verdicts.Single();
    }

    [Test]
    public void The_target_of_a_subject_that_was_not_asked_for_is_in_the_table_as_not_measured()
    {
        WorkloadCase item = Made.Case([new FakeSubject("libev+idle", SubjectKind.Library, static _ => FakeSubject.Good(1))], new Target("ivy", "event", 1));
        Assert.That(TextTable.OfTargets([Made.Table(item, rounds: 1)]).Rows.Single(), Is.EqualTo(["chain, 100/1/2000: event, ivy", "≤ 1.00 × the best C library", "–", "not measured"]));
    }

    [Test]
    public void The_table_of_targets_says_ratios_of_costs_and_of_rates_in_their_own_direction()
    {
        MetricTable cost = Made.Table([("ivykis", SubjectKind.Library, [200]), ("ivy", SubjectKind.Ivy, [100])], Made.Event with { Words = "time per event" }, new Target("ivy", "event", 0.8) { Peer = "ivykis" });
        MetricTable rate = Made.Table([("ivykis", SubjectKind.Library, [100]), ("ivy", SubjectKind.Ivy, [150])], Rate with { Words = "events per second" }, new Target("ivy", "event", 0.5) { Peer = "ivykis" });
        using (Assert.EnterMultipleScope())
        {
            Assert.That(TextTable.OfTargets([cost]).Rows.Single(), Is.EqualTo(["chain, 100/1/2000: time per event, ivy", "≤ 0.80 × ivykis", "0.500 × ivykis (100.0 ns)", "met"]));
            Assert.That(TextTable.OfTargets([rate]).Rows.Single(), Is.EqualTo(["chain, 100/1/2000: events per second, ivy", "≥ 2.00 × ivykis", "1.500 × ivykis (150.0 events/s)", "missed"]));
        }
    }

    [TestCase(299, VerdictKind.Met)]
    [TestCase(301, VerdictKind.Missed)]
    public void A_target_may_be_an_amount(double value, VerdictKind kind) =>
        Assert.That(Row(Made.Table([("ivy", SubjectKind.Ivy, [value])], targets: new Target("ivy", "event", 300) { IsAmount = true }), "ivy").Verdicts.Single().Kind, Is.EqualTo(kind));

    private static Row Row(MetricTable table, string subject) => table.Rows.Single(row => row.Subject == subject);
}
