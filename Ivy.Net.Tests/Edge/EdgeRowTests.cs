using Ivy.Net.Edge;
using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Edge;

/// <summary>What evio promised, row by row, on each backend.</summary>
[TestFixtureSource(typeof(EdgeBackend), nameof(EdgeBackend.All))]
internal sealed class EdgeRowTests(EdgeBackend backend)
{
    private static readonly EdgeLoopOptions OneShot = new() { Trigger = EdgeTrigger.OneShot };

    [Test]
    [Category("evio-E1")]
    [Category("evio-E18")]
    public void Any_number_of_them_with_callbacks_of_their_own_share_the_loop_of_a_thread() => backend.Run(test =>
    {
        using var other = new EdgeLoop<int, Adder>();
        (IvSocket near, IvSocket far) = test.Bench.Pair();
        (IvSocket near2, IvSocket far2) = test.Bench.Pair();
        test.Data = EdgeBench.ReadAll;
        test.Arm(near, IvBands.In);
        EdgeFd<int> added = other.Arm(near2, IvBands.In, 40);
        test.Bench.Send(far);
        test.Bench.Send(far2, "xx");
        test.Bench.Until(() => test.Log.Count > 0 && added.State == 42, "both");
        Assert.That(test.Edge.IvLoop, Is.SameAs(other.IvLoop).And.SameAs(test.Loop));
        Assert.That(test.Calls, Is.EqualTo("a data"));
    });

    [Test]
    [Category("evio-E5")]
    [Category("evio-E17")]
    public void Arm_calls_nothing_itself_and_arming_again_adds_to_what_is_armed_and_replaces_the_state() => backend.Run(test =>
    {
        (IvSocket near, IvSocket far) = test.Bench.Pair();
        test.Bench.Send(far);
        EdgeFd<EdgeTag> fd = test.Arm(near, IvBands.In, "a");
        Assert.That(test.Arm(near, IvBands.Out, "b"), Is.SameAs(fd));
        Assert.That(fd.Armed, Is.EqualTo(EdgeBench.Both));
        Assert.That(test.Log, Is.Empty);
        test.Settle();
        Assert.That(test.Calls, Is.EqualTo("b data, b ready"));
        Assert.That(fd.Armed, Is.EqualTo(IvBands.None), "one-shot: both have fired");
    },
    OneShot);

    [Test]
    [Category("evio-E6")]
    public void One_direction_is_armed_again_without_the_other() => backend.Run(test =>
    {
        (IvSocket near, IvSocket far) = test.Bench.Pair();
        test.Bench.Send(far);
        EdgeFd<EdgeTag> fd = test.Arm(near, EdgeBench.Both);
        test.Settle();
        test.Log.Clear();
        fd.ArmRead();
        test.Settle();
        Assert.That(test.Calls, Is.EqualTo("a data"));
        fd.ArmWrite();
        test.Settle();
        Assert.That(test.Calls, Is.EqualTo("a ready"));
    },
    OneShot);

    [Test]
    [Category("evio-E7")]
    public void Disarm_knows_what_is_watched_and_does_not_mind_what_is_not() => backend.Run(test =>
    {
        (IvSocket near, IvSocket far) = test.Bench.Pair();
        EdgeFd<EdgeTag> fd = test.Arm(near, IvBands.In);
        test.Bench.Send(far);
        Assert.That(test.Edge.Disarm(near), Is.True);
        Assert.That(test.Edge.Disarm(near), Is.False);
        Assert.That(test.Edge.Disarm(far), Is.False);
        Assert.That(test.Edge.Disarm(12_345), Is.False);
        Assert.That(test.Edge.Disarm(-1), Is.False);
        Assert.That(fd.Disarm(), Is.False);
        test.Settle();
        Assert.That(test.Log, Is.Empty);
        fd.ArmRead();
        test.Settle();
        Assert.That(test.Calls, Is.EqualTo("a data"), "and it may be armed again");
        far.Dispose();
        Assert.That(test.Edge.Disarm(far), Is.False);
    });

