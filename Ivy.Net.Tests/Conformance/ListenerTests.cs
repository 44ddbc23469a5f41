using Ivy.Net.Interop.Linux;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Conformance;

/// <summary>Accepting: row B14, and what a listener promises.</summary>
[TestFixtureSource(typeof(ConformanceBackend), nameof(ConformanceBackend.All))]
[NonParallelizable]
internal sealed class ListenerTests(ConformanceBackend backend)
{
    [Test]
    [Category("B14")]
    public void Out_of_descriptors_it_tries_at_most_twenty_times_a_second_and_recovers() => backend.Run(bench =>
    {
        backend.Require(Need.VirtualTime);
        int accepts = 0;
        bench.Simulation.Trace = seen => accepts += seen.Operation == "accept" ? 1 : 0;
        List<IvError> errors = [];
        IvSocket listening = bench.Listen();
        using IvListener listener = Listener(bench, listening);
        listener.HandlerError = (_, error) => errors.Add(error);
        listener.Register();
        for (int i = 0; i < 5; i++)
        {
            bench.Connect(listening);
        }

        bench.Simulation.DescriptorLimit = bench.Simulation.OpenDescriptors;
        TimeSpan start = bench.Simulation.Elapsed;
        bench.Loop.Run(TimeSpan.FromMilliseconds(10_050));
        Assert.That(bench.Simulation.Elapsed - start, Is.EqualTo(TimeSpan.FromMilliseconds(10_050)));
        Assert.That(accepts, Is.InRange(10, 200));
        Assert.That(errors, Has.Count.EqualTo(accepts).And.All.EqualTo(IvError.EMFILE));
        Assert.That(listener.IsResting, Is.True);
        bench.Simulation.DescriptorLimit += 3;
        bench.Loop.Run(TimeSpan.FromSeconds(1));
        Assert.That(listener.Accepted, Is.EqualTo(3), "as many as there is room for");
        bench.Simulation.DescriptorLimit += 100;
        bench.Loop.Run(TimeSpan.FromSeconds(1));
        Assert.That(listener.Accepted, Is.EqualTo(5));
        Assert.That(listener.IsResting, Is.False);
    });

    [TestCase(IvError.EMFILE)]
    [TestCase(IvError.ENFILE)]
    [TestCase(IvError.ENOBUFS)]
    [TestCase(IvError.ENOMEM)]
    [Category("B14")]
    public void A_refused_accept_makes_it_rest_and_go_on_by_itself(IvError refusal)
    {
        backend.Require(Need.Kernel);
        using var faults = new CountingFaults();
        backend.Run(bench =>
        {
            IvSocket listening = bench.Listen();
            using IvListener listener = Listener(bench, listening);
            listener.RetryDelay = TimeSpan.FromMilliseconds(20);
            List<IvError> errors = [];
            listener.HandlerError = (_, error) => errors.Add(error);
            listener.Register();
            faults.FailOnce(SysCall.Accept, refusal);
            bench.Connect(listening);
            bench.Until(() => errors.Count > 0, "told");
            Assert.That(listener.IsResting, Is.True);
            long polls = bench.Polls;
            bench.Until(() => listener.Accepted == 1, "it recovers");
            Assert.That(bench.Polls - polls, Is.LessThan(6), "and rests meanwhile");
            Assert.That(errors, Is.EqualTo([refusal]));
        });
    }

    [Test]
    public void Errors_of_connections_that_died_in_the_queue_are_passed_over()
    {
        backend.Require(Need.Kernel);
        using var faults = new CountingFaults();
        backend.Run(bench =>
        {
            IvSocket listening = bench.Listen();
            using IvListener listener = Listener(bench, listening);
            listener.HandlerError = (_, error) => bench.Log.Add($"{error}");
            listener.Register();
            faults.FailOnce(SysCall.Accept, IvError.ECONNABORTED);
            bench.Connect(listening);
            bench.Until(() => listener.Accepted == 1, "the next one is accepted");
            Assert.That(bench.Log, Is.Empty);
        });
    }

    [Test]
    public void A_turn_accepts_no_more_than_it_is_told_to() => backend.Run(bench =>
    {
        IvSocket listening = bench.Listen();
        using IvListener listener = Listener(bench, listening);
        listener.MaxAcceptsPerTurn = 3;
        listener.Register();
        for (int i = 0; i < 10; i++)
        {
            bench.Connect(listening);
        }

        List<long> perTurn = [];
        for (int i = 0; i < 4; i++)
        {
            bench.Turn();
            perTurn.Add(listener.Accepted);
        }

        Assert.That(perTurn, Is.EqualTo([3, 6, 9, 10]));
    });

    [Test]
    public void A_crowd_of_connections_does_not_keep_others_from_being_served() => backend.Run(bench =>
    {
        (IvSocket near, IvSocket far) = bench.Pair();
        int served = 0;
        bench.Watch(near, _ => served++);
        bench.Send(far);
        IvSocket listening = bench.Listen();
        using IvListener listener = Listener(bench, listening);
        listener.MaxAcceptsPerTurn = 1;
        listener.Register();
        for (int i = 0; i < 20; i++)
        {
            bench.Connect(listening);
        }

        int turns = 0;
        while (listener.Accepted < 20)
        {
            bench.Turn();
            turns++;
        }

        Assert.That(served, Is.EqualTo(turns));
    });

