using Ivy.Net.Edge;
using Ivy.Net.Interop;
using Ivy.Net.Interop.Linux;
using Ivy.Net.Polling;

namespace Ivy.Net.Tests.Edge;

/// <summary>What evio got wrong, on one system or on both.</summary>
[TestFixtureSource(typeof(EdgeBackend), nameof(EdgeBackend.All))]
internal sealed class EdgeDefectTests(EdgeBackend backend)
{
    private const int ManyBytes = 1000;

    private static readonly EdgeLoopOptions OneShot = new() { Trigger = EdgeTrigger.OneShot };

    // Data and the end in one event: evio called on_error only, and the bytes were lost.
    [Test]
    public void What_came_before_the_end_is_read_before_OnClose([Values] EdgeTrigger trigger, [Values] bool readsAll) => backend.Run(
        test =>
        {
            (IvSocket near, IvSocket far) = test.Bench.Pair();
            test.Data = fd =>
            {
                if (readsAll)
                {
                    EdgeBench.ReadAll(fd);
                    return;
                }

                EdgeBench.ReadOne(fd);
                fd.ArmRead();
            };
            test.Closed = (fd, _) => Assert.That(fd.State.Received, Is.EqualTo(ManyBytes));
            test.Arm(near, IvBands.In);
            test.Bench.Send(far, new string('x', ManyBytes));
            far.Dispose();
            for (int i = 0; i < ManyBytes * 3 && !test.Log.Contains("a Remote"); i++)
            {
                test.Edge.Review(TimeSpan.Zero);
            }

            Assert.That(test.Log[^1], Is.EqualTo("a Remote"));
        },
        new EdgeLoopOptions { Trigger = trigger });

    [Test]
    public void What_a_callback_leaves_for_later_is_still_there_and_OnClose_waits_for_it() => backend.Run(test =>
    {
        (IvSocket near, IvSocket far) = test.Bench.Pair();
        EdgeFd<EdgeTag> fd = test.Arm(near, IvBands.In);
        test.Bench.Send(far, "abc");
        far.Dispose();
        test.Settle();
        test.Settle();
        Assert.That(test.Calls, Is.EqualTo("a data"));
        Assert.That(test.Bench.Receive(near), Is.EqualTo("abc"));
        fd.Drained();
        test.Settle();
        Assert.That(test.Calls, Is.EqualTo("a Remote"));
    });

    [Test]
    public void One_shot_does_not_lose_the_other_direction() => backend.Run(test =>
    {
        (IvSocket near, IvSocket far) = test.Bench.Pair();
        EdgeFd<EdgeTag> fd = test.Arm(near, EdgeBench.Both);
        test.Settle();
        Assert.That(test.Calls, Is.EqualTo("a ready"));
        Assert.That(fd.Armed, Is.EqualTo(IvBands.In), "still");
        fd.ArmWrite();
        test.Settle();
        Assert.That(test.Calls, Is.EqualTo("a ready"));
        test.Bench.Send(far);
        test.Settle();
        Assert.That(test.Calls, Is.EqualTo("a data"));
    },
    OneShot);

    [Test]
    public void Writing_is_told_while_reading_waits_and_the_other_way_round() => backend.Run(test =>
    {
        (IvSocket near, IvSocket far) = test.Bench.Pair();
        test.Data = static fd => EdgeBench.ReadOne(fd);
        EdgeFd<EdgeTag> fd = test.Arm(near, EdgeBench.Both);
        test.Bench.Send(far, "abc");
        test.Settle();
        Assert.That(test.Calls, Is.EqualTo("a data, a ready"));
        byte[] chunk = new byte[16384];
        while (fd.Write(chunk).IsOk)
        {
        }

        byte[] sink = new byte[1 << 20];
        test.Until(() => far.Receive(sink).IsError || test.Log.Count > 0, "room");
        Assert.That(test.Calls, Is.EqualTo("a ready"), "what is left to read is not told");
        EdgeBench.ReadAll(fd);
        test.Bench.Send(far, "d");
        test.Settle();
        Assert.That(test.Calls, Is.EqualTo("a data"));
    });

    // on_close was documented, and called by nothing.
    [Test]
    public void OnClose_is_called_by_the_end_alone([Values] EdgeTrigger trigger) => backend.Run(
        test =>
        {
            (IvSocket near, IvSocket far) = test.Bench.Pair();
            test.Arm(near, IvBands.In);
            far.Shutdown(System.Net.Sockets.SocketShutdown.Send);
            test.Settle();
            Assert.That(test.Calls, Is.EqualTo("a Remote"));
        },
        new EdgeLoopOptions { Trigger = trigger });