    [Test]
    [Category("evio-E7")]
    public void What_is_disarmed_by_a_callback_gets_none_from_the_batch_in_hand() => backend.Run(test =>
    {
        (IvSocket near, IvSocket far) = test.Bench.Pair();
        (IvSocket near2, IvSocket far2) = test.Bench.Pair();
        test.Arm(near, IvBands.In, "a");
        test.Arm(near2, IvBands.In, "b");
        test.Data = fd => test.Edge.Disarm(fd.Socket == near ? near2 : near);
        test.Bench.Send(far);
        test.Bench.Send(far2);
        test.Settle();
        Assert.That(test.Log, Has.Count.EqualTo(1));
    });

    [Test]
    [Category("evio-E8")]
    public void Review_handles_no_more_than_it_may_says_how_many_and_forgets_none() => backend.Run(
        test =>
        {
            test.Data = EdgeBench.ReadAll;
            for (int i = 0; i < 10; i++)
            {
                (IvSocket near, IvSocket far) = test.Bench.Pair();
                test.Arm(near, IvBands.In, $"{i}");
                test.Bench.Send(far);
            }

            int[] handled = [.. Enumerable.Range(0, 5).Select(_ => test.Edge.Review(TimeSpan.Zero))];
            Assert.That(handled, Is.EqualTo([4, 4, 2, 0, 0]));
            Assert.That(test.Log, Is.Unique.And.Count.EqualTo(10));
        },
        new EdgeLoopOptions { MaxEvents = 4 });

    [Test]
    [Category("evio-E8")]
    public void Review_waits_for_ever_if_told_and_not_at_all_if_told() => backend.Run(test =>
    {
        Assert.That(test.Edge.Review(TimeSpan.Zero), Is.Zero);
        EdgeTimer<EdgeTag> timer = test.MakeTimer("t");
        timer.Start(TimeSpan.FromMilliseconds(20));
        Assert.That(test.Edge.Review(Timeout.InfiniteTimeSpan), Is.EqualTo(1));
        Assert.That(test.Calls, Is.EqualTo("t timer"));
        Assert.That(() => test.Edge.Review(TimeSpan.FromTicks(-1)), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => test.Edge.WaitReady(TimeSpan.FromSeconds(-5)), Throws.InstanceOf<ArgumentOutOfRangeException>());
    });

    [Test]
    [Category("evio-E8")]
    public void Review_lets_others_on_the_loop_run_and_ends_with_its_own_first_event() => backend.Run(test =>
    {
        int ticks = 0;
        IvTimer tick = test.Bench.Own(new IvTimer(_ => ticks++));
        tick.Start(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(1));
        test.MakeTimer("t").Start(TimeSpan.FromMilliseconds(10));
        Assert.That(test.Edge.Review(EdgeBench.Patience), Is.EqualTo(1));
        Assert.That(ticks, Is.Positive);
        test.Loop.Quit();
        Assert.That(test.Edge.Review(EdgeBench.Patience), Is.Zero, "Quit ends it");
    });

    [Test]
    [Category("evio-E9")]
    public void WaitReady_calls_nothing_and_leaves_it_to_Review() => backend.Run(test =>
    {
        (IvSocket near, IvSocket far) = test.Bench.Pair();
        test.Data = EdgeBench.ReadAll;
        test.Arm(near, IvBands.In);
        Assert.That(test.Edge.WaitReady(TimeSpan.Zero), Is.False);
        Assert.That(test.Edge.WaitReady(TimeSpan.FromMilliseconds(5)), Is.False);
        test.Bench.Send(far);
        Assert.That(test.Edge.WaitReady(EdgeBench.Patience), Is.True);
        Assert.That(test.Edge.WaitReady(EdgeBench.Patience), Is.True, "and again");
        Assert.That(test.Log, Is.Empty);
        long polls = test.Bench.Polls;
        Assert.That(test.Edge.Review(EdgeBench.Patience), Is.EqualTo(1));
        Assert.That(test.Bench.Polls, Is.EqualTo(polls), "the kernel is not asked again");
        test.MakeTimer("t").Start(TimeSpan.FromMilliseconds(5));
        Assert.That(test.Edge.WaitReady(EdgeBench.Patience), Is.True, "a timer is something to do, too");
        Assert.That(test.Calls, Is.EqualTo("a data"));
    });

