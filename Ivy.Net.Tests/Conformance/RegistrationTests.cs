using System.Net.Sockets;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Conformance;

/// <summary>Registering, unregistering and closing: rows B4–B6, B16, B19, B21, F2, F4, F5, L2, X1.</summary>
[TestFixtureSource(typeof(ConformanceBackend), nameof(ConformanceBackend.All))]
internal sealed class RegistrationTests(ConformanceBackend backend)
{
    [Test]
    [Category("B4")]
    [Category("F2")]
    public void An_unregistered_peer_gets_no_callback_from_the_current_batch() => backend.Run(bench =>
    {
        List<IvFd> all = TwoReady(bench);
        all.ForEach(fd => fd.HandlerIn = fd =>
        {
            bench.Log.Add("in");
            all.Find(other => other != fd)!.Unregister();
        });
        bench.Turn();
        Assert.That(bench.Log, Has.Count.EqualTo(1));
    });

    [Test]
    [Category("F2")]
    public void A_peer_unregistered_and_registered_again_gets_its_callback_in_the_next_batch() => backend.Run(bench =>
    {
        List<IvFd> all = TwoReady(bench);
        all.ForEach(fd => fd.HandlerIn = fd =>
        {
            bench.Log.Add("in");
            IvFd other = all.Find(other => other != fd)!;
            other.Unregister();
            other.Register();
        });
        bench.Turn();
        Assert.That(bench.Log, Has.Count.EqualTo(1));
        bench.Turn();
        Assert.That(bench.Log, Has.Count.EqualTo(2));
    });

    [Test]
    [Category("F2")]
    public void Registering_itself_again_in_a_handler_ends_its_part_of_the_batch() => backend.Run(bench =>
    {
        (IvSocket near, IvSocket far) = bench.Pair();
        bench.Send(far);
        bench.Watch(near, fd =>
        {
            bench.Log.Add("in");
            fd.Unregister();
            fd.Register();
        }, bench.Say("out"));
        bench.Turn();
        Assert.That(bench.Log, Is.EqualTo(["in"]));
        bench.Turn();
        Assert.That(bench.Log, Is.EqualTo(["in", "in"]));
    });

    [Test]
    [Category("B5")]
    public void A_number_closed_and_reused_in_a_handler_gets_no_event_of_its_past() => backend.Run(bench =>
    {
        (nint Near, nint Far)[] pairs = [bench.Numbers(), bench.Numbers()];
        var fds = new IvFd[2];
        nint reused = -1;
        for (int i = 0; i < 2; i++)
        {
            int self = i;
            bench.Write(pairs[i].Far);
            fds[i] = bench.Watch(pairs[i].Near, _ => Handle(self));
        }

        bench.Turn(3);
        Assert.That(bench.Log, Is.EqualTo(["in"]), "the new owner of the number has nothing to read");

        void Handle(int self)
        {
            bench.Log.Add("in");
            bench.Drain(pairs[self].Near);
            int other = 1 - self;
            fds[other].Unregister();
            bench.Close(pairs[other].Near);
            (nint near, _) = bench.Numbers();
            reused = near;
            Assert.That(reused, Is.EqualTo(pairs[other].Near), "the kernel hands out the lowest free number");
            bench.Watch(reused, bench.Say("stale"));
        }
    });

    [Test]
    [Category("B6")]
    [Category("F4")]
    public void Interest_toggled_to_none_and_back_within_a_turn_is_still_an_interest() => backend.Run(bench =>
    {
        (IvSocket near, IvSocket far) = bench.Pair();
        IvFd fd = bench.Watch(near, bench.Say("in"));
        fd.HandlerIn = null;
        fd.HandlerIn = bench.Say("in");
        bench.Send(far);
        bench.Turn();
        Assert.That(bench.Log, Is.EqualTo(["in"]));
    });

    [Test]
    [Category("F5")]
    public void Registering_a_closed_number_is_EBADF_and_changes_nothing() => backend.Run(bench =>
    {
        (nint near, _) = bench.Numbers();
        bench.Close(near);
        var fd = new IvFd(near) { HandlerIn = bench.Say("in"), Name = "gone" };
        Assert.That(fd.TryRegister(), Is.EqualTo(IvError.EBADF));
        IvException? thrown = Assert.Throws<IvException>(fd.Register);
        Assert.That(thrown!.Error, Is.EqualTo(IvError.EBADF));
        Assert.That(thrown.Message, Does.Contain("gone").And.Not.Contain("\n"));
        Assert.That(fd.IsRegistered, Is.False);
        Assert.That(bench.Loop.Counters.Active, Is.Zero);
    });

