using System.Net;
using System.Net.Sockets;
using Ivy.Net.Interop.Windows;
using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Polling;

/// <summary>The poller of AFD on AFD itself: Windows, or Wine.</summary>
internal sealed class AfdSystemTests
{
    private readonly List<IDisposable> _owned = [];
    private AfdRig _rig = null!;

    [SetUp]
    public void Begin()
    {
        if (!OperatingSystem.IsWindows())
        {
            Assert.Ignore("AFD is a driver of Windows; ivy-pollers(7) says how to run a program under Wine");
        }

        _rig = new AfdRig();
    }

    [TearDown]
    public void End()
    {
        if (_rig is null)
        {
            return;
        }

        int abandoned = AfdEngine.Abandoned;
        _rig.Dispose();
        Assert.That(AfdEngine.Abandoned, Is.EqualTo(abandoned));
        _owned.ForEach(thing => thing.Dispose());
        _owned.Clear();
    }

    [Test]
    public void Data_is_reported_by_each_wait_until_it_is_read_B1()
    {
        (Socket near, Socket far) = Connection();
        _rig.Add(near.Handle, IvBands.In, 1);
        Assert.That(_rig.Look(), Is.Empty);
        far.Send([1, 2]);
        Assert.That(_rig.Wait(), Is.EqualTo(["1 In"]));
        near.Receive(new byte[1]);
        Assert.That(_rig.Wait(), Is.EqualTo(["1 In"]));
        near.Receive(new byte[1]);
        Assert.That(_rig.Look(), Is.Empty);
    }

    [Test]
    public void A_listener_is_readable_while_somebody_waits_to_be_accepted()
    {
        Socket listener = Listener();
        _rig.Add(listener.Handle, IvBands.In, 1);
        Assert.That(_rig.Look(), Is.Empty);
        Own(new Socket(SocketType.Stream, ProtocolType.Tcp)).Connect(listener.LocalEndPoint!);
        Assert.That(_rig.Wait(), Is.EqualTo(["1 In"]));
        Own(listener.Accept());
        Assert.That(_rig.Look(), Is.Empty);
    }

    [Test]
    public void A_writable_socket_is_so_until_that_is_not_wanted_B2()
    {
        (Socket near, _) = Connection();
        _rig.Add(near.Handle, IvBands.Out, 1);
        Assert.That(_rig.Wait(), Is.EqualTo(["1 Out"]));
        Assert.That(_rig.Wait(), Is.EqualTo(["1 Out"]));
        Assert.That(_rig.Look(_rig.Change(1, IvBands.In)), Is.Empty);
        Assert.That(_rig.Look(), Is.Empty);
    }

    [Test]
    public void A_full_socket_is_writable_when_the_peer_has_read()
    {
        (Socket near, Socket far) = Connection();
        near.Blocking = false;
        byte[] chunk = new byte[65536];
        long sent = 0;
        SocketError error;
        do
        {
            sent += near.Send(chunk, SocketFlags.None, out error);
        }
        while (error == SocketError.Success);
        Assert.That(error, Is.EqualTo(SocketError.WouldBlock));
        _rig.Add(near.Handle, IvBands.Out, 1);
        Assert.That(_rig.Look(), Is.Empty);
        for (long read = 0; read < sent;)
        {
            read += far.Receive(chunk);
        }

        Assert.That(_rig.Wait(), Is.EqualTo(["1 Out"]));
    }

    [TestCase(IvBands.In, "1 In, Hangup")]
    [TestCase(IvBands.Hangup, "1 In, Hangup")]
    public void The_end_of_the_peers_side_is_reported_and_ours_goes_on_B8(IvBands want, string expected)
    {
        (Socket near, Socket far) = Connection();
        _rig.Add(near.Handle, want, 1);
        far.Shutdown(SocketShutdown.Send);
        Assert.That(_rig.Wait(), Is.EqualTo([expected]));
        Assert.That(near.Receive(new byte[1]), Is.Zero);
        Assert.That(_rig.Wait(), Is.EqualTo([expected]));
        Assert.That(near.Send([1]), Is.EqualTo(1));
        Assert.That(far.Receive(new byte[2]), Is.EqualTo(1));
    }