    [Test]
    [Category("evio-E9")]
    public void WaitReady_is_ended_by_a_post_of_another_thread() => backend.Run(test =>
    {
        if (backend.IsSimulated)
        {
            Assert.Ignore("the threads of a simulation run one at a time; its own tests cover them");
        }

        bool ran = false;
        Action end = LoopThread.Begin(1, _ => test.Loop.Post(_ => ran = true, null));
        Assert.That(test.Edge.WaitReady(EdgeBench.Patience), Is.True);
        Assert.That(ran, Is.False);
        end();
        test.Edge.Review(TimeSpan.Zero);
        Assert.That(ran, Is.True);
    });

    [Test]
    [Category("evio-E13")]
    [Category("evio-E23")]
    public void OnData_is_not_repeated_before_all_was_consumed() => backend.Run(test =>
    {
        (IvSocket near, IvSocket far) = test.Bench.Pair();
        EdgeFd<EdgeTag> fd = test.Arm(near, IvBands.In);
        test.Data = static fd => EdgeBench.ReadOne(fd);
        test.Bench.Send(far, "abc");
        test.Settle();
        test.Bench.Send(far, "d");
        test.Settle();
        Assert.That(test.Calls, Is.EqualTo("a data"));
        Assert.That(fd.IsDrained, Is.False);
        EdgeBench.ReadAll(fd);
        Assert.That(fd.State.Received, Is.EqualTo(4));
        Assert.That(fd.IsDrained, Is.True);
        test.Settle();
        Assert.That(test.Calls, Is.Empty, "consumed, so that nothing is left to be told");
        test.Bench.Send(far, "e");
        test.Settle();
        Assert.That(test.Calls, Is.EqualTo("a data"));
    });

    [Test]
    [Category("evio-E13")]
    public void A_short_read_of_a_stream_has_drained_it_and_a_full_one_has_not() => backend.Run(test =>
    {
        (IvSocket near, IvSocket far) = test.Bench.Pair();
        test.Data = static fd => fd.Read(stackalloc byte[4]);
        EdgeFd<EdgeTag> fd = test.Arm(near, IvBands.In);
        test.Bench.Send(far, "abc");
        test.Settle();
        Assert.That(fd.IsDrained, Is.True);
        test.Bench.Send(far, "abcd");
        test.Settle();
        Assert.That(fd.IsDrained, Is.False);
        test.Bench.Send(far, "e");
        test.Settle();
        Assert.That(test.Calls, Is.EqualTo("a data, a data"));
    });

    [Test]
    [Category("evio-E13")]
    public void What_is_read_past_the_library_is_due_again_once_Drained_says_so() => backend.Run(test =>
    {
        (IvSocket near, IvSocket far) = test.Bench.Pair();
        EdgeFd<EdgeTag> fd = test.Arm(near, IvBands.In);
        test.Bench.Send(far, "ab");
        test.Settle();
        Assert.That(test.Bench.Receive(near), Is.EqualTo("ab"));

        // Between the read and the report something comes, and the kernel has told its edge.
        test.Bench.Send(far, "c");
        test.Settle();
        Assert.That(test.Calls, Is.EqualTo("a data"));
        fd.Drained();
        test.Settle();
        Assert.That(test.Calls, Is.EqualTo("a data"));
    });

    [Test]
    [Category("evio-E13")]
    public void Arm_has_what_was_left_told_again_in_the_next_turn() => backend.Run(test =>
    {
        (IvSocket near, IvSocket far) = test.Bench.Pair();
        (IvSocket near2, IvSocket far2) = test.Bench.Pair();
        test.Arm(near2, IvBands.In, "b");
        test.Data = fd =>
        {
            if (fd.State.Name == "a" && EdgeBench.ReadOne(fd).IsOk)
            {
                fd.ArmRead();
                if (fd.State.Received == 1)
                {
                    test.Bench.Send(far2);
                }
            }
        };
        test.Arm(near, IvBands.In);
        test.Bench.Send(far, "abc");
        test.Settle();
        string[] calls = [.. test.Log];
        Assert.That(calls.Count(static call => call == "a data"), Is.EqualTo(3), "a look at what is left that finds nothing calls nobody");
        Assert.That(Array.IndexOf(calls, "b data"), Is.LessThan(calls.Length - 1), "others have their turn between");
    });