    [TestCase(-1L)]
    [TestCase(int.MaxValue - 7)] // under Wine the one of the process itself is int.MaxValue
    [TestCase(int.MinValue)]
    [Category("F5")]
    public void A_number_that_is_none_is_EBADF(long number) => backend.Run(_ =>
        Assert.That(new IvFd((nint)number).TryRegister(), Is.EqualTo(IvError.EBADF)));

    [Test]
    [Category("F5")]
    public void A_number_beyond_32_bits_is_not_cut_to_somebody_elses() => backend.Run(bench =>
    {
        (nint near, _) = bench.Numbers();
        Assert.That(new IvFd((nint)(near + 0x1_0000_0000L)).TryRegister(), Is.EqualTo(IvError.EBADF));
    });

    [Test]
    [Category("F5")]
    public void A_number_registered_twice_is_EEXIST_and_the_first_goes_on() => backend.Run(bench =>
    {
        (nint near, nint far) = bench.Numbers();
        bench.Watch(near, bench.Say("first"));
        Assert.That(new IvFd(near) { HandlerIn = bench.Say("second") }.TryRegister(), Is.EqualTo(IvError.EEXIST));
        bench.Write(far);
        bench.Turn();
        Assert.That(bench.Log, Is.EqualTo(["first"]));
    });

    [Test]
    [Category("F5")]
    public void A_number_registered_twice_is_EEXIST_even_if_nothing_is_wanted_of_it() => backend.Run(bench =>
    {
        (nint near, _) = bench.Numbers();
        IvFd first = bench.Watch(near, bench.Say("first"));
        first.HandlerIn = null;
        bench.Turn();
        Assert.That(new IvFd(near).TryRegister(), Is.EqualTo(IvError.EEXIST));
    });

    [Test]
    [Category("F5")]
    public void A_socket_watched_twice_is_EEXIST() => backend.Run(bench =>
    {
        IvSocket near = bench.Pair().Near;
        bench.Watch(near);
        Assert.That(new IvFd(near).TryRegister(), Is.EqualTo(IvError.EEXIST));
        Assert.That(new IvFd(near.Handle).TryRegister(), Is.EqualTo(IvError.EEXIST), "nor by its number");
    });

    [Test]
    public void An_object_can_be_registered_again_and_again() => backend.Run(bench =>
    {
        (IvSocket near, IvSocket far) = bench.Pair();
        IvFd fd = bench.Watch(near, bench.Say("in"));
        bench.Send(far);
        for (int i = 0; i < 100; i++)
        {
            fd.Unregister();
            bench.Turn();
            fd.Register();
            bench.Turn();
        }

        Assert.That(bench.Log, Has.Count.EqualTo(100));
    });

    [Test]
    public void An_object_moves_from_one_loop_to_the_next() => backend.Run(bench =>
    {
        backend.Require(Need.Threads);
        (IvSocket near, IvSocket far) = bench.Pair();
        IvFd fd = bench.Watch(near, bench.Say("in"));
        bench.Send(far);
        bench.Turn();
        fd.Unregister();
        LoopThread.Run(backend.Options(bench), loop =>
        {
            fd.Register();
            loop.Run(IvRunMode.NonBlocking);
            fd.Unregister();
        });
        fd.Register();
        bench.Turn();
        Assert.That(bench.Log, Has.Count.EqualTo(3));
    });

    [Test]
    [Category("B21")]
    public void Unregister_then_close_shows_the_peer_the_end_before_the_next_turn() => backend.Run(bench =>
    {
        (IvSocket near, IvSocket far) = bench.Pair();
        IvFd fd = bench.Watch(near, bench.Say("in"), bench.Say("out"));
        bench.Turn();
        fd.Unregister();
        near.Dispose();
        Assert.That(bench.Receive(far), Is.EqualTo("end of stream"));
    });