    [Test]
    public void Paused_it_leaves_connections_in_the_backlog_and_sleeps() => backend.Run(bench =>
    {
        IvSocket listening = bench.Listen();
        using IvListener listener = Listener(bench, listening);
        listener.Register();
        listener.IsPaused = true;
        bench.Connect(listening);
        bench.AssertSleeps("paused");
        Assert.That(listener.Accepted, Is.Zero);
        Assert.That(listener.IsRegistered, Is.True);
        listener.IsPaused = false;
        bench.Until(() => listener.Accepted == 1, "resumed");
    });

    [Test]
    public void Paused_by_its_handler_it_stops_within_the_batch() => backend.Run(bench =>
    {
        IvSocket listening = bench.Listen();
        using var listener = new IvListener(listening, (listener, peer) =>
        {
            bench.Own(peer);
            listener.IsPaused = true;
        });
        listener.Register();
        bench.Connect(listening);
        bench.Connect(listening);
        bench.Until(() => listener.Accepted > 0, "one is accepted");
        bench.AssertSleeps("paused");
        Assert.That(listener.Accepted, Is.EqualTo(1));
    });

    [Test]
    public void Paused_while_it_rests_it_does_not_wake_when_the_rest_is_over() => backend.Run(bench =>
    {
        backend.Require(Need.VirtualTime);
        IvSocket listening = bench.Listen();
        using IvListener listener = Listener(bench, listening);
        listener.Register();
        bench.Connect(listening);
        bench.Simulation.DescriptorLimit = bench.Simulation.OpenDescriptors;
        bench.Until(() => listener.IsResting, "it rests");
        listener.IsPaused = true;
        bench.Simulation.DescriptorLimit += 10;
        bench.Loop.Run(TimeSpan.FromSeconds(1));
        Assert.That(listener.Accepted, Is.Zero);
        listener.IsPaused = false;
        bench.Until(() => listener.Accepted == 1, "resumed");
    });

    [Test]
    public void Unregistered_while_it_rests_it_begins_afresh() => backend.Run(bench =>
    {
        backend.Require(Need.VirtualTime);
        IvSocket listening = bench.Listen();
        using IvListener listener = Listener(bench, listening);
        listener.Register();
        bench.Connect(listening);
        bench.Simulation.DescriptorLimit = bench.Simulation.OpenDescriptors;
        bench.Until(() => listener.IsResting, "it rests");
        listener.Unregister();
        Assert.That(bench.Loop.Run(), Is.False, "nothing of it is left");
        bench.Simulation.DescriptorLimit += 10;
        listener.Register();
        bench.Turn();
        Assert.That(listener.Accepted, Is.EqualTo(1), "at once");
    });

    [Test]
    public void Its_socket_disposed_it_is_unregistered_and_Run_ends() => backend.Run(bench =>
    {
        IvSocket listening = bench.Listen();
        using IvListener listener = Listener(bench, listening);
        listener.Register();
        new IvTimer(_ => listening.Dispose()).Start(TimeSpan.FromMilliseconds(1));
        Assert.That(bench.Loop.Run(), Is.False);
        Assert.That(listener.IsRegistered, Is.False);
    });

    [TestCase("listener")]
    [TestCase("socket")]
    [TestCase("both")]
    public void Its_handler_may_dispose_it(string what) => backend.Run(bench =>
    {
        IvSocket listening = bench.Listen();
        var listener = new IvListener(listening, (listener, peer) =>
        {
            bench.Own(peer);
            if (what != "socket")
            {
                listener.Dispose();
            }

            if (what != "listener")
            {
                listening.Dispose();
            }
        });
        listener.Register();
        bench.Connect(listening);
        bench.Connect(listening);
        Assert.That(bench.Loop.Run(), Is.False);
        Assert.That(listener.Accepted, Is.EqualTo(1));
        Assert.That(listener.IsRegistered, Is.False);
    });

    [Test]
    public void The_error_handler_may_dispose_it() => backend.Run(bench =>
    {
        backend.Require(Need.VirtualTime);
        IvSocket listening = bench.Listen();
        IvListener listener = Listener(bench, listening);
        listener.HandlerError = (listener, _) =>
        {
            listener.Dispose();
            listening.Dispose();
        };
        listener.Register();
        bench.Connect(listening);
        bench.Simulation.DescriptorLimit = bench.Simulation.OpenDescriptors;
        Assert.That(bench.Loop.Run(), Is.False);
        Assert.That(listener.IsResting, Is.False);
    });

    [Test]
    public void A_handler_that_throws_loses_nobody_else() => backend.Run(bench =>
    {
        IvSocket listening = bench.Listen();
        int calls = 0;
        using var listener = new IvListener(listening, (_, peer) =>
        {
            bench.Own(peer);
            if (++calls == 2)
            {
                throw new InvalidOperationException("second");
            }
        });
        listener.Register();
        for (int i = 0; i < 4; i++)
        {
            bench.Connect(listening);
        }

        Assert.Throws<InvalidOperationException>(() => bench.Until(() => calls == 4, "throws before"));
        bench.Until(() => calls == 4, "the others are accepted");
    });

    private static IvListener Listener(Bench bench, IvSocket socket) => new(socket, (_, peer) => bench.Own(peer));
}
