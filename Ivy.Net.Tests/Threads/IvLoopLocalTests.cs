using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Threads;

/// <summary>What each loop has of its own: set up when asked for, torn down with the loop, the latest first.</summary>
internal sealed class IvLoopLocalTests
{
    private readonly List<string> _log = [];

    [SetUp]
    public void Forget() => _log.Clear();

    [Test]
    public void It_is_set_up_once_for_each_loop_and_only_if_asked_for()
    {
        int made = 0;
        var local = new IvLoopLocal<object>(_ =>
        {
            made++;
            return new object();
        });
        object first;
        using (new TestLoop())
        {
            Assert.That(local.IsSetUp, Is.False);
            first = local.Value;
            Assert.That(local.IsSetUp, Is.True);
            Assert.That(local.Value, Is.SameAs(first));
            Assert.That(local.Get(IvLoop.Current!), Is.SameAs(first));
        }

        using (var test = new TestLoop())
        {
            Assert.That(local.IsSetUp, Is.False);
            Assert.That(local.Get(test.Loop), Is.Not.SameAs(first));
            Assert.That(local.Value, Is.SameAs(local.Get(test.Loop)));
        }

        using (new TestLoop())
        {
            Assert.That(made, Is.EqualTo(2), "the third loop has not asked");
        }
    }

    [Test]
    public void Loops_of_two_threads_have_their_own()
    {
        var local = new IvLoopLocal<List<string>>(_ => []);
        using var test = new TestLoop();
        local.Value.Add("mine");
        LoopThread.Run(loop => Assert.That(local.Get(loop), Is.Empty));
        Assert.That(local.Value, Has.Count.EqualTo(1));
    }

    [Test]
    public void Values_and_nulls_are_kept_like_anything_else()
    {
        int made = 0;
        var number = new IvLoopLocal<int>(_ => ++made);
        var nothing = new IvLoopLocal<string?>(_ =>
        {
            made += 10;
            return null;
        });
        using var test = new TestLoop();
        Assert.That(new object?[] { number.Value, number.Value, nothing.Value, nothing.Value, made }, Is.EqualTo(new object?[] { 1, 1, null, null, 11 }));
    }

    [Test]
    public void Tear_downs_run_in_the_opposite_order_of_the_set_ups_with_what_was_set_up()
    {
        IvLoopLocal<string> first = Logged("first");
        var second = new IvLoopLocal<string>(loop => "on " + first.Get(loop), (_, value) => _log.Add(value + ", which is there: " + first.Value));
        IvLoopLocal<string> third = Logged("third");
        using (new TestLoop())
        {
            _ = second.Value;
            _ = third.Value;
        }

        Assert.That(_log, Is.EqualTo(["down third", "on first, which is there: first", "down first"]));
    }

    [Test]
    public void The_loop_is_in_working_order_in_both_hooks_and_what_is_registered_there_is_reported()
    {
        IvLeakReport? report = null;
        var local = new IvLoopLocal<IvTimer>(
            loop =>
            {
                var timer = new IvTimer(_ => _log.Add("tick")) { Name = "of the local" };
                timer.Start(TimeSpan.FromSeconds(1));
                loop.Post(_ => _log.Add("posted in set-up"), null);
                return timer;
            },
            (loop, timer) =>
            {
                timer.Dispose();
                loop.Post(_ => _log.Add("posted in tear-down"), null);
                new IvTask(_ => _log.Add("task of the tear-down")).Register();
                loop.Run(IvRunMode.NonBlocking);
                loop.Dispose();
                new IvTask(_ => Assert.Fail()) { Name = "left" }.Register();
            });
        using (var test = new TestLoop(method => new IvLoopOptions { PollMethods = [method], LeakReport = leaks => report = leaks }))
        {
            _ = local.Value;
        }

        Assert.That(_log, Is.EqualTo(["task of the tear-down", "posted in set-up", "posted in tear-down"]));
        Assert.That(report!.Objects.Select(static item => item.Name), Is.EqualTo(["left"]));
    }

    [Test]
    public void What_a_tear_down_sets_up_for_the_first_time_is_torn_down_too()
    {
        IvLoopLocal<string> late = Logged("late");
        var local = new IvLoopLocal<int>(_ => 1, (loop, _) => _log.Add("asks for " + late.Get(loop)));
        using (new TestLoop())
        {
            _ = local.Value;
        }

        Assert.That(_log, Is.EqualTo(["asks for late", "down late"]));
    }

    [Test]
    public void A_set_up_that_throws_tells_who_asked_and_the_next_one_tries_again()
    {
        int tries = 0;
        var local = new IvLoopLocal<int>(_ => ++tries == 1 ? throw new InvalidDataException("first") : tries, (_, value) => _log.Add($"down {value}"));
        using (new TestLoop())
        {
            Assert.That(() => local.Value, Throws.TypeOf<InvalidDataException>());
            Assert.That(local.IsSetUp, Is.False);
            Assert.That(local.Value, Is.EqualTo(2));
        }

        Assert.That(_log, Is.EqualTo(["down 2"]));
    }

