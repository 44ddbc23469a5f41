using Ivy.Net.Interop.Linux;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Fds;

/// <summary>Pumps between what is no socket: files, pipes, terminals, devices; and the pipes that pumps hold, share and give back.</summary>
[Platform("Linux", Reason = "pipes and files as descriptors")]
[NonParallelizable] // counts the process's descriptors
internal sealed class PumpDescriptorTests
{
    private const int O_WRONLY = 1;
    private const int O_RDWR = 2;
    private const int O_APPEND = 0x400;

    private string _file = string.Empty;

    [SetUp]
    public void MakeFile() => _file = Path.GetTempFileName();

    [TearDown]
    public void DeleteFile() => File.Delete(_file);

    [Test]
    public void A_file_goes_to_a_socket_and_its_end_is_passed_on()
    {
        byte[] content = Content(3_000_000);
        File.WriteAllBytes(_file, content);
        int file = Native.Open(_file);
        (IvSocket to, IvSocket sink) = IvSocket.CreatePair();
        LoopThread.Run(loop =>
        {
            var pump = Registered(new IvFd(file) { AlwaysReady = true }, new IvFd(to));
            using var received = new MemoryStream();
            byte[] buffer = new byte[1 << 16];
            using var reader = new IvFd(sink)
            {
                HandlerIn = fd =>
                {
                    IvIoResult result = fd.Socket!.Receive(buffer);
                    received.Write(buffer, 0, result.Bytes);
                    if (result.IsEnd)
                    {
                        fd.Loop!.Quit();
                    }
                },
            };
            reader.Register();
            loop.Run();
            Assert.That(received.ToArray(), Is.EqualTo(content));
            Assert.That(pump.BytesSpliced, Is.EqualTo(content.Length));
            pump.From.Dispose();
            pump.To.Dispose();
        });
        to.Dispose();
        sink.Dispose();
        Native.Close(file);
    }

    [Test]
    public void A_socket_goes_to_a_file([Values(false, true)] bool append)
    {
        byte[] content = Content(300_000);
        File.WriteAllText(_file, append ? "before" : string.Empty);
        int file = Native.Open(_file, O_WRONLY | (append ? O_APPEND : 0));
        (IvSocket source, IvSocket from) = IvSocket.CreatePair();
        using var pump = new IvFdPump(new IvFd(from), new IvFd(file), static (_, _, _) => { }) { RelaysEnd = true };
        for (int sent = 0; sent < content.Length;)
        {
            sent += source.Send(content.AsSpan(sent, Math.Min(50_000, content.Length - sent))).Bytes;
            pump.Pump();
        }

        source.Dispose();
        Assert.That(pump.Pump(), Is.EqualTo(IvPumpStatus.Done), "a file has no sending direction to shut down, which is no error");
        Assert.That(File.ReadAllBytes(_file).AsSpan(append ? 6 : 0).SequenceEqual(content));
        Assert.That(pump.BytesSpliced, Is.EqualTo(append ? 0 : content.Length), "splice(2) does not append");
        from.Dispose();
        Native.Close(file);
    }

    [Test]
    public void A_full_device_is_an_error_that_is_told_at_once()
    {
        int full = Native.Open("/dev/full", O_RDWR);
        (IvSocket source, IvSocket from) = IvSocket.CreatePair();
        using var pump = new IvFdPump(new IvFd(from), new IvFd(full), static (_, _, _) => { });
        source.Send("x"u8);
        Assert.That(pump.Pump(), Is.EqualTo(IvPumpStatus.Failed));
        Assert.That(pump.Error, Is.EqualTo(IvError.ENOSPC));
        source.Dispose();
        from.Dispose();
        Native.Close(full);
    }

    [Test]
    public void A_pipe_goes_to_a_pipe_and_to_a_terminal_and_back()
    {
        (int inRead, int inWrite) = Native.Pipe(Constants.O_CLOEXEC | Constants.O_NONBLOCK);
        (int master, int slave) = Native.Terminal();
        (int outRead, int outWrite) = Native.Pipe(Constants.O_CLOEXEC | Constants.O_NONBLOCK);
        Assert.That(IvNetwork.System.SetBlocking(master, blocking: false), Is.EqualTo(IvError.None));
        Assert.That(IvNetwork.System.SetBlocking(slave, blocking: false), Is.EqualTo(IvError.None));
        using (var there = new IvFdPump(new IvFd(inRead), new IvFd(master), static (_, _, _) => { }))
        using (var back = new IvFdPump(new IvFd(slave), new IvFd(outWrite), static (_, _, _) => { }))
        {
            Native.Write(inWrite, "hello, terminal"u8);
            byte[] buffer = new byte[100];
            IvIoResult result = IvIoResult.Blocked;
            Wait.For(() =>
            {
                Assert.That(there.Pump(), Is.EqualTo(IvPumpStatus.More));
                Assert.That(back.Pump(), Is.EqualTo(IvPumpStatus.More));
                result = IvNetwork.System.Read(outRead, buffer);
                return !result.WouldBlock;
            });
            Assert.That(System.Text.Encoding.ASCII.GetString(buffer, 0, result.Bytes), Is.EqualTo("hello, terminal"));
            Native.Close(inWrite);
            Assert.That(there.Pump(), Is.EqualTo(IvPumpStatus.Done), "the end of the pipe");
        }

        foreach (int fd in (int[])[inRead, master, slave, outRead, outWrite])
        {
            Native.Close(fd);
        }
    }

