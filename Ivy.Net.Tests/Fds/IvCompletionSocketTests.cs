using System.Net.Sockets;
using Ivy.Net.Interop.Linux;
using Ivy.Net.Polling;
using Ivy.Net.Tests.Conformance;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Fds;

/// <summary>Connections that complete: what comes, what goes, in which order, and what is left when they end.</summary>
[NonParallelizable]
[Platform("Linux")]
internal sealed class IvCompletionSocketTests
{
    [Test]
    public void What_comes_is_handed_over_and_what_is_sent_arrives() => Run((bench, engine) =>
    {
        (IvSocket near, IvSocket far) = bench.Pair();
        IvCompletionSocket connection = Open(bench, near, connection =>
        {
            bench.Log.Add(System.Text.Encoding.UTF8.GetString(connection.Received));
            connection.SendReceived();
            Assert.That(connection.Received.IsEmpty, Is.True, "given away");
        });
        connection.HandlerSent = _ => bench.Log.Add("sent");
        bench.Send(far, "hello");
        bench.Until(() => bench.Log.Count == 2, "echoed");
        Assert.That(bench.Log, Is.EqualTo(["hello", "sent"]));
        Assert.That(bench.Receive(far), Is.EqualTo("hello"));
        Assert.That(connection.Unsent, Is.Zero);
        Assert.That(connection.Received.IsEmpty, Is.True, "outside of the handler");
        Assert.That(engine.BuffersInUse, Is.Zero);
        far.Dispose();
        connection.HandlerReceive = connection => bench.Log.Add(connection.Result.ToString());
        bench.Until(() => bench.Log.Count == 3, "the end");
        Assert.That(bench.Log[^1], Is.EqualTo("end of stream"));
        bench.AssertSleeps("the end is said once");
    });

    [Test]
    public void Inside_another_loop_what_a_handler_asked_for_is_told_before_that_one_waits() => Run((bench, _) =>
    {
        (IvSocket near, IvSocket far) = bench.Pair();
        Open(bench, near, static connection => connection.SendReceived());
        Assert.That(bench.Loop.BackendHandle, Is.GreaterThan((nint)0));
        for (int i = 0; i < 3; i++)
        {
            bench.Send(far, "hello");
            bench.Loop.Run(IvRunMode.NonBlocking);
            Assert.That(bench.Receive(far), Is.EqualTo("hello"));
        }
    });

    [Test]
    public void An_echo_turn_is_one_system_call_and_a_hundred_of_them_too() => Run((bench, _) =>
    {
        var pairs = new List<IvSocket>();
        for (int i = 0; i < 100; i++)
        {
            (IvSocket near, IvSocket far) = bench.Pair();
            Open(bench, near, connection => connection.SendReceived());
            pairs.Add(far);
        }

        bench.Turn(2);
        pairs.ForEach(far => bench.Send(far));
        using var faults = new CountingFaults();
        const int turns = 20; // how many answers one call brings is the kernel's affair
        bench.Turn(turns);
        Assert.That(faults.Total, Is.EqualTo(turns), faults.ToString());
        Assert.That(pairs.TrueForAll(far => bench.Receive(far) == "x"), Is.True, "all echoed");
    });

    [Test]
    public void Many_small_sends_arrive_in_order_and_all_at_once() => Run((bench, engine) =>
    {
        (IvSocket near, IvSocket far) = bench.Pair();
        IvCompletionSocket connection = Open(bench, near, static _ => { });
        var expected = new List<byte>();
        for (int i = 0; i < 2000; i++)
        {
            byte[] bytes = [(byte)i, (byte)(i >> 8), 7];
            connection.Send(bytes);
            expected.AddRange(bytes);
        }

        Assert.That(connection.Unsent, Is.EqualTo(6000));
        Assert.That(ReadAll(bench, far, expected.Count), Is.EqualTo(expected));
        bench.Until(() => connection.Unsent == 0, "all sent");
        Assert.That(engine.BuffersInUse, Is.Zero);
    });

