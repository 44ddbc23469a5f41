using Ivy.Net.Benchmarks.Versus;
using Ivy.Net.Benchmarks.Versus.Building;
using Ivy.Net.Benchmarks.Versus.Reports;
using Ivy.Net.Benchmarks.Versus.Running;

namespace Ivy.Net.Tests.Benchmarks;

/// <summary>How long a run will take, before it and while it goes on.</summary>
internal sealed class EstimateTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Test]
    public void A_round_takes_what_its_subjects_take_and_its_peer_once_more()
    {
        WorkloadCase item = Made.Case([Takes(3, "libev+idle", SubjectKind.Library), Takes(4, "ivy", SubjectKind.Ivy)]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(item.ExpectedOfRound, Is.EqualTo(10 * Second));
            Assert.That(item.StepsOfRound, Is.EqualTo(3));
            Assert.That(item.Only(static subject => subject.Name == "ivy")!.ExpectedOfRound, Is.EqualTo(4 * Second), "without a peer nothing is measured twice");
        }
    }

    [Test]
    [Platform(Include = "Linux")]
    public void All_workloads_together_take_three_quarters_of_an_hour_at_most()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("ivy-peers-");
        try
        {
            var compiler = new FakeCompiler { Headers = ["iv.h", "event2/event.h", "ev.h", "uv.h", "liburing.h"] };
            var settings = new RunSettings { Peers = new PeerToolchain(compiler, SourceTree.Peers, folder.FullName) };

            // "start" publishes a program, and takes seconds besides.
            WorkloadCase[] cases = [.. WorkloadCatalog.All.Where(static workload => workload.Name != "start").SelectMany(workload => workload.Cases(settings))];
            TimeSpan expected = cases.Aggregate(TimeSpan.Zero, static (sum, item) => sum + (VersusOptions.FullRounds * item.ExpectedOfRound));
            TestContext.Out.WriteLine(string.Join('\n', cases.Select(static item => $"{item.Workload}, {item.Params}: {Texts.Duration(VersusOptions.FullRounds * item.ExpectedOfRound)}").Append($"{expected}")));
            Assert.That(expected.TotalMinutes, Is.InRange(20, 44));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Test]
    public void The_time_that_is_left_follows_the_pace_of_the_machine()
    {
        using var output = new StringWriter();
        var clock = new FakeClock();
        FakeSubject subject = Takes(60, "libev+idle", SubjectKind.Library);
        WorkloadCase item = Made.Case([subject]);
        using (var progress = new ProgressReport(Terminal.Of(output, isRedirected: true), 600 * Second, clock))
        {
            progress.Measuring(item, subject, 0, 5);
            clock.Advance(60 * Second);
            progress.Measuring(item, subject, 1, 5);
            clock.Advance(180 * Second); // slower by twice
            progress.Measuring(item, subject, 2, 5);
        }

        Assert.That(output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => line.Trim()), Is.EqualTo([
            "chain, 100/1/2000: round 1 of 5, about 10 minutes left",
            "chain, 100/1/2000: round 2 of 5, about 9 minutes left",
            "chain, 100/1/2000: round 3 of 5, about 16 minutes left"]));
    }

    [TestCase(0, "about 10 s")]
    [TestCase(31, "about 40 s")]
    [TestCase(119, "about 2 minutes")]
    [TestCase(2570, "about 43 minutes")]
    public void A_duration_is_said_as_people_need_it(int seconds, string text) => Assert.That(Texts.Duration(seconds * Second), Is.EqualTo(text));

    private static FakeSubject Takes(int seconds, string name, SubjectKind kind) => new(name, kind, static _ => FakeSubject.Good(1)) { Expected = seconds * Second };
}