    [Test]
    public void A_pump_that_is_disposed_with_bytes_in_the_pipe_leaks_nothing_and_soils_no_other()
    {
        LoopThread.Run(loop =>
        {
            SortedDictionary<string, int> before = Native.OpenDescriptors();
            for (int i = 0; i < 50; i++)
            {
                using var rig = new PumpRig();
                rig.FillUp();
                Assert.That(rig.Pump.BytesInHand, Is.Positive);
                rig.Pump.Dispose();
                using var other = new PumpRig();
                other.Write(100, 0);
                other.Pump.Pump();
                other.Read();
                other.AssertReceived(100);
            }

            Assert.That(loop.Fds.Pipes.Count, Is.EqualTo(1), "the one that was empty");
            SortedDictionary<string, int> after = Native.OpenDescriptors();
            after["pipe"] -= 2;
            Assert.That(after.Where(static pair => pair.Value > 0), Is.EqualTo(before.Where(static pair => pair.Value > 0)));
        });
    }

    [Test]
    public void A_pump_with_nothing_in_hand_holds_no_pipe_and_they_share_one()
    {
        LoopThread.Run(loop =>
        {
            using var faults = new CountingFaults();
            List<PumpRig> rigs = [.. Enumerable.Range(0, 30).Select(static _ => new PumpRig())];
            foreach (PumpRig rig in rigs)
            {
                rig.Write(10, 0);
                rig.Pump.Pump();
                Assert.That(loop.Fds.Pipes.Count, Is.EqualTo(1));
            }

            // The rigs' own faults count in the last one, which is asked first.
            Assert.That(rigs[^1].Faults[SysCall.Pipe2], Is.EqualTo(1), "of thirty pumps");
            for (int i = rigs.Count - 1; i >= 0; i--)
            {
                rigs[i].Dispose();
            }
        });
    }

    [Test]
    public void A_loop_keeps_twenty_pipes_at_most_and_closes_them_with_itself()
    {
        int before = Pipes();
        LoopThread.Run(loop =>
        {
            List<PumpRig> rigs = [.. Enumerable.Range(0, 25).Select(static _ => new PumpRig())];
            foreach (PumpRig rig in rigs)
            {
                rig.FillUp();
                rig.Source.Dispose();
            }

            Assert.That(Pipes() - before, Is.EqualTo(25 * 2));
            foreach (PumpRig rig in rigs)
            {
                Assert.That(rig.Finish(), Is.EqualTo(IvPumpStatus.Done));
            }

            Assert.That(loop.Fds.Pipes.Count, Is.EqualTo(20));
            Assert.That(Pipes() - before, Is.EqualTo(20 * 2));
            for (int i = rigs.Count - 1; i >= 0; i--)
            {
                rigs[i].Dispose();
            }
        });
        Assert.That(Pipes(), Is.EqualTo(before));
    }

    [Test]
    public void A_pump_that_outlives_its_loop_closes_its_pipe_itself()
    {
        int before = Pipes();
        PumpRig? rig = null;
        LoopThread.Run(_ =>
        {
            rig = new PumpRig();
            rig.FillUp();
        });
        Assert.That(Pipes() - before, Is.EqualTo(2));
        rig!.Dispose();
        Assert.That(Pipes(), Is.EqualTo(before));
    }

    [Test]
    public void A_pump_without_a_loop_keeps_its_pipe_until_it_is_done()
    {
        int before = Pipes();
        using var rig = new PumpRig();
        for (int i = 0; i < 10; i++)
        {
            rig.Write(10, i * 10);
            rig.Pump.Pump();
        }

        Assert.That(Pipes() - before, Is.EqualTo(2));
        Assert.That(rig.Faults[SysCall.Pipe2], Is.EqualTo(1));
        rig.Source.Dispose();
        Assert.That(rig.Pump.Pump(), Is.EqualTo(IvPumpStatus.Done));
        Assert.That(Pipes(), Is.EqualTo(before));
    }

    [Test]
    public void A_pump_that_is_forgotten_with_bytes_in_hand_gives_its_descriptors_back()
    {
        int before = Pipes();
        Forget();
        Wait.For(() =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return Pipes() == before;
        });

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        static void Forget()
        {
            (IvSocket source, IvSocket from) = IvSocket.CreatePair();
            (IvSocket to, IvSocket sink) = IvSocket.CreatePair();
            var pump = new IvFdPump(new IvFd(from), new IvFd(to), static (_, _, _) => { });
            while (pump.BytesInHand == 0)
            {
                source.Send(new byte[10_000]);
                pump.Pump();
            }

            foreach (IvSocket socket in (IvSocket[])[source, from, to, sink])
            {
                socket.Dispose();
            }
        }
    }

    private static int Pipes() => Native.OpenDescriptors().GetValueOrDefault("pipe");

    private static byte[] Content(int length)
    {
        byte[] content = new byte[length];
        new Random(1).NextBytes(content);
        return content;
    }

    private static IvFdPump Registered(IvFd from, IvFd to)
    {
        Action<IvFd> run = static fd => ((IvFdPump)fd.State!).Pump();
        var pump = new IvFdPump(from, to, (pump, wantIn, wantOut) =>
        {
            pump.From.HandlerIn = wantIn ? run : null;
            pump.To.HandlerOut = wantOut ? run : null;
        })
        { RelaysEnd = true };
        from.State = to.State = pump;
        from.Register();
        to.Register();
        return pump;
    }
}