    [Test]
    public void What_is_to_be_sent_to_a_peer_that_does_not_read_waits_and_close_waits_for_it([Values] bool closes) => Run((bench, engine) =>
    {
        (IvSocket server, IvSocket client) = bench.Connection();
        IvCompletionSocket connection = Open(bench, server, connection => bench.Log.Add(connection.Result.ToString()));
        byte[] data = RandomBytes(3_000_000);
        connection.Send(data);
        if (closes)
        {
            connection.CloseWhenSent();
        }
        else
        {
            connection.ShutdownWhenSent();
        }

        bench.Turn(10);
        Assert.That(connection.Unsent, Is.InRange(1, data.Length - 1), "sent in part");
        Assert.That(ReadAll(bench, client, data.Length).AsSpan().SequenceEqual(data), Is.True);
        bench.Until(() => !connection.IsRegistered || connection.Unsent == 0, "all sent");
        bench.Until(() => client.Peek(new byte[1]).IsEnd, "the end behind the last byte");
        Assert.That(connection.IsRegistered, Is.EqualTo(!closes));
        Assert.That(server.IsDisposed, Is.EqualTo(closes));
        if (!closes)
        {
            bench.Send(client, "still heard");
            bench.Until(() => bench.Log.Count == 1, "received");
        }

        bench.Turn();
        Assert.That(engine.BuffersInUse, Is.Zero);
    });

    [Test]
    public void While_it_does_not_receive_the_bytes_wait_in_the_socket() => Run((bench, _) =>
    {
        (IvSocket near, IvSocket far) = bench.Pair();
        IvCompletionSocket connection = Open(bench, near, connection => bench.Log.Add(System.Text.Encoding.UTF8.GetString(connection.Received)));
        bench.Turn();
        connection.IsReceiving = false;
        bench.Turn(2);
        bench.Send(far, "one");
        bench.Turn(3);
        Assert.That(bench.Log, Is.Empty);
        connection.IsReceiving = true;
        connection.IsReceiving = false;
        connection.IsReceiving = true;
        bench.Until(() => bench.Log.Count > 0, "received");
        Assert.That(string.Concat(bench.Log), Is.EqualTo("one"));
    });

    [Test]
    [Provokes("IVF0027")]
    public void A_socket_that_was_handed_over_refuses_to_be_used_until_it_is_given_back() => Run((bench, _) =>
    {
        (IvSocket near, IvSocket far) = bench.Pair();
        IvCompletionSocket connection = Open(bench, near, static _ => Assert.Fail("given back"));
        IvFatalInfo info = FatalScope.Expect(FatalCondition.SocketHandedOver, () => near.Receive(new byte[1]));
        Assert.That(info.Message, Does.Contain("IvCompletionSocket").And.Contain("unix"));
        FatalScope.Expect(FatalCondition.SocketHandedOver, () => near.Send(new byte[1]));
        FatalScope.Expect(FatalCondition.SocketHandedOver, () => near.Peek(new byte[1]));
        Assert.That(new IvFd(near).TryRegister(), Is.EqualTo(IvError.EEXIST));
        Assert.That(new IvCompletionSocket(near, static _ => { }).TryRegister(), Is.EqualTo(IvError.EEXIST));
        connection.Unregister();
        bench.Send(far, "again");
        bench.Turn(2);
        Assert.That(bench.Receive(near), Is.EqualTo("again"));
        Assert.That(bench.Loop.Counters.Active, Is.Zero);
    });

    [Test]
    public void Without_an_engine_it_says_so() => ConformanceBackend.Epoll.Run(bench =>
    {
        (IvSocket near, _) = bench.Pair();
        using var connection = new IvCompletionSocket(near, static _ => { });
        Assert.That(connection.TryRegister(), Is.EqualTo(IvError.EOPNOTSUPP));
        Assert.That(Assert.Throws<IvException>(connection.Register)!.Message, Does.Contain("io_uring"));
        Assert.That(near.Receive(new byte[1]).WouldBlock, Is.True, "nothing has changed");
        Assert.That(bench.Loop.Poller.Completions, Is.Null);
    });