    [Test]
    public void The_end_behind_unread_data_is_reported_with_it()
    {
        WineQuirks.SkipIf(WineQuirks.HidesEndBehindData);
        (Socket near, Socket far) = Connection();
        far.Send([1]);
        far.Shutdown(SocketShutdown.Send);
        _rig.Add(near.Handle, IvBands.Hangup, 1);
        Assert.That(_rig.Wait(), Is.EqualTo(["1 In, Hangup"]));
    }

    [Test]
    public void The_end_behind_data_is_reported_once_that_is_read()
    {
        (Socket near, Socket far) = Connection();
        _rig.Add(near.Handle, IvBands.In, 1);
        far.Send([1]);
        far.Shutdown(SocketShutdown.Send);
        Assert.That(_rig.Wait(), Has.One.StartsWith("1 In"));
        near.Receive(new byte[2]);
        Assert.That(_rig.Wait(), Is.EqualTo(["1 In, Hangup"]));
    }

    [Test]
    public void A_reset_is_an_error_whatever_was_wanted_and_nothing_where_nothing_was_B3()
    {
        (Socket near, Socket far) = Connection();
        (Socket mute, Socket farMute) = Connection();
        _rig.Add(near.Handle, IvBands.In, 1);
        _rig.Add(mute.Handle, IvBands.None, 2);
        Reset(far);
        Reset(farMute);
        Assert.That(_rig.Wait(), Is.EqualTo(["1 In, Out, Err, Hangup, Closed"]));
        Assert.That(_rig.Look(), Is.EqualTo(["1 In, Out, Err, Hangup, Closed"]));
        Assert.That(_rig.Look(_rig.Change(1, IvBands.None)), Is.Empty);
    }

