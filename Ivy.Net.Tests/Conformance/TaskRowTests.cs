namespace Ivy.Net.Tests.Conformance;

/// <summary>Rows K1 to K3, on each backend as it is.</summary>
[TestFixtureSource(typeof(ConformanceBackend), nameof(ConformanceBackend.All))]
internal sealed class TaskRowTests(ConformanceBackend backend)
{
    [Test]
    [Category("K1")]
    public void Tasks_run_in_their_order_before_the_loop_can_sleep_and_are_unregistered_when_they_run() => backend.Run(bench =>
    {
        bench.Watch(bench.Pair().Near, bench.Say("never"));
        for (int i = 0; i < 3; i++)
        {
            int number = i;
            bench.Task(task => bench.Log.Add($"{number} {task.IsRegistered} {bench.Loop.Counters.Tasks}"));
        }

        bench.Task(_ => bench.Loop.Quit());
        Assert.That(bench.Loop.Run(), Is.True);
        Assert.That(bench.Log, Is.EqualTo(["0 False 3", "1 False 2", "2 False 1"]));
        Assert.That(bench.Polls, Is.Zero);
    });

    [Test]
    [Category("K1")]
    public void A_queued_task_that_is_taken_back_does_not_run_and_one_put_again_runs_last() => backend.Run(bench =>
    {
        IvTask second = null!;
        IvTask third = null!;
        bench.Task(_ =>
        {
            second.Unregister();
            third.Unregister();
            third.Register();
        });
        second = bench.Task(_ => bench.Log.Add("second"));
        third = bench.Task(_ => bench.Log.Add("third"));
        IvTask fourth = bench.Task(_ => bench.Log.Add("fourth"));
        bench.Task(_ => bench.Log.Add("fifth"));
        fourth.Unregister();
        Assert.That(bench.Loop.Run(), Is.False);
        Assert.That(bench.Log, Is.EqualTo(["fifth", "third"]));
    });

    [Test]
    [Category("K2")]
    public void A_task_registered_by_a_task_runs_in_this_round_unless_it_has_run_in_it() => backend.Run(bench =>
    {
        int runs = 0;
        IvTask hasRun = bench.Task(_ => bench.Log.Add($"first {++runs} after {bench.Polls}"));
        IvTask hasNot = bench.Own(new IvTask(_ => bench.Log.Add($"second after {bench.Polls}")));
        bench.Task(_ =>
        {
            hasRun.Register();
            hasNot.Register();
        });
        bench.Task(_ => bench.Log.Add("last"));
        Assert.That(bench.Loop.Run(), Is.False);
        Assert.That(bench.Log, Is.EqualTo(["first 1 after 0", "last", "second after 0", "first 2 after 1"]));
    });

    [Test]
    [Category("K2")]
    public void A_task_that_registers_itself_for_ever_starves_neither_descriptors_nor_timers_nor_events() => backend.Run(bench =>
    {
        IvTask forever = bench.Task(task => task.Register());
        bench.Event(item =>
        {
            bench.Log.Add("event");
            item.Unregister();
        }).Post();
        bench.Readable(fd =>
        {
            bench.Log.Add("fd");
            fd.Unregister();
            bench.Timer(TimeSpan.Zero, _ =>
            {
                bench.Log.Add("timer");
                forever.Unregister();
            });
        });

        Assert.That(bench.Loop.Run(), Is.False);
        Assert.That(bench.Log, Is.EqualTo(["event", "fd", "timer"]));
    });

    [Test]
    [Category("K3")]
    public void A_task_made_inside_a_task_runs_in_the_round_at_hand() => backend.Run(bench =>
    {
        bench.Task(_ => bench.Task(_ => bench.Task(_ => bench.Log.Add($"fresh after {bench.Polls}"))));
        bench.Task(_ => bench.Log.Add("second"));
        Assert.That(bench.Loop.Run(), Is.False);
        Assert.That(bench.Log, Is.EqualTo(["second", "fresh after 0"]));
        Assert.That(bench.Polls, Is.Zero);
    });
}