    [Test]
    [Category("B21")]
    public void Disposing_a_registered_socket_in_its_handler_shows_the_peer_the_end_at_once() => backend.Run(bench =>
    {
        (IvSocket near, IvSocket far) = bench.Pair();
        bench.Send(far);
        bench.Watch(near, fd =>
        {
            bench.Receive(near);
            near.Dispose();
            bench.Log.Add($"in {fd.IsRegistered} {bench.Receive(far)}");
        }, bench.Say("out"));
        bench.Turn(2);
        Assert.That(bench.Log, Is.EqualTo(["in False end of stream"]));
    });

    [Test]
    [Category("B21")]
    public void A_peer_that_had_closed_its_side_sees_the_end_at_once_too() => backend.Run(bench =>
    {
        (IvSocket near, IvSocket far) = bench.Pair();
        byte[] bytes = new byte[4096];
        while (near.Send(bytes).IsOk)
        {
        }

        far.Shutdown(SocketShutdown.Send);
        bench.Watch(near, onIn: null, fd =>
        {
            near.Dispose();
            bench.Log.Add($"out {fd.IsRegistered} {bench.Receive(far, bytes.Length)}");
        });
        bench.Turn(2);
        while (far.Receive(bytes).IsOk)
        {
        }

        bench.Until(() => bench.Log.Count > 0, "there is room");
        Assert.That(bench.Log, Is.EqualTo(["out False end of stream"]));
    });

    [Test]
    public void A_handler_may_dispose_everybody_elses_socket() => backend.Run(bench =>
    {
        const int crowd = 20;
        List<IvSocket> sockets = [];
        List<IvFd> fds = [];
        for (int i = 0; i < crowd; i++)
        {
            (IvSocket near, IvSocket far) = bench.Pair();
            bench.Send(far);
            sockets.Add(near);
            fds.Add(bench.Watch(near, fd =>
            {
                bench.Log.Add("in");
                sockets.FindAll(socket => socket != fd.Socket).ForEach(socket => socket.Dispose());
            }));
        }

        bench.Turn(3);
        Assert.That(bench.Log, Has.Count.EqualTo(3), "one is left, and stays ready");
        Assert.That(bench.Loop.Counters.Fds, Is.EqualTo(1));
        Assert.That(fds.FindAll(fd => fd.IsRegistered), Has.Count.EqualTo(1));
    });

    [Test]
    public void A_handler_may_dispose_its_IvFd_and_leave_the_socket_open() => backend.Run(bench =>
    {
        (IvSocket near, IvSocket far) = bench.Pair();
        bench.Send(far);
        IvFd fd = bench.Watch(near, fd =>
        {
            bench.Log.Add("in");
            fd.Dispose();
        }, bench.Say("out"));
        bench.Turn(2);
        Assert.That(bench.Log, Is.EqualTo(["in"]));
        Assert.That(bench.Receive(near), Is.EqualTo("x"));
        FatalScope.Expect(FatalCondition.DisposedObject, fd.Register);
    });

    [Test]
    [Category("X1")]
    [Provokes("IVF0020")]
    [Provokes("IVF0021")]
    public void Registering_twice_and_unregistering_twice_are_misuses_that_change_nothing() => backend.Run(bench =>
    {
        (IvSocket near, IvSocket far) = bench.Pair();
        IvFd fd = bench.Watch(near, bench.Say("in"));
        FatalScope.Expect(FatalCondition.AlreadyRegistered, fd.Register);
        bench.Send(far);
        bench.Turn();
        Assert.That(bench.Log, Is.EqualTo(["in"]));
        fd.Unregister();
        FatalScope.Expect(FatalCondition.NotRegistered, fd.Unregister);
        Assert.That(bench.Loop.Counters.Active, Is.Zero);
    });

    [Test]
    [Category("X1")]
    [Provokes("IVF0001")]
    public void Another_thread_can_change_nothing() => backend.Run(bench =>
    {
        backend.Require(Need.Threads);
        (IvSocket near, IvSocket far) = bench.Pair();
        IvFd fd = bench.Watch(near, bench.Say("in"));
        LoopThread.Elsewhere(() =>
        {
            FatalScope.Expect(FatalCondition.WrongThread, () => fd.HandlerIn = null);
            FatalScope.Expect(FatalCondition.WrongThread, fd.Unregister);
            FatalScope.Expect(FatalCondition.WrongThread, fd.Register);
            FatalScope.Expect(FatalCondition.WrongThread, fd.Dispose);
            FatalScope.Expect(FatalCondition.WrongThread, near.Dispose);
            FatalScope.Expect(FatalCondition.WrongThread, () => fd.Read(new byte[1]));
        });
        bench.Send(far);
        bench.Turn();
        Assert.That(bench.Log, Is.EqualTo(["in"]), "intact");
        Assert.That(bench.Receive(near), Is.EqualTo("x"));
    });