    [Test]
    public void A_refused_connect_is_an_error_and_SO_ERROR_says_which_B9()
    {
        Socket probe = Listener();
        EndPoint nobody = probe.LocalEndPoint!;
        probe.Dispose();
        Socket socket = Own(new Socket(SocketType.Stream, ProtocolType.Tcp) { Blocking = false });
        _rig.Add(socket.Handle, IvBands.Out, 1);
        Assert.That(_rig.Look(), Is.Empty, "it was not asked to connect yet");
        BeginConnect(socket, nobody);
        Assert.That(_rig.Wait(), Is.EqualTo(["1 In, Out, Err, Hangup"]));
        Assert.That((SocketError)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)!, Is.EqualTo(SocketError.ConnectionRefused));
    }

    [Test]
    public void A_connect_that_succeeds_is_writable_and_an_accepted_socket_is_not_readable_for_it()
    {
        Socket listener = Listener();
        Socket socket = Own(new Socket(SocketType.Stream, ProtocolType.Tcp) { Blocking = false });
        BeginConnect(socket, listener.LocalEndPoint!);
        _rig.Add(socket.Handle, IvBands.Out | IvBands.In, 1);
        Assert.That(_rig.Wait(), Is.EqualTo(["1 Out"]));
        Socket accepted = Own(listener.Accept());
        _rig.Add(accepted.Handle, IvBands.In, 2);
        Assert.That(_rig.Look(_rig.Change(1, IvBands.In)), Is.Empty);
    }

    [Test]
    public void Urgent_data_is_reported_as_such()
    {
        (Socket near, Socket far) = Connection();
        _rig.Add(near.Handle, IvBands.Pri, 1);
        far.Send([1], SocketFlags.OutOfBand);
        Assert.That(_rig.Wait(), Is.EqualTo(["1 Pri"]));
        near.Receive(new byte[1], SocketFlags.OutOfBand);
        Assert.That(_rig.Look(), Is.Empty);
    }

    [TestCase("127.0.0.1")]
    [TestCase("::1")]
    public void Datagrams_are_reported_and_an_unconnected_socket_is_writable(string address)
    {
        Socket near = Datagram(address);
        Socket far = Datagram(address);
        _rig.Add(near.Handle, IvBands.In, 1);
        _rig.Add(far.Handle, IvBands.Out, 2);
        Assert.That(_rig.Wait(), Is.EqualTo(["2 Out"]));
        far.SendTo([1], near.LocalEndPoint!);
        Assert.That(_rig.Wait(_rig.Change(2, IvBands.None)), Is.EqualTo(["1 In"]));
        near.Receive(new byte[1]);
        Assert.That(_rig.Look(), Is.Empty);
    }

    [Test]
    public void A_socket_that_was_never_connected_is_silent()
    {
        Socket fresh = Own(new Socket(SocketType.Stream, ProtocolType.Tcp));
        _rig.Add(fresh.Handle, IvBands.In | IvBands.Out | IvBands.Hangup | IvBands.Pri, 1);
        Assert.That(_rig.Look(), Is.Empty);
    }

    [Test]
    public void What_is_no_socket_is_refused_with_the_reason()
    {
        using var signal = new ManualResetEvent(false);
        using FileStream file = File.Create(Path.GetTempFileName(), 1, FileOptions.DeleteOnClose);
        Socket closed = Datagram("127.0.0.1");
        nint gone = closed.Handle;
        closed.Dispose();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(_rig.TryAdd(signal.SafeWaitHandle.DangerousGetHandle(), IvBands.In, 1), Is.EqualTo(IvError.ENOTSOCK));
            Assert.That(_rig.TryAdd(file.SafeFileHandle.DangerousGetHandle(), IvBands.In, 1), Is.EqualTo(IvError.EPERM));
            Assert.That(_rig.TryAdd(gone, IvBands.In, 1), Is.EqualTo(IvError.EBADF));
            Assert.That(_rig.TryAdd(0, IvBands.In, 1), Is.EqualTo(IvError.EBADF));
            Assert.That(_rig.TryAdd(0xBADBAD, IvBands.In, 1), Is.EqualTo(IvError.EBADF));
            Assert.That(_rig.Counters, Has.Property(nameof(AfdCounters.Registered)).Zero);
        }
    }

    [Test]
    public void A_socket_is_registered_once()
    {
        (Socket near, Socket far) = Connection();
        _rig.Add(near.Handle, IvBands.In, 1);
        Assert.That(_rig.TryAdd(near.Handle, IvBands.In, 2), Is.EqualTo(IvError.EEXIST));
        far.Send([1]);
        Assert.That(_rig.Wait(), Is.EqualTo(["1 In"]));
        Assert.That(_rig.TryAdd(near.Handle, IvBands.In, 2), Is.EqualTo(IvError.EEXIST));
        Assert.That(_rig.Wait(), Is.EqualTo(["1 In"]));
    }

    [Test]
    public void A_socket_on_two_loops_is_refused_by_the_second_until_the_first_lets_it_go()
    {
        (Socket near, Socket far) = Connection();
        using var held = new ManualResetEventSlim();
        using var asked = new ManualResetEventSlim();
        Action first = LoopThread.Begin(1, _ =>
        {
            using var loop = new IvLoop();
            using var fd = new IvFd(near.Handle) { HandlerIn = static _ => Assert.Fail("nothing was sent") };
            fd.Register();
            loop.Run(IvRunMode.NonBlocking);
            held.Set();
            asked.Wait();
            fd.Unregister();
            loop.Run(IvRunMode.NonBlocking);
        });
        held.Wait();
        LoopThread.Run(loop =>
        {
            int received = 0;
            using var fd = new IvFd(near.Handle) { HandlerIn = fd => received = near.Receive(new byte[8]) };
            IvException? refused = Assert.Throws<IvException>(fd.Register);
            Assert.That(refused!.Error, Is.EqualTo(IvError.EBUSY));
            Assert.That(refused.Message, Does.Contain("Another loop watches the socket"));
            Assert.That(fd.IsRegistered, Is.False);
            asked.Set();
            first();
            fd.Register();
            far.Send([1]);
            Assert.That(loop.RunUntil(() => received == 1, LoopThread.Patience), Is.True);
        });
    }

    [Test]
    public void A_duplicate_is_watched_by_itself_and_outlives_the_one_it_was_made_of()
    {
        (Socket near, Socket far) = Connection();
        Assert.That(IvNetwork.System.Duplicate(near.Handle, out nint duplicate), Is.EqualTo(IvError.None));
        using var second = new Socket(new SafeSocketHandle(duplicate, ownsHandle: true));
        _rig.Add(near.Handle, IvBands.In, 1);
        _rig.Add(duplicate, IvBands.In, 2);
        _rig.Remove(near.Handle, 1);
        near.Dispose();
        Assert.That(_rig.Look(), Is.Empty);
        far.Send([1]);
        Assert.That(_rig.Wait(), Is.EqualTo(["2 In"]));
        Assert.That(second.Receive(new byte[8]), Is.EqualTo(1));
        Assert.That(_rig.Look(), Is.Empty);
    }

    [Test]
    public void A_handle_given_out_anew_has_nothing_of_the_one_that_was_closed_while_registered()
    {
        Socket far = Datagram("127.0.0.1");
        int reused = 0;
        var seen = new HashSet<nint>();
        for (ulong token = 1; token <= 100; token++)
        {
            Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            nint handle = socket.Handle;
            reused += seen.Add(handle) ? 0 : 1;
            _rig.Add(handle, IvBands.In, token);
            if (token % 3 != 0)
            {
                Assert.That(_rig.Look(), Is.Empty);
            }

            if (token % 2 == 0)
            {
                far.SendTo([1], socket.LocalEndPoint!);
                Assert.That(_rig.Wait(), Is.EqualTo([$"{token} In"]));
                _rig.Remove(handle, token);
            }

            socket.Dispose();
        }

        Assert.That(reused, Is.Positive, "handles are given out anew");
        Assert.That(_rig.Look(), Is.Empty);
        Assert.That(_rig.Counters, Has.Property(nameof(AfdCounters.Registered)).Zero.And.Property(nameof(AfdCounters.InFlight)).Zero);
        Assert.That(_rig.Counters.LocalCloses, Is.Positive);
    }

    [Test]
    public void A_registration_made_anew_at_once_loses_nothing()
    {
        (Socket near, Socket far) = Connection();
        _rig.Add(near.Handle, IvBands.In, 1);
        for (ulong token = 2; token < 300; token++)
        {
            _rig.Remove(near.Handle, token - 1);
            _rig.Add(near.Handle, IvBands.In, token);
            if (token % 3 == 0)
            {
                far.Send([1]);
                Assert.That(_rig.Wait(), Is.EqualTo([$"{token} In"]));
                near.Receive(new byte[1]);
            }
        }

        Assert.That(_rig.Look(), Is.Empty);
        Assert.That(_rig.Counters.InFlight, Is.EqualTo(1));
    }

    [Test]
    public void Less_interest_costs_nothing_and_more_a_cancellation()
    {
        (Socket near, _) = Connection();
        _rig.Add(near.Handle, IvBands.In | IvBands.Hangup, 1);
        AfdCounters before = _rig.Counters;
        _rig.Look(_rig.Change(1, IvBands.Hangup));
        _rig.Look(_rig.Change(1, IvBands.None));
        _rig.Look(_rig.Change(1, IvBands.In));
        Assert.That(_rig.Counters, Is.EqualTo(before));
        Assert.That(_rig.Look(_rig.Change(1, IvBands.Out)), Is.EqualTo(["1 Out"]));
        Assert.That(_rig.Counters.Cancels, Is.EqualTo(1));
    }

    [Test]
    public void What_is_ready_when_it_is_asked_for_is_answered_without_a_packet()
    {
        (Socket near, _) = Connection();
        _rig.Add(near.Handle, IvBands.Out, 1);
        _rig.Look();
        AfdCounters before = _rig.Counters;
        for (int i = 0; i < 10; i++)
        {
            Assert.That(_rig.Look(), Is.EqualTo(["1 Out"]));
        }

        Assert.That(_rig.Counters.Inline - before.Inline, Is.EqualTo(10));
        Assert.That(_rig.Counters.Packets, Is.EqualTo(before.Packets));
    }

    [Test]
    public void A_peer_sees_the_end_before_the_next_wait_B21()
    {
        (Socket near, Socket far) = Connection();
        _rig.Add(near.Handle, IvBands.In, 1);
        _rig.Look();
        _rig.Remove(near.Handle, 1);
        near.Dispose();
        far.ReceiveTimeout = 10_000;
        Assert.That(far.Receive(new byte[1]), Is.Zero);
    }

    [Test]
    public void A_socket_closed_while_registered_is_silent_and_its_peer_sees_the_end()
    {
        (Socket near, Socket far) = Connection();
        nint handle = near.Handle;
        _rig.Add(handle, IvBands.In, 1);
        near.Dispose();
        far.ReceiveTimeout = 10_000;
        Assert.That(far.Receive(new byte[1]), Is.Zero);
        Assert.That(_rig.Look(), Is.Empty);
        Assert.That(_rig.Counters.LocalCloses, Is.EqualTo(1));
        _rig.Remove(handle, 1);
    }

    [Test]
    public void A_deadline_is_never_early()
    {
        foreach (double milliseconds in new[] { 0.2, 1, 5, 16, 40 })
        {
            IvTimestamp due = IvTimestamp.System + TimeSpan.FromMilliseconds(milliseconds);
            Assert.That(_rig.Wait(due, 10), Is.Empty);
            Assert.That(IvTimestamp.System, Is.GreaterThanOrEqualTo(due));
        }
    }

    [Test]
    public void Wake_from_other_threads_ends_the_wait()
    {
        for (int i = 0; i < 50; i++)
        {
            var threads = new Thread[4];
            for (int k = 0; k < threads.Length; k++)
            {
                threads[k] = new Thread(_rig.Poller.Wake);
                threads[k].Start();
            }

            Assert.That(_rig.Wait(IvTimestamp.MaxValue, 10), Is.Empty);
            Array.ForEach(threads, thread => thread.Join());
            _rig.Look();
        }
    }

    [Test]
    public void Wake_may_race_with_Dispose()
    {
        for (int i = 0; i < 50; i++)
        {
            var poller = new AfdPoller();
            using var start = new Gate(2);
            var thread = new Thread(() =>
            {
                start.SignalAndWait();
                for (int k = 0; k < 20; k++)
                {
                    poller.Wake();
                }
            });
            thread.Start();
            start.SignalAndWait();
            poller.Dispose();
            thread.Join();
        }
    }

    [Test]
    public void A_poll_outlives_the_thread_that_started_it()
    {
        (Socket near, Socket far) = Connection();
        var thread = new Thread(() => _rig.Add(near.Handle, IvBands.In, 1));
        thread.Start();
        thread.Join();
        far.Send([1]);
        Assert.That(_rig.Wait(), Is.EqualTo(["1 In"]));
    }

    [Test]
    public void One_device_serves_32_sockets_and_is_closed_after_them()
    {
        Socket[] sockets = [.. Enumerable.Range(0, 100).Select(_ => Datagram("127.0.0.1"))];
        for (int i = 0; i < sockets.Length; i++)
        {
            _rig.Add(sockets[i].Handle, IvBands.In, (ulong)i + 1);
            Assert.That(_rig.Counters.Devices, Is.EqualTo((i / 32) + 1));
        }

        for (int i = 0; i < sockets.Length; i++)
        {
            _rig.Remove(sockets[i].Handle, (ulong)i + 1);
        }

        Assert.That(_rig.Look(), Is.Empty);
        Assert.That(_rig.Counters, Has.Property(nameof(AfdCounters.Devices)).EqualTo(1).And.Property(nameof(AfdCounters.InFlight)).Zero);
    }

    [Test]
    public void Ten_thousand_sockets_of_which_one_is_active_cost_a_turn_what_ten_do_and_are_disposed_of_in_time()
    {
        const int count = 10_000;
        Socket[] sockets = [.. Enumerable.Range(0, count).Select(_ => Datagram("127.0.0.1"))];
        for (int i = 0; i < count; i++)
        {
            _rig.Add(sockets[i].Handle, IvBands.In, (ulong)i + 1);
        }

        Assert.That(_rig.Look(), Is.Empty);
        AfdCounters before = _rig.Counters;
        for (int i = 0; i < 100; i++)
        {
            int active = i * 97 % count;
            sockets[0].SendTo([1], sockets[active].LocalEndPoint!);
            Assert.That(_rig.Wait(), Is.EqualTo([$"{active + 1} In"]));
            sockets[active].Receive(new byte[1]);
        }

        Assert.That(_rig.Counters.Submits - before.Submits, Is.LessThanOrEqualTo(100));
        Assert.That(_rig.Counters.Packets - before.Packets, Is.EqualTo(100));
        Assert.That(_rig.Counters.InFlight, Is.GreaterThanOrEqualTo(count - 1));
        _rig.Dispose();
        Assert.That(_rig.Counters, Has.Property(nameof(AfdCounters.InFlight)).Zero.And.Property(nameof(AfdCounters.Registered)).Zero);
    }

    [Test]
    public void More_ready_sockets_than_room_come_in_rounds_and_none_starves()
    {
        const int count = 50;
        Socket[] sockets = [.. Enumerable.Range(0, count).Select(_ => Datagram("127.0.0.1"))];
        for (int i = 0; i < count; i++)
        {
            _rig.Add(sockets[i].Handle, IvBands.Out, (ulong)i + 1);
        }

        Dictionary<string, int> seen = [];
        for (int i = 0; i < 3 * count / 7; i++)
        {
            foreach (string found in _rig.Wait(IvTimestamp.MinValue, 7))
            {
                seen[found] = seen.GetValueOrDefault(found) + 1;
            }
        }

        Assert.That(seen, Has.Count.EqualTo(count));
        Assert.That(seen.Values, Is.All.InRange(2, 4));
    }

    [Test]
    public void Random_interests_of_a_thousand_sockets_are_reported_as_they_are()
    {
        const int count = 1000;
        var random = new Random(1);
        Socket far = Datagram("127.0.0.1");
        Socket[] sockets = [.. Enumerable.Range(0, count).Select(_ => Datagram("127.0.0.1"))];
        var wants = new IvBands[count];
        bool[] hasData = new bool[count];
        for (int i = 0; i < count; i++)
        {
            _rig.Add(sockets[i].Handle, IvBands.None, (ulong)i + 1);
        }

        var ready = new IvReady[count];
        for (int round = 0; round < 10; round++)
        {
            List<IvChange> changes = [];
            for (int i = 0; i < count; i += random.Next(1, 10))
            {
                if (!hasData[i] && random.Next(2) == 0)
                {
                    far.SendTo([1], sockets[i].LocalEndPoint!);
                    hasData[i] = true;
                }

                IvBands want = (IvBands)random.Next(4);
                if (want != wants[i])
                {
                    changes.Add(_rig.Change((ulong)i + 1, want));
                    wants[i] = want;
                }
            }

            _rig.Poller.Wait(changes.ToArray(), IvTimestamp.MinValue, ready);
            Dictionary<ulong, IvBands> expected = [];
            for (int i = 0; i < count; i++)
            {
                IvBands bands = (IvBands.Out | (hasData[i] ? IvBands.In : 0)) & wants[i];
                if (bands != IvBands.None)
                {
                    expected.Add((ulong)i + 1, bands);
                }
            }

            int got = _rig.Poller.Wait([], IvTimestamp.MinValue, ready);
            Assert.That(ready.Take(got).ToDictionary(found => found.Token, found => found.Bands), Is.EquivalentTo(expected));
        }
    }

    [Test]
    public void A_turn_allocates_nothing_B18()
    {
        (Socket near, Socket far) = Connection();
        _rig.Add(near.Handle, IvBands.In, 1);
        var ready = new IvReady[16];
        byte[] buffer = new byte[1];
        Turns(100);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Turns(1000);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);

        void Turns(int count)
        {
            for (int i = 0; i < count; i++)
            {
                far.Send(buffer);
                int got = _rig.Poller.Wait([new IvChange(near.Handle, 1, IvBands.In, i % 2 == 0 ? IvBands.In : IvBands.In | IvBands.Hangup)], IvTimestamp.MaxValue, ready);
                while (got == 0)
                {
                    got = _rig.Poller.Wait([], IvTimestamp.MaxValue, ready);
                }

                near.Receive(buffer);
            }
        }
    }

    [Test]
    public void An_engine_whose_answers_all_come_by_packets_wakes_those_who_wait()
    {
        (Socket near, Socket far) = Connection();
        using var engine = new AfdEngine(AfdApi.System, answersInline: false, isExclusive: false);
        Assert.That(engine.Add(near.Handle, AfdEvents.Receive, 7), Is.EqualTo(IvError.None));
        using var waits = new Gate(2);
        int got = 0;
        var thread = new Thread(() =>
        {
            unsafe
            {
                OverlappedEntry* entries = stackalloc OverlappedEntry[4];
                waits.SignalAndWait();
                got = engine.Dequeue(entries, 4, 20_000);
                engine.Feed(entries, got);
            }
        });
        thread.Start();
        waits.SignalAndWait();
        far.Send([1]);
        thread.Join();
        var ready = new AfdReady[4];
        Assert.That(got, Is.EqualTo(1));
        Assert.That(engine.Take(ready), Is.EqualTo(1));
        Assert.That(ready[0], Is.EqualTo(new AfdReady(7, AfdEvents.Receive)));
        engine.Flush(4);
        Assert.That(engine.Counters, Has.Property(nameof(AfdCounters.Inline)).Zero.And.Property(nameof(AfdCounters.InFlight)).EqualTo(1));
    }

    [Test]
    public void A_loop_runs_on_it_with_timers_and_posts()
    {
        List<string> log = [];
        using var loop = new IvLoop(new IvLoopOptions { PollMethods = [IvPollMethod.Afd] });
        var timer = new IvTimer(_ => log.Add("timer"));
        timer.Start(TimeSpan.FromMilliseconds(30));
        using var posted = new IvEvent(_ => log.Add("event"));
        posted.Register();
        var thread = new Thread(() => posted.Post());
        thread.Start();
        loop.RunUntil(() => log.Count == 2, TimeSpan.FromSeconds(20));
        thread.Join();
        Assert.That(log, Is.EquivalentTo(["timer", "event"]));
        Assert.That(loop.PollMethod, Is.EqualTo("afd"));
    }

    // A non-blocking connect says that it goes on by an exception.
    private static void BeginConnect(Socket socket, EndPoint to)
    {
        try
        {
            socket.Connect(to);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.WouldBlock)
        {
        }
    }

    private static void Reset(Socket socket)
    {
        socket.LingerState = new LingerOption(true, 0);
        socket.Close();
    }

    private T Own<T>(T thing)
        where T : IDisposable
    {
        _owned.Add(thing);
        return thing;
    }

    private Socket Listener()
    {
        Socket listener = Own(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        return listener;
    }

    private (Socket Near, Socket Far) Connection()
    {
        Socket listener = Listener();
        Socket near = Own(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true });
        near.Connect(listener.LocalEndPoint!);
        Socket far = Own(listener.Accept());
        far.NoDelay = true;
        return (near, far);
    }

    private Socket Datagram(string address)
    {
        var bound = IPAddress.Parse(address);
        Socket socket = Own(new Socket(bound.AddressFamily, SocketType.Dgram, ProtocolType.Udp));
        socket.Bind(new IPEndPoint(bound, 0));
        return socket;
    }
}
