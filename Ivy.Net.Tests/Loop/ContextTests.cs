using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Loop;

/// <summary>The loop captures no ExecutionContext, and puts its own back after a handler that changed it.</summary>
internal sealed class ContextTests
{
    private static readonly AsyncLocal<string?> Local = new();

    [Test]
    public void What_a_handler_sets_is_seen_neither_by_the_next_nor_by_the_caller_of_Run()
    {
        using var test = new TestLoop();
        Local.Value = "caller";
        IvFd first = test.RegisteredFd(5, _ => SayAndSet(test));
        IvFd second = test.RegisteredFd(6, _ => SayAndSet(test));
        using IvEvent item = test.Event(_ => SayAndSet(test));
        for (int i = 0; i < 2; i++)
        {
            test.Timer(TimeSpan.Zero, _ => SayAndSet(test));
            test.Task(_ => SayAndSet(test));
            test.Loop.Post(SayAndSet, test);
            var timeout = new IvTimeout(TimeSpan.FromSeconds(1), _ => SayAndSet(test));
            timeout.Start();
        }

        item.Post();
        test.Poller.Ready((5, IvBands.In), (6, IvBands.In));
        test.Loop.Run(TimeSpan.FromSeconds(2));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(test.Log, Has.Count.EqualTo(11));
            Assert.That(test.Log, Is.All.EqualTo("caller"));
            Assert.That(Local.Value, Is.EqualTo("caller"));
        }

        first.Unregister();
        second.Unregister();
    }

    [Test]
    public void What_a_throwing_handler_set_is_not_seen_by_the_caller()
    {
        using var test = new TestLoop();
        Local.Value = "caller";
        test.Task(_ =>
        {
            Local.Value = "handler";
            throw new FormatException();
        });
        Assert.That(() => test.Loop.Run(), Throws.TypeOf<FormatException>());
        Assert.That(Local.Value, Is.EqualTo("caller"));
    }

    [Test]
    public void What_a_throwing_handler_set_is_seen_neither_by_the_hook_nor_after_it()
    {
        List<string?> seen = [];
        using var test = new TestLoop(method => new IvLoopOptions
        {
            PollMethods = [method],
            UnhandledException = _ =>
            {
                seen.Add(Local.Value);
                Local.Value = "hook";
            },
        });
        Local.Value = "caller";
        test.Task(_ =>
        {
            Local.Value = "handler";
            throw new FormatException();
        });
        test.Task(_ => seen.Add(Local.Value));
        test.Loop.Run();
        Assert.That(seen, Is.EqualTo(["caller", "caller"]));
    }

    [Test]
    public void The_poster_does_not_give_its_context_along()
    {
        using var test = new TestLoop();
        Local.Value = "caller";
        LoopThread.Elsewhere(() =>
        {
            Local.Value = "poster";
            test.Loop.Post(static test => test.Say(Local.Value!), test);
        });
        test.Loop.Run();
        Assert.That(test.Log, Is.EqualTo(["caller"]));
    }

    [Test]
    public void A_caller_that_suppressed_the_flow_finds_it_suppressed_again_and_handlers_run_without_that()
    {
        using var test = new TestLoop();
        test.Task(_ => test.Say($"{ExecutionContext.IsFlowSuppressed()}"));
        test.Task(_ => Local.Value = "handler");
        test.Task(_ => test.Say(Local.Value ?? "nothing"));
        Local.Value = null;
        using (ExecutionContext.SuppressFlow())
        {
            test.Loop.Run();
            Assert.That(ExecutionContext.IsFlowSuppressed(), Is.True);
        }

        Assert.That(ExecutionContext.IsFlowSuppressed(), Is.False);
        Assert.That(test.Log, Is.EqualTo(["False", "nothing"]));
    }

    [Test]
    public void A_handler_that_suppresses_the_flow_and_forgets_it_does_so_for_itself_only()
    {
        using var test = new TestLoop();
        test.Task(_ => ExecutionContext.SuppressFlow());
        test.Task(_ => test.Say($"{ExecutionContext.IsFlowSuppressed()}"));
        test.Loop.Run();
        Assert.That(test.Log, Is.EqualTo(["False"]));
        Assert.That(ExecutionContext.IsFlowSuppressed(), Is.False);
    }

    [Test]
    public void Run_installs_no_SynchronizationContext()
    {
        using var test = new TestLoop();
        SynchronizationContext? before = SynchronizationContext.Current;
        test.Task(_ => Assert.That(SynchronizationContext.Current, Is.SameAs(before)));
        test.Loop.Run();
    }

    private static void SayAndSet(TestLoop test)
    {
        test.Say(Local.Value ?? "nothing");
        Local.Value = "handler";
    }
}