    [Test]
    public void A_tear_down_that_throws_stops_neither_the_others_nor_the_loop_s_end()
    {
        IvLoopLocal<string> first = Logged("first");
        var bad = new IvLoopLocal<int>(_ => 1, (_, _) => throw new InvalidDataException("bad"));
        var test = new TestLoop();
        _ = first.Value;
        _ = bad.Value;
        Assert.That(test.Dispose, Throws.TypeOf<InvalidDataException>().With.Message.EqualTo("bad"));
        Assert.That(_log, Is.EqualTo(["down first"]));
        Assert.That(IvLoop.Current, Is.Null);
        Assert.That(test.Poller.IsDisposed, Is.True);
        Assert.That(test.Dispose, Throws.Nothing);
    }

    [Test]
    public void Several_that_throw_are_thrown_together()
    {
        var one = new IvLoopLocal<int>(_ => 1, (_, _) => throw new InvalidDataException("one"));
        var two = new IvLoopLocal<int>(_ => 2, (_, _) => throw new InvalidDataException("two"));
        var test = new TestLoop();
        _ = one.Value + two.Value;
        AggregateException? thrown = Assert.Throws<AggregateException>(test.Dispose);
        Assert.That(thrown!.InnerExceptions.Select(static inner => inner.Message), Is.EqualTo(["two", "one"]));
    }

    [Test]
    public void A_thread_without_a_loop_has_nothing()
    {
        IvLoopLocal<string> local = Logged("local");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(local.TryGet(out _), Is.False);
            Assert.That(local.IsSetUp, Is.False);
            IvFatalInfo info = FatalScope.Expect(FatalCondition.NoLoop, () => _ = local.Value);
            Assert.That(info.Message, Does.Contain("IvLoopLocal<String>: Value read on thread"));
        }
    }

    [Test]
    public void TryGet_sets_up_where_there_is_a_loop()
    {
        IvLoopLocal<string> local = Logged("local");
        using var test = new TestLoop();
        Assert.That(local.TryGet(out string? value), Is.True);
        Assert.That(value, Is.EqualTo("local"));
    }

    [Test]
    public void Get_is_for_the_loop_s_thread_and_not_after_its_end()
    {
        IvLoopLocal<string> local = Logged("local");
        var test = new TestLoop();
        LoopThread.Elsewhere(() => FatalScope.Expect(FatalCondition.WrongThread, () => local.Get(test.Loop)));
        test.Dispose();
        FatalScope.Expect(FatalCondition.DisposedLoop, () => local.Get(test.Loop));
        Assert.That(() => local.Get(null!), Throws.ArgumentNullException);
    }

    [Test]
    [Provokes("IVF0120")]
    public void A_set_up_that_asks_for_itself_is_found_out_and_can_be_tried_again()
    {
        IvLoopLocal<int>? local = null;
        bool asks = true;
        var other = new IvLoopLocal<int>(_ => local!.Value);
        local = new IvLoopLocal<int>(_ => asks ? other.Value : 7);
        using var test = new TestLoop();
        FatalScope.Expect(FatalCondition.LoopLocalInSetUp, () => _ = local.Value);
        asks = false;
        Assert.That(local.Value, Is.EqualTo(7));
        Assert.That(other.Value, Is.EqualTo(7));
    }

    [Test]
    [Provokes("IVF0121")]
    public void What_has_been_torn_down_stays_so()
    {
        IvLoopLocal<string>? gone = null;
        var local = new IvLoopLocal<int>(_ => 1, (_, _) =>
        {
            FatalScope.Expect(FatalCondition.LoopLocalTornDown, () => _ = gone!.Value);
            Assert.That(gone!.TryGet(out string? nothing), Is.False);
            Assert.That(nothing, Is.Null);
            _log.Add("asked");
        });
        gone = Logged("gone");
        using (new TestLoop())
        {
            _ = local.Value;
            _ = gone.Value;
        }

        Assert.That(_log, Is.EqualTo(["down gone", "asked"]));
    }

    [Test]
    public void Many_of_them_keep_apart()
    {
        IvLoopLocal<int>[] locals = [.. Enumerable.Range(0, 100).Select(static number => new IvLoopLocal<int>(_ => number))];
        using var test = new TestLoop();
        Assert.That(locals.Reverse().Select(static local => local.Value), Is.EqualTo(Enumerable.Range(0, 100).Reverse()));
        Assert.That(locals.Select(static local => local.Value), Is.EqualTo(Enumerable.Range(0, 100)));
    }

    [Test]
    public void It_needs_a_set_up() => Assert.That(() => new IvLoopLocal<int>(null!), Throws.ArgumentNullException);

    private IvLoopLocal<string> Logged(string name) => new(_ => name, (_, value) => _log.Add($"down {value}"));
}