    [Test]
    [Category("evio-E14")]
    public void OnReady_comes_once_and_again_when_there_is_room_after_a_write_that_would_block() => backend.Run(test =>
    {
        (IvSocket near, IvSocket far) = test.Bench.Pair();
        EdgeFd<EdgeTag> fd = test.Arm(near, IvBands.Out);
        test.Settle();
        test.Settle();
        Assert.That(test.Calls, Is.EqualTo("a ready"));
        byte[] chunk = new byte[16384];
        while (fd.Write(chunk).IsOk)
        {
        }

        test.Settle();
        Assert.That(test.Calls, Is.Empty);
        byte[] sink = new byte[1 << 20];
        test.Until(() => far.Receive(sink).IsError || test.Log.Count > 0, "room");
        Assert.That(test.Calls, Is.EqualTo("a ready"));
        Assert.That(fd.Write(chunk).IsOk, Is.True);
    });

    [Test]
    [Category("evio-E15")]
    public void Data_comes_before_the_error_of_a_reset() => backend.Run(test =>
    {
        test.Bench.Backend.SkipIf(WineQuirks.TakesErrors);
        (IvSocket client, IvSocket server) = test.Bench.Connection();
        test.Data = EdgeBench.ReadAll;
        test.Error = static fd => fd.Close();
        EdgeFd<EdgeTag> fd = test.Arm(server, EdgeBench.Both);
        test.Until(() => test.Log.Count > 0, "writable");
        test.Log.Clear();
        test.Bench.Send(client, "last words");
        test.Bench.Reset(client);
        test.Until(() => server.IsDisposed, "closed");
        test.Settle();
        Assert.That(test.Log[0], Is.EqualTo("a data"));
        Assert.That(test.Log.TakeLast(2), Is.EqualTo(["a ECONNRESET", "a Local"]));
        Assert.That(fd.Armed, Is.EqualTo(IvBands.None));
    });

    [Test]
    [Category("evio-E15")]
    public void A_connect_that_is_refused_is_an_error_and_nothing_else() => backend.Run(test =>
    {
        IvSocket listener = test.Bench.Listen();
        System.Net.EndPoint nobody = listener.LocalEndPoint!;
        listener.Dispose();
        if (IvSocket.TryConnect(nobody, out IvSocket? client, network: test.Bench.Network) is not (IvError.None or IvError.EINPROGRESS))
        {
            Assert.Ignore("refused at the call");
        }

        test.Arm(test.Bench.Own(client!), EdgeBench.Both);
        test.Until(() => test.Log.Count > 0, "told");
        test.Settle();
        Assert.That(test.Calls, Is.EqualTo("a ECONNREFUSED"));
    });

    [Test]
    [Category("evio-E16")]
    public void OnClose_is_told_once_by_whoever_ends_it_first() => backend.Run(test =>
    {
        (IvSocket near, IvSocket far) = test.Bench.Pair();
        (IvSocket near2, IvSocket far2) = test.Bench.Pair();
        test.Data = EdgeBench.ReadAll;
        EdgeFd<EdgeTag> remote = test.Arm(near, IvBands.In, "remote");
        EdgeFd<EdgeTag> local = test.Arm(near2, IvBands.In, "local");
        far.Dispose();
        test.Settle();
        local.Close();
        local.Close();
        test.Settle();
        Assert.That(test.Calls, Is.EqualTo("remote Remote, local Local"));
        Assert.That(near2.IsDisposed, Is.True);
        Assert.That(near.IsDisposed, Is.False, "what the peer closed is ours to close");
        remote.Close();
        Assert.That(near.IsDisposed, Is.True);
        Assert.That(test.Calls, Is.Empty);
        Assert.That(test.Bench.Receive(far2), Is.EqualTo("end of stream"));
    });