    [Test]
    public void What_is_no_stream_is_refused() => Run((bench, _) =>
    {
        IvSocket near = bench.Pair(SocketType.Dgram).Near;
        Assert.That(new IvCompletionSocket(near, static _ => { }).TryRegister(), Is.EqualTo(IvError.EOPNOTSUPP));
        near.Dispose();
        Assert.That(new IvCompletionSocket(near, static _ => { }).TryRegister(), Is.EqualTo(IvError.EBADF));
    });

    [Test]
    [Category("B21")]
    public void Closed_with_nothing_else_done_the_peer_sees_the_end_before_our_next_turn() => Run((bench, engine) =>
    {
        (IvSocket server, IvSocket client) = bench.Connection();
        IvCompletionSocket connection = Open(bench, server, static _ => { });
        bench.Turn();
        connection.Send("last words"u8);
        server.Dispose();
        Assert.That(connection.IsRegistered, Is.False);
        Assert.That(bench.Receive(client), Is.EqualTo("last words"));
        Assert.That(client.Receive(new byte[1]).IsEnd, Is.True);
        bench.Turn();
        Assert.That((engine.OperationsInFlight, engine.BuffersInUse), Is.EqualTo((0, 0)));
    });

    [Test]
    [Category("B4")]
    public void One_that_an_earlier_completion_unregistered_gets_no_call_of_the_batch_at_hand() => Run((bench, engine) =>
    {
        (IvSocket near, IvSocket far) = bench.Pair();
        (IvSocket other, IvSocket farOther) = bench.Pair();
        IvCompletionSocket second = null!;
        Open(bench, near, _ =>
        {
            bench.Log.Add("first");
            second.Unregister();
        });
        second = Open(bench, other, _ => bench.Log.Add("second"));
        bench.Turn();
        bench.Send(far);
        bench.Send(farOther);
        bench.Turn(3);
        Assert.That(bench.Log, Is.EqualTo(["first"]));
        Assert.That(engine.BuffersInUse, Is.Zero, "what nobody is told of goes back");
    });

    [Test]
    public void Break_and_exceptions_leave_the_rest_of_the_batch_to_the_next_Run() => Run((bench, engine) =>
    {
        var fars = new List<IvSocket>();
        for (int i = 0; i < 3; i++)
        {
            int number = i;
            (IvSocket near, IvSocket far) = bench.Pair();
            fars.Add(far);
            Open(bench, near, _ =>
            {
                bench.Log.Add($"{number}");
                if (number == 0)
                {
                    throw new FormatException();
                }

                if (number == 1)
                {
                    bench.Loop.Break();
                }
            });
        }

        bench.Turn();
        fars.ForEach(far => bench.Send(far));
        Assert.That(() => bench.Turn(), Throws.TypeOf<FormatException>());
        Assert.That(bench.Log, Is.EqualTo(["0"]));
        Assert.That(bench.Loop.NextDeadline, Is.EqualTo(IvTimestamp.MinValue));
        bench.Turn();
        Assert.That(bench.Log, Is.EqualTo(["0", "1"]));
        bench.Turn();
        Assert.That(bench.Log, Is.EqualTo(["0", "1", "2"]));
        Assert.That(engine.BuffersInUse, Is.Zero);
    });

