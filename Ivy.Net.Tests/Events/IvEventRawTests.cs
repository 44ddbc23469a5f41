using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Events;

/// <summary>R1: remembered, counted, and postable by whoever has the descriptor.</summary>
internal sealed class IvEventRawTests
{
    [Test]
    public void R1_A_chain_of_raw_event_timer_and_raw_event_ends_iv_event_raw_test() => LoopThread.Run(loop =>
    {
        bool success = false;
        using var second = new IvEventRaw(raw =>
        {
            raw.Unregister();
            success = true;
        });
        var timer = new IvTimer(_ =>
        {
            second.Register();
            second.Post();
        });
        using var first = new IvEventRaw(raw =>
        {
            raw.Unregister();
            timer.Start(TimeSpan.FromMilliseconds(1));
        });
        first.Register();
        first.Post();
        Assert.That(loop.Run(), Is.False);
        Assert.That(success, Is.True);
    });

    [Test]
    public void R1_Posts_are_added_up_and_delivered_by_one_call() => LoopThread.Run(loop =>
    {
        List<ulong> counts = [];
        using var raw = new IvEventRaw(raw => counts.Add(raw.Count));
        raw.Register();
        raw.Post();
        LoopThread.Elsewhere(() =>
        {
            raw.Post();
            raw.Post();
        });
        loop.Run(IvRunMode.NonBlocking);
        loop.Run(IvRunMode.NonBlocking);
        Assert.That(counts, Is.EqualTo([3UL]));
    });

    [Test]
    public void R1_Whoever_writes_the_descriptor_posts() => LoopThread.Run(loop =>
    {
        ulong count = 0;
        using var raw = new IvEventRaw(raw =>
        {
            count = raw.Count;
            raw.Unregister();
        });
        raw.Register();
        using (var stream = new FileStream(new Microsoft.Win32.SafeHandles.SafeFileHandle(raw.Handle, ownsHandle: false), FileAccess.Write, bufferSize: 0))
        {
            stream.Write(BitConverter.GetBytes(7UL));
        }

        loop.Run();
        Assert.That(count, Is.EqualTo(7));
    });

    [Test]
    public void R1_What_was_posted_stays_through_unregistering() => LoopThread.Run(loop =>
    {
        int calls = 0;
        using var raw = new IvEventRaw(_ => calls++);
        raw.Register();
        raw.Post();
        raw.Unregister();
        Assert.That(loop.Run(), Is.False);
        raw.Register();
        loop.Run(IvRunMode.NonBlocking);
        Assert.That(calls, Is.EqualTo(1));
    });

    [Test]
    public void E3_A_post_after_Dispose_is_false_on_any_thread_also_in_a_race() => LoopThread.Run(loop =>
    {
        for (int i = 0; i < 100; i++)
        {
            var raw = new IvEventRaw(_ => { });
            raw.Register();
            Action wait = LoopThread.Begin(1, _ =>
            {
                while (raw.Post())
                {
                }
            });
            loop.Run(IvRunMode.NonBlocking);
            raw.Dispose();
            wait();
            Assert.That(raw.Post(), Is.False);
        }
    });
}
