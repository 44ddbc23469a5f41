namespace Ivy.Net.Tests.Conformance;

/// <summary>Reading that is not wanted for a while: nothing is called, nothing spins, and nothing is lost, whether or not the kernel was told.</summary>
[TestFixtureSource(typeof(ConformanceBackend), nameof(ConformanceBackend.All))]
[Category("F4")]
internal sealed class PausedReadingTests(ConformanceBackend backend)
{
    [Test]
    public void What_came_during_a_pause_is_read_after_it() => backend.Run(bench =>
    {
        (IvSocket near, IvSocket far) = bench.Pair();
        IvFd fd = bench.Watch(near, Read);
        for (int i = 0; i < 3; i++)
        {
            fd.HandlerIn = null;
            bench.Turn();
            bench.Send(far, $"{i}");
            bench.AssertSleeps("nobody wants it");
            fd.HandlerIn = Read;
            bench.Turn();
        }

        Assert.That(bench.Log, Is.EqualTo(["0", "1", "2"]));

        void Read(IvFd ready) => bench.Log.Add(bench.Receive(near));
    });

    [Test]
    [Category("B3")]
    public void A_reset_during_a_pause_does_not_spin_and_is_told_to_who_asks_later() => backend.Run(bench =>
    {
        (IvSocket client, IvSocket server) = bench.Connection();
        IvFd fd = Pause(bench, client);
        bench.Reset(server);
        bench.AssertSleeps("nothing is wanted");
        Assert.That(bench.Log, Is.Empty);
        fd.HandlerErr = bench.Say("err");
        bench.Turn();
        Assert.That(bench.Log, Is.EqualTo(["err"]));
    });

    [Test]
    public void Who_wants_to_write_instead_is_not_called_to_read() => backend.Run(bench =>
    {
        (IvSocket near, IvSocket far) = bench.Pair();
        IvFd fd = Pause(bench, near);
        bench.Send(far);
        fd.HandlerOut = bench.Say("out");
        bench.Turn(2);
        Assert.That(bench.Log, Is.EqualTo(["out", "out"]));
        fd.HandlerOut = null;
        bench.AssertSleeps("nothing is wanted any more");
    });

    [Test]
    [Category("B4")]
    public void A_pause_that_another_handler_of_the_batch_begins_holds_at_once() => backend.Run(bench =>
    {
        (IvSocket Near, IvSocket Far)[] pairs = [bench.Pair(), bench.Pair()];
        IvFd[] watches = new IvFd[2];
        for (int i = 0; i < 2; i++)
        {
            int other = 1 - i;
            watches[i] = bench.Watch(pairs[i].Near, fd =>
            {
                bench.Log.Add(bench.Receive(fd.Socket!));
                watches[other].HandlerIn = null;
            });
        }

        bench.Send(pairs[0].Far);
        bench.Send(pairs[1].Far);
        bench.Turn();
        Assert.That(bench.Log, Has.Count.EqualTo(1));
        bench.AssertSleeps("the other one pauses, with what it has");
        Assert.That(bench.Log, Has.Count.EqualTo(1));
        IvFd paused = watches[0].HandlerIn is null ? watches[0] : watches[1];
        paused.HandlerIn = fd => bench.Log.Add($"then {bench.Receive(fd.Socket!)}");
        bench.Turn();
        Assert.That(bench.Log, Is.EqualTo(["x", "then x"]));
    });

    [Test]
    [Category("B7")]
    public void A_pausing_socket_that_is_closed_behind_the_loop_is_no_misuse_while_nobody_wants_it() => backend.Run(bench =>
    {
        backend.Require(Need.OpenFileDescriptions);
        bench.ExpectsWarnings = true;
        (nint number, nint far) = bench.Numbers();
        bench.Duplicate(number);
        IvSocket near = bench.Own(IvSocket.FromHandle(number, ownsHandle: false, bench.Network));
        Pause(bench, near);
        bench.Close(number);
        bench.Write(far);
        bench.Turn(5);
        bench.AssertSleeps("its duplicate is nobody's");
        Assert.That(bench.Log, Is.Empty);
    });

    // Watched for data, of which the kernel knows, and then not.
    private static IvFd Pause(Bench bench, IvSocket socket)
    {
        IvFd fd = bench.Watch(socket, bench.Say("in"));
        bench.Turn();
        fd.HandlerIn = null;
        bench.Turn();
        return fd;
    }
}