    [Test]
    [Category("X1")]
    [Provokes("IVF0025")]
    public void A_socket_of_another_network_is_a_misuse() => backend.Run(bench =>
    {
        IvNetwork other = backend.IsSimulated ? IvNetwork.System : new SimulatedNetwork(2);
        (IvSocket near, IvSocket far) = IvSocket.CreatePair(network: other);
        bench.Own(near);
        bench.Own(far);
        IvFatalInfo info = FatalScope.Expect(FatalCondition.OtherNetwork, new IvFd(near).Register);
        Assert.That(info.Message, Does.Contain(other.Name));
    });

    [Test]
    [Category("L2")]
    [Category("B16")]
    public void Run_ends_with_the_last_registration_and_a_disabled_descriptor_counts() => backend.Run(bench =>
    {
        (IvSocket near, _) = bench.Pair();
        IvFd idle = bench.Watch(near);
        var timer = new IvTimer(_ =>
        {
            bench.Log.Add("timer");
            idle.Unregister();
        });
        timer.Start(TimeSpan.FromMilliseconds(5));
        Assert.That(bench.Loop.Run(), Is.False);
        Assert.That(bench.Log, Is.EqualTo(["timer"]), "a registered descriptor keeps Run going, handlers or not");
    });

    [Test]
    [Category("L2")]
    public void A_descriptor_in_the_background_does_not_keep_Run_going() => backend.Run(bench =>
    {
        (IvSocket near, IvSocket far) = bench.Pair();
        IvFd fd = bench.Watch(near, bench.Say("in"));
        fd.KeepsLoopAlive = false;
        bench.Send(far);
        Assert.That(bench.Loop.Run(), Is.False);
        Assert.That(bench.Log, Is.Empty, "nothing keeps the loop alive: not even one wait");
    });

    [Test]
    [Category("B19")]
    public void Disposing_the_loop_unregisters_and_reports_what_is_left()
    {
        var bench = new Bench(backend);
        IvFd? left = null;
        LoopThread.Run(backend.Options(bench), loop =>
        {
            bench.Loop = loop;
            (IvSocket near, IvSocket far) = bench.Pair();
            left = new IvFd(near) { Name = "forgotten", HandlerIn = bench.Say("in") };
            left.Register();
            new IvFd(far).Register();
            loop.Dispose();
            Assert.That(left.IsRegistered, Is.False);
            Assert.That(near.IsDisposed, Is.False, "an IvFd never owns what it watches");
            bench.Dispose();
        });
        Assert.That(bench.Leaks, Has.Count.EqualTo(1));
        Assert.That(bench.Leaks[0].Objects, Has.Count.EqualTo(2));
        Assert.That(bench.Leaks[0].Objects, Does.Contain(left));
        Assert.That(bench.Leaks[0].ToString(), Does.Contain("the first one IvFd"));
    }

    [Test]
    public void An_IvSocket_can_be_registered_disposed_and_the_number_taken_over() => backend.Run(bench =>
    {
        for (int i = 0; i < 50; i++)
        {
            (IvSocket near, IvSocket far) = bench.Pair(i % 2 == 0 ? SocketType.Stream : SocketType.Dgram);
            bench.Watch(near, bench.Say($"{i}"));
            bench.Send(far);
            bench.Turn();
            near.Dispose();
            far.Dispose();
        }

        Assert.That(bench.Log, Has.Count.EqualTo(50));
        Assert.That(bench.Log, Is.Unique);
        Assert.That(bench.Loop.Counters.Fds, Is.Zero);
    });

    private static List<IvFd> TwoReady(Bench bench)
    {
        List<IvFd> all = [];
        for (int i = 0; i < 2; i++)
        {
            (IvSocket near, IvSocket far) = bench.Pair();
            bench.Send(far);
            all.Add(bench.Watch(near));
        }

        return all;
    }
}
