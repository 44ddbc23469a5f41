using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Polling;

/// <summary>B1, B2, B20: who chooses the backend, and what is said when the choice cannot be had.</summary>
[NonParallelizable]
internal sealed class PollMethodSelectionTests
{
    private string? _select;
    private string? _exclude;

    private static IvPollMethod Unavailable { get; } = new("absent", static () =>
        throw new IvException(IvError.ENOSYS, "absent_create", subject: null, "This kernel has it not"));

    [SetUp]
    public void Remember()
    {
        _select = Environment.GetEnvironmentVariable(PollMethodSelector.SelectVariable);
        _exclude = Environment.GetEnvironmentVariable(PollMethodSelector.ExcludeVariable);
        SetEnvironment(null, null);
    }

    [TearDown]
    public void PutBack() => SetEnvironment(_select, _exclude);

    [Test]
    public void Without_a_wish_the_best_is_taken() => Assert.That(Chosen(new IvLoopOptions()), Is.EqualTo(IvPollMethod.All[0].Name));

    [Platform("Linux", Reason = "epoll and poll by name")]
    [TestCase("poll", null, "poll")]
    [TestCase("epoll", null, "epoll")]
    [TestCase("  poll\tepoll ", null, "poll")]
    [TestCase("nonsense poll", null, "poll")]
    [TestCase(null, "epoll", "poll")]
    [TestCase("", "  epoll nonsense ", "poll")]
    [TestCase("epoll poll", "epoll", "poll")]
    [TestCase("  ", "", "epoll")]
    public void The_environment_selects_and_excludes(string? select, string? exclude, string expected)
    {
        SetEnvironment(select, exclude);
        Assert.That(Chosen(new IvLoopOptions()), Is.EqualTo(expected));
    }

    [Test]
    [Platform("Linux", Reason = "epoll and poll by name")]
    public void With_a_list_of_options_the_environment_is_not_asked()
    {
        SetEnvironment("epoll", "poll");
        Assert.That(Chosen(new IvLoopOptions { PollMethods = [IvPollMethod.Poll] }), Is.EqualTo("poll"));
    }

    [Test]
    [Platform("Linux", Reason = "epoll and poll by name")]
    public void The_first_of_the_list_that_works_is_taken() =>
        Assert.That(Chosen(new IvLoopOptions { PollMethods = [Unavailable, IvPollMethod.Poll, IvPollMethod.Epoll] }), Is.EqualTo("poll"));

    [Test]
    [Platform("Linux", Reason = "epoll and poll by name")]
    public void Options_exclude_by_name_whatever_the_list_or_the_environment_says()
    {
        Assert.That(Chosen(new IvLoopOptions { ExcludedPollMethods = ["epoll"] }), Is.EqualTo("poll"));
        Assert.That(Chosen(new IvLoopOptions { PollMethods = [IvPollMethod.Epoll, IvPollMethod.Poll], ExcludedPollMethods = ["epoll"] }), Is.EqualTo("poll"));
        SetEnvironment("epoll poll", null);
        Assert.That(Chosen(new IvLoopOptions { ExcludedPollMethods = ["epoll"] }), Is.EqualTo("poll"));
    }

    [Test]
    [Platform("Linux", Reason = "epoll and poll by name")]
    public void Two_loops_of_one_process_may_have_different_methods()
    {
        Assert.That(Chosen(new IvLoopOptions { PollMethods = [IvPollMethod.Poll] }), Is.EqualTo("poll"));
        Assert.That(Chosen(new IvLoopOptions { PollMethods = [IvPollMethod.Epoll] }), Is.EqualTo("epoll"));
    }

    [Test]
    public void B20_A_forced_method_that_is_not_available_says_why_in_one_line_and_nothing_else_is_taken()
    {
        IvException refused = Refused(new IvLoopOptions { PollMethods = [Unavailable] });
        using (Assert.EnterMultipleScope())
        {
            Assert.That(refused.Error, Is.EqualTo(IvError.PollMethodUnavailable));
            Assert.That(refused.NativeErrorCode, Is.Zero);
            Assert.That(refused.Message, Does.Contain("absent: absent_create: ENOSYS (38) Function not implemented. This kernel has it not"));
            Assert.That(refused.Message, Does.Contain(string.Join(", ", IvPollMethod.All)).And.Contain(PollMethodSelector.SelectVariable));
            Assert.That(refused.Message, Does.Not.Contain('\n'));
            Assert.That(IvLoop.Current, Is.Null);
        }
    }

    [Test]
    public void B20_An_unknown_name_in_the_environment_is_not_passed_over_in_silence()
    {
        SetEnvironment("kqueueueue", null);
        Assert.That(Refused(new IvLoopOptions()).Message, Does.Contain("kqueueueue").And.Not.Contain("\n"));
    }

    [Test]
    [Platform("Linux", Reason = "epoll and poll by name")]
    public void B20_Each_method_of_the_list_has_its_reason()
    {
        SetEnvironment(null, "epoll poll io_uring");
        Assert.That(Refused(new IvLoopOptions()).Message, Does.Contain("epoll: excluded; poll: excluded"));
        Assert.That(Refused(new IvLoopOptions { PollMethods = [] }).Message, Does.Contain("the list is empty"));
        Assert.That(Refused(new IvLoopOptions { PollMethods = [Unavailable, IvPollMethod.Poll], ExcludedPollMethods = ["poll"] }).Message, Does.Match("absent: .*; poll: excluded"));
    }

    [Test]
    public void A_thread_that_got_no_loop_may_try_again()
    {
        Refused(new IvLoopOptions { PollMethods = [Unavailable] });
        Assert.That(Chosen(new IvLoopOptions()), Is.Not.Empty);
    }

    [Test]
    public void A_method_has_a_name_without_which_it_is_none()
    {
        Assert.That(() => new IvPollMethod(" ", static () => new ScriptedPoller()), Throws.ArgumentException);
        Assert.That(() => new IvPollMethod("name", null!), Throws.ArgumentNullException);
        Assert.That(IvPollMethod.All.Select(method => method.ToString()), Is.Unique);
    }

    private static string Chosen(IvLoopOptions options)
    {
        using var loop = new IvLoop(options);
        return loop.PollMethod;
    }

    private static IvException Refused(IvLoopOptions options) => Assert.Throws<IvException>(() => new IvLoop(options).Dispose())!;

    private static void SetEnvironment(string? select, string? exclude)
    {
        Environment.SetEnvironmentVariable(PollMethodSelector.SelectVariable, select);
        Environment.SetEnvironmentVariable(PollMethodSelector.ExcludeVariable, exclude);
    }
}