    [Test]
    [Category("evio-E16")]
    public void After_the_peers_half_close_the_rest_can_still_be_written() => backend.Run(test =>
    {
        (IvSocket near, IvSocket far) = test.Bench.Pair();
        test.Data = EdgeBench.ReadAll;
        EdgeFd<EdgeTag> fd = test.Arm(near, EdgeBench.Both);
        test.Settle();
        byte[] chunk = new byte[16384];
        int sent = 0;
        for (IvIoResult result = fd.Write(chunk); result.IsOk; result = fd.Write(chunk))
        {
            sent += result.Bytes;
        }

        test.Log.Clear();
        far.Shutdown(System.Net.Sockets.SocketShutdown.Send);
        test.Settle();
        Assert.That(test.Calls, Is.EqualTo("a Remote"));
        Assert.That(fd.Armed, Is.EqualTo(IvBands.Out));
        byte[] sink = new byte[1 << 20];
        test.Until(() => far.Receive(sink).IsError || test.Log.Count > 0, "room");
        Assert.That(test.Calls, Is.EqualTo("a ready"));
        Assert.That(fd.Write(chunk).IsOk, Is.True);
        Assert.That(sent, Is.Positive);
    });

    [Test]
    [Category("evio-E19")]
    public void A_socket_that_is_disposed_past_the_library_makes_no_call() => backend.Run(test =>
    {
        (IvSocket near, IvSocket far) = test.Bench.Pair();
        EdgeFd<EdgeTag> fd = test.Arm(near, EdgeBench.Both);
        test.Bench.Send(far);
        near.Dispose();
        test.Settle();
        Assert.That(test.Log, Is.Empty);
        Assert.That(fd.Armed, Is.EqualTo(IvBands.None));
        Assert.That(fd.TryArm(IvBands.In), Is.EqualTo(IvError.EBADF));
        fd.Close();
        Assert.That(test.Calls, Is.EqualTo("a Local"), "unless it is closed here, too");
    });

    [Test]
    [Category("evio-E23")]
    public void One_shot_calls_once_for_each_arming() => backend.Run(test =>
    {
        (IvSocket near, IvSocket far) = test.Bench.Pair();
        test.Data = static fd => EdgeBench.ReadOne(fd);
        EdgeFd<EdgeTag> fd = test.Arm(near, IvBands.In);
        test.Bench.Send(far, "abc");
        test.Settle();
        Assert.That(test.Calls, Is.EqualTo("a data"));
        EdgeBench.ReadOne(fd);
        test.Settle();
        Assert.That(test.Calls, Is.Empty, "whatever is left");
        fd.ArmRead();
        fd.ArmRead();
        test.Settle();
        Assert.That(test.Calls, Is.EqualTo("a data"));
    },
    OneShot);

    [Test]
    [Category("evio-E16")]
    public void Closing_all_closes_each_once_and_a_callback_may_close_all_as_well() => backend.Run(test =>
    {
        for (int i = 0; i < 5; i++)
        {
            test.Arm(test.Bench.Pair().Near, IvBands.In, $"{i}");
        }

        test.Closed = (_, _) => test.Edge.CloseAll();
        test.Edge.CloseAll();
        Assert.That(test.Log, Is.EquivalentTo(["0 Local", "1 Local", "2 Local", "3 Local", "4 Local"]));
        Assert.That(test.Loop.Counters.Fds, Is.Zero);
    });

    private readonly struct Adder : IEdgeCallbacks<int>
    {
        public static void OnData(EdgeFd<int> fd) => fd.State += fd.Read(stackalloc byte[16]).Bytes;

        public static void OnReady(EdgeFd<int> fd) => Assert.Fail("not armed");

        public static void OnError(EdgeFd<int> fd, IvError error) => Assert.Fail($"{error}");

        public static void OnClose(EdgeFd<int> fd, EdgeCloseReason reason) => Assert.Fail($"{reason}");
    }
}