    [Test]
    public void A_batch_of_completions_is_bounded_and_loses_none() => Run(
        (bench, engine) =>
        {
            var fars = new List<IvSocket>();
            for (int i = 0; i < 10; i++)
            {
                (IvSocket near, IvSocket far) = bench.Pair();
                fars.Add(far);
                Open(bench, near, _ => bench.Log.Add("in"));
            }

            bench.Turn();
            fars.ForEach(far => bench.Send(far));
            bench.Turn();
            Assert.That(bench.Log, Has.Count.EqualTo(4));
            bench.Turn();
            Assert.That(bench.Log, Has.Count.InRange(8, 10));
            bench.Turn(2);
            Assert.That(bench.Log, Has.Count.EqualTo(10));
            Assert.That(engine.BuffersInUse, Is.Zero);
        },
        batchSize: 4);

    [Test]
    public void Buffers_that_run_out_are_waited_for_and_nothing_is_lost() => Run(
        (bench, engine) =>
        {
            // More than all buffers hold waits in the sockets when the kernel is first asked.
            const int crowd = 100;
            const int amount = 150_000;
            int[] received = new int[crowd];
            byte[] data = RandomBytes(amount);
            for (int i = 0; i < crowd; i++)
            {
                int number = i;
                (IvSocket near, IvSocket far) = bench.Connection();
                far.SendBufferSize = amount * 4;
                near.ReceiveBufferSize = amount * 4;
                int sent = 0;
                while (sent < amount && far.Send(data.AsSpan(sent)) is { IsOk: true } result)
                {
                    sent += result.Bytes;
                }

                far.Shutdown(SocketShutdown.Send);
                int expected = sent;
                Open(bench, near, connection =>
                {
                    if (connection.Result.IsOk)
                    {
                        Assert.That(connection.Received.SequenceEqual(data.AsSpan(received[number], connection.Result.Bytes)), Is.True);
                        received[number] += connection.Result.Bytes;
                    }
                    else
                    {
                        Assert.That(connection.Result.IsEnd, Is.True);
                        Assert.That(received[number], Is.EqualTo(expected));
                        connection.CloseWhenSent();
                    }
                });
            }

            bench.Until(() => bench.Loop.Counters.CompletionSockets == 0, "all have seen the end");
            Assert.That(((UringCompletions)engine).Starved, Is.Positive, "they ran out, or the test shows nothing");
            bench.Turn();
            Assert.That((engine.OperationsInFlight, engine.BuffersInUse), Is.EqualTo((0, 0)));
        },
        batchSize: 1); // one is given back each turn, and the kernel takes more

    [Test]
    public void A_peer_that_resets_with_operations_in_flight_is_told_once_and_all_goes_back() => Run((bench, engine) =>
    {
        (IvSocket server, IvSocket client) = bench.Connection();
        IvCompletionSocket connection = Open(bench, server, connection => bench.Log.Add(connection.Result.ToString()));
        connection.Send(RandomBytes(5_000_000));
        bench.Turn(5);
        Assert.That(connection.Unsent, Is.Positive);
        bench.Reset(client);
        bench.Until(() => bench.Log.Count > 0, "told");
        bench.Turn(5);
        Assert.That(string.Join('|', bench.Log), Does.Match("^[^|]*(ECONNRESET|EPIPE)[^|]*$"), "once");
        Assert.That(connection.Unsent, Is.Zero);
        connection.Send("nobody is there"u8);
        Assert.That(connection.Unsent, Is.Zero, "after an error nothing is kept to be sent");
        Assert.That((engine.OperationsInFlight, engine.BuffersInUse), Is.EqualTo((0, 0)));
        server.Dispose();
    });