    // (ms / 1024, ms % 1024 * 1e6) was EINVAL from 1000 to 1023 ms.
    [Test]
    public void Every_number_of_milliseconds_is_a_timespec_of_the_same_length()
    {
        for (long ms = 0; ms < 100_000; ms++)
        {
            TimeSpec time = TimeSpec.Of(ms * 1_000_000);
            if (time.Nanoseconds is < 0 or > 999_999_999 || (time.Seconds * 1000) + (time.Nanoseconds / 1_000_000) != ms)
            {
                Assert.Fail($"{ms} ms: {time.Seconds} s, {time.Nanoseconds} ns");
            }
        }

        Assert.That(WaitTime.ToMilliseconds(1_023_000_000), Is.EqualTo(1023));
        Assert.That(WaitTime.ToMilliseconds(1_023_000_001), Is.EqualTo(1024), "never early");
    }

    [Test]
    public void A_review_of_1000_to_1023_milliseconds_is_one() => backend.Run(test =>
    {
        (IvSocket near, IvSocket far) = test.Bench.Pair();
        test.Data = EdgeBench.ReadAll;
        test.Arm(near, IvBands.In);
        foreach (int ms in (int[])[1000, 1001, 1023])
        {
            test.Bench.Send(far);
            Assert.That(test.Edge.Review(TimeSpan.FromMilliseconds(ms)), Is.EqualTo(1));
        }
    });

    // A pipe has neither SO_ERROR nor MSG_PEEK: the kernel's bands alone tell how it ends.
    [Test]
    public void A_pipe_gives_all_its_bytes_and_then_its_end()
    {
        if (backend.IsSimulated || OperatingSystem.IsWindows())
        {
            Assert.Ignore("the simulated network has no pipes, and Windows none that can be watched");
        }

        backend.Run(test =>
        {
            int capacity = 0;
            Assert.That(test.Bench.Network.OpenPipe(ref capacity, out nint read, out nint write), Is.EqualTo(IvError.None));
            test.Bench.OwnNumber(read);
            test.Bench.OwnNumber(write);
            test.Data = EdgeBench.ReadAll;
            EdgeFd<EdgeTag> reader = test.Arm(read, IvBands.In, "reader");
            EdgeFd<EdgeTag> writer = test.Arm(write, IvBands.Out, "writer");
            test.Settle();
            Assert.That(writer.Write(new byte[100]).Bytes, Is.EqualTo(100));
            test.Settle();
            Assert.That(test.Calls, Is.EqualTo("writer ready, reader data"));
            writer.Write(new byte[7]);
            test.Bench.Close(write);
            writer.Disarm();
            test.Settle();
            Assert.That(test.Calls, Is.EqualTo("reader data, reader Remote"));
            Assert.That(reader.State.Received, Is.EqualTo(107));
        });
    }

    [Test]
    public void A_pipe_that_nobody_reads_any_more_is_broken()
    {
        if (backend.IsSimulated || OperatingSystem.IsWindows())
        {
            Assert.Ignore("the simulated network has no pipes, and Windows none that can be watched");
        }

        backend.Run(test =>
        {
            int capacity = 0;
            Assert.That(test.Bench.Network.OpenPipe(ref capacity, out nint read, out nint write), Is.EqualTo(IvError.None));
            test.Bench.OwnNumber(read);
            test.Error = static fd => fd.Close();
            test.Arm(write, IvBands.Out, "writer");
            test.Settle();
            test.Bench.Close(read);
            test.Settle();
            Assert.That(test.Calls, Is.EqualTo("writer ready, writer EPIPE, writer Local"));
        });
    }

    // With urgent data in the stream a read ends at the mark, however much is behind it.
    [Test]
    public void Urgent_data_does_not_hide_what_is_behind_it() => backend.Run(test =>
    {
        (IvSocket client, IvSocket server) = test.Bench.Connection();
        int received = 0;
        test.Data = fd =>
        {
            Span<byte> buffer = stackalloc byte[64];
            while (!fd.IsDrained)
            {
                received += fd.Read(buffer).Bytes;
            }
        };
        test.Bench.Send(client, "abc");
        client.Send("!"u8, System.Net.Sockets.SocketFlags.OutOfBand);
        test.Bench.Send(client, "defg");
        test.Arm(server, IvBands.In);
        test.Until(() => received == 7, "all but the urgent byte");
    });
}
