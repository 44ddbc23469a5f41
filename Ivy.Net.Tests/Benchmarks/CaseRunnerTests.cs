using Ivy.Net.Benchmarks.Versus.Running;

namespace Ivy.Net.Tests.Benchmarks;

internal sealed class CaseRunnerTests
{
    private readonly List<string> _log = [];
    private readonly FakeObserver _observer = new();

    [SetUp]
    public void Forget()
    {
        _log.Clear();
        _observer.Warnings.Clear();
    }

    [Test]
    public void Rounds_interleave_all_subjects_and_each_begins_with_the_next_one()
    {
        Run(3, Subject("a", SubjectKind.Library), Subject("b", SubjectKind.DotNet), Subject("c", SubjectKind.Ivy));
        string again = "a"; // measured once more as itself
        Assert.That(_log, Is.EqualTo(["a", "b", "c", again, "b", "c", again, "a", "c", again, "a", "b"]));
    }

    [Test]
    public void The_peer_that_is_measured_twice_is_the_one_that_the_case_names_else_the_first_library()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Run(1, Subject("a", SubjectKind.Library), Subject("libev+idle", SubjectKind.Library)).Twin, Is.EqualTo(("libev+idle", "libev+idle again")));
            Assert.That(Run(1, Subject("a", SubjectKind.Ivy), Subject("b", SubjectKind.Library)).Twin, Is.EqualTo(("b", "b again")));
            Assert.That(Run(1, Subject("a", SubjectKind.Ivy)).Twin, Is.Null);
        }
    }

    [Test]
    public void A_run_whose_counts_do_not_match_is_said_and_repeated()
    {
        var subject = new FakeSubject("a", SubjectKind.Ivy, static run => FakeSubject.Good(10 + run, count: run == 0 ? 99 : 100));
        CaseResult result = Run(2, 100, subject);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(result.Series("a", "event"), Is.EqualTo([11, 12]), "the rejected run gave 10");
            Assert.That(result.Repeated, Is.EqualTo(1));
            Assert.That(_observer.Warnings, Has.Exactly(1).Contains("events is 99, and must be 100"));
        }
    }

    [Test]
    public void A_subject_that_is_rejected_again_and_again_is_refused_and_the_others_go_on()
    {
        CaseResult result = Run(3, new FakeSubject("bad", SubjectKind.Library, static _ => Sample.Rejected("exit code 1: no"), _log), Subject("good", SubjectKind.Ivy));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(result.Refused.Keys, Does.Contain("bad"));
            Assert.That(_log.Count(static name => name == "bad"), Is.EqualTo(6), "three times as itself, and three times again");
            Assert.That(result.Series("bad", "event"), Is.Empty);
            Assert.That(result.Series("good", "event"), Has.Count.EqualTo(3));
            Assert.That(_observer.Warnings[^1], Does.Contain("refused").And.Contain("exit code 1: no"));
        }
    }

    [Test]
    public void A_subject_that_fails_later_loses_its_earlier_figures_too()
    {
        CaseResult result = Run(3, new FakeSubject("a", SubjectKind.Ivy, static run => run == 0 ? FakeSubject.Good(1) : Sample.Rejected("gone")));
        Assert.That(result.Series("a", "event"), Is.Empty, "a series that is shorter than the others would be compared round by wrong round");
    }

    [TestCase("", "printed no figures")]
    [TestCase("Segmentation fault", "printed no figures, but: Segmentation fault")]
    [TestCase("{\"values\":{\"event\":30}}", "printed no figures")]
    [TestCase("{\"values\":{},\"checks\":{}}", "printed no figures")]
    [TestCase("{\"values\":{\"event\":-1},\"checks\":{}}", "event is -1")]
    public void A_line_that_is_not_one_of_figures_is_rejected(string line, string why) =>
        Assert.That(Sample.Parse(line).Checked(Made.Case([])).Rejection, Does.Contain(why));

    [Test]
    public void A_line_of_figures_is_read_as_it_was_written()
    {
        Sample sample = Sample.Parse(FakeSubject.Good(12.5, 7).ToString());
        using (Assert.EnterMultipleScope())
        {
            Assert.That(sample.Rejection, Is.Null);
            Assert.That(sample.Values["event"], Is.EqualTo(12.5));
            Assert.That(sample.Checks["events"], Is.EqualTo(7));
        }
    }

    [Test]
    [Platform(Include = "Linux")]
    public void A_program_that_fails_is_rejected_with_what_it_said()
    {
        Sample sample = new ProcessSubject("a", SubjectKind.Library, ["sh", "-c", "echo out; echo why >&2; exit 3"], Cores.OfThisThread()).Measure(CancellationToken.None);
        Assert.That(sample.Rejection, Is.EqualTo("exit code 3: why"));
    }

    [Test]
    [Platform(Include = "Linux")]
    public void A_program_runs_on_the_core_that_it_is_given_and_the_runner_stays_where_it_was()
    {
        int[] before = Cores.OfThisThread();
        using var process = PinnedProcess.Start(["sh", "-c", "grep Cpus_allowed_list /proc/self/status"], [before[^1]]);
        (string output, _, int? exitCode) = process.WaitForEnd(TimeSpan.FromSeconds(60), CancellationToken.None);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(exitCode, Is.Zero);
            Assert.That(output.Split(':')[1].Trim(), Is.EqualTo($"{before[^1]}"));
            Assert.That(Cores.OfThisThread(), Is.EqualTo(before));
        }
    }

    [Test]
    public void A_run_can_be_interrupted()
    {
        using var cancel = new CancellationTokenSource();
        var subject = new FakeSubject("a", SubjectKind.Ivy, _ =>
        {
            cancel.Cancel();
            return FakeSubject.Good(1);
        });
        Assert.That(() => new CaseRunner(2, _observer).Run(Made.Case([subject]), cancel.Token), Throws.InstanceOf<OperationCanceledException>());
    }

    private FakeSubject Subject(string name, SubjectKind kind) => new(name, kind, static _ => FakeSubject.Good(1), _log);

    private CaseResult Run(int rounds, params Subject[] subjects) => Run(rounds, 1, subjects);

    private CaseResult Run(int rounds, long count, params Subject[] subjects) => new CaseRunner(rounds, _observer).Run(
        Made.Case(subjects) with { Expected = new Dictionary<string, long>(StringComparer.Ordinal) { ["events"] = count } },
        CancellationToken.None);
}