    [TestCase(SysCall.Recv)]
    [TestCase(SysCall.Send)]
    public void An_error_of_either_direction_is_said_once_and_ends_both(SysCall call) => Run((bench, engine) =>
    {
        (IvSocket near, IvSocket far) = bench.Pair();
        IvCompletionSocket connection = Open(bench, near, connection => bench.Log.Add(connection.Result.ToString()));
        bench.Turn();
        using (var faults = new CountingFaults())
        {
            faults.Answers = answered => answered == call ? IvError.EIO : IvError.None;
            connection.Send(new byte[10_000]);
            Assert.That(bench.Network.Write(far.Handle, new byte[10]).Bytes, Is.EqualTo(10));
            bench.Turn(4);
        }

        bench.Turn(2);
        bench.Send(far);
        bench.Turn(3);
        Assert.That(bench.Log.Count(line => line.Contains("EIO", StringComparison.Ordinal)), Is.EqualTo(1), string.Join('|', bench.Log));
        Assert.That(bench.Log[^1], Does.Contain("EIO"), "nothing comes behind it");
        Assert.That(connection.Unsent, Is.Zero);
        connection.CloseWhenSent();
        Assert.That(near.IsDisposed, Is.True);
        bench.Turn();
        Assert.That((engine.OperationsInFlight, engine.BuffersInUse), Is.EqualTo((0, 0)));
    });

    [Test]
    [Category("B19")]
    public void A_loop_disposed_with_operations_in_flight_leaks_nothing()
    {
        Round();
        SortedDictionary<string, int> before = Native.OpenDescriptors();
        for (int i = 0; i < 5; i++)
        {
            Round();
        }

        Assert.That(Native.OpenDescriptors(), Is.EqualTo(before));

        static void Round()
        {
            var bench = new Bench(ConformanceBackend.Uring);
            LoopThread.Run(ConformanceBackend.Uring.Options(bench), loop =>
            {
                bench.Loop = loop;
                IvCompletions engine = loop.Poller.Completions!;
                (IvSocket server, IvSocket client) = bench.Connection();
                IvSocket listener = bench.Listen();
                new IvCompletionListener(listener, static (_, _) => { }).Register();
                var connection = new IvCompletionSocket(server, static _ => { }) { Name = "left behind" };
                connection.Register();
                connection.Send(RandomBytes(5_000_000));
                bench.Turn(3);
                client.Send(new byte[10_000]);
                using IvSocket unaccepted = IvSocket.Connect(listener.LocalEndPoint!);
                Assert.That(engine.OperationsInFlight, Is.EqualTo(3));
                loop.Dispose();
                Assert.That((engine.OperationsInFlight, engine.BuffersInUse), Is.EqualTo((0, 0)));
                bench.Dispose();
            });
            Assert.That(bench.Leaks.Single().Objects, Has.Count.EqualTo(2));
            Assert.That(bench.Leaks[0].ToString(), Does.Contain("left behind"));
        }
    }

    [Test]
    public void A_dump_shows_them() => Run((bench, _) =>
    {
        IvSocket near = bench.Pair().Near;
        IvCompletionSocket connection = Open(bench, near, static _ => { });
        connection.Send(new byte[11]);
        var text = new StringWriter();
        bench.Loop.Dump(text);
        Assert.That(text.ToString(), Does.Contain("complete  unix").And.Contain("unsent=11"));
    });

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(3)]
    [TestCase(4)]
    [TestCase(5)]
    [TestCase(6)]
    public void Whatever_is_done_in_whatever_order_every_byte_arrives_once_and_in_order(int seed) => Run((bench, engine) =>
    {
        var random = new Random(seed);
        var links = new List<Link>();
        for (int i = 0; i < 12; i++)
        {
            (IvSocket near, IvSocket far) = i % 2 == 0 ? bench.Connection() : bench.Pair();
            links.Add(new Link(bench, near, far));
        }

        for (int step = 0; step < 3000; step++)
        {
            Link link = links[random.Next(links.Count)];
            switch (random.Next(8))
            {
                case 0 or 1:
                    link.FarSends(random);
                    break;
                case 2 or 3:
                    link.NearSends(random);
                    break;
                case 4:
                    link.FarReads(random.Next(1, 30_000));
                    break;
                case 5:
                    link.Connection.IsReceiving = random.Next(3) > 0;
                    break;
                default:
                    bench.Turn();
                    break;
            }
        }

        links.ForEach(link => link.End());
        bench.Until(() => links.TrueForAll(link => link.IsDone()), "all bytes, and both ends");
        links.ForEach(link => link.Connection.Unregister());
        bench.Turn();
        Assert.That((engine.OperationsInFlight, engine.BuffersInUse), Is.EqualTo((0, 0)));
    });

    private static IvCompletionSocket Open(Bench bench, IvSocket socket, Action<IvCompletionSocket> handler)
    {
        IvCompletionSocket connection = bench.Own(new IvCompletionSocket(socket, handler));
        connection.Register();
        return connection;
    }

    private static byte[] ReadAll(Bench bench, IvSocket socket, int count)
    {
        byte[] bytes = new byte[count];
        int read = 0;
        bench.Until(
            () =>
            {
                IvIoResult result = socket.Receive(bytes.AsSpan(read));
                read += result.Bytes;
                if (result.WouldBlock)
                {
                    bench.Loop.Post(static _ => { }, null);
                }

                return read == count;
            },
            "all bytes");
        return bytes;
    }

    private static byte[] RandomBytes(int count)
    {
        byte[] bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        return bytes;
    }

    private static void Run(Action<Bench, IvCompletions> body, int? batchSize = null) => ConformanceBackend.Uring.Run(
        bench =>
        {
            if (bench.Loop.Poller.Completions is not { } engine)
            {
                Assert.Ignore("io_uring: this kernel is too old for the engine (Linux 6.1)");
                return;
            }

            body(bench, engine);
        },
        batchSize);

    // A connection, and what either end has yet to see.
    private sealed class Link
    {
        private readonly IvSocket _far;
        private readonly Queue<byte> _toNear = new();
        private readonly Queue<byte> _toFar = new();
        private bool _nearEnded;
        private bool _farEnded;
        private bool _isEnding;

        public Link(Bench bench, IvSocket near, IvSocket far)
        {
            _far = far;
            Connection = Open(bench, near, Received);
        }

        public IvCompletionSocket Connection { get; }

        public void FarSends(Random random)
        {
            byte[] bytes = new byte[random.Next(1, 10_000)];
            random.NextBytes(bytes);
            int sent = _far.Send(bytes).Bytes;
            Array.ForEach(bytes[..sent], _toNear.Enqueue);
        }

        public void NearSends(Random random)
        {
            byte[] bytes = new byte[random.Next(1, random.Next(2) == 0 ? 100 : 10_000)];
            random.NextBytes(bytes);
            Connection.Send(bytes);
            Array.ForEach(bytes, _toFar.Enqueue);
        }

        public void FarReads(int most)
        {
            byte[] bytes = new byte[most];
            IvIoResult result = _far.Receive(bytes);
            _farEnded |= result.IsEnd;
            Expect(_toFar, bytes.AsSpan(0, result.Bytes));
        }

        public void End()
        {
            _isEnding = true;
            Connection.IsReceiving = true;
            Connection.ShutdownWhenSent();
            _far.Shutdown(SocketShutdown.Send);
        }

        public bool IsDone()
        {
            FarReads(100_000);
            Connection.Loop!.Post(static _ => { }, null);
            return _nearEnded && _farEnded && _toNear.Count == 0 && _toFar.Count == 0;
        }

        private static void Expect(Queue<byte> expected, ReadOnlySpan<byte> bytes)
        {
            foreach (byte item in bytes)
            {
                if (expected.Dequeue() != item)
                {
                    Assert.Fail("another byte than the one that was sent");
                }
            }
        }

        // Every third message is sent back from the buffer it came in.
        private void Received(IvCompletionSocket connection)
        {
            _nearEnded |= connection.Result.IsEnd;
            Expect(_toNear, connection.Received);
            if (!_isEnding && connection.Received.Length % 3 == 0)
            {
                Array.ForEach(connection.Received.ToArray(), _toFar.Enqueue);
                connection.SendReceived();
            }
        }
    }
}
