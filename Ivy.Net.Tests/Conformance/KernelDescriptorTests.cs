using System.IO.Pipes;
using Ivy.Net.Interop.Linux;
using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;
using Microsoft.Win32.SafeHandles;

namespace Ivy.Net.Tests.Conformance;

/// <summary>Descriptors that are not ours: pipes, files, handles of .NET; what is changed of them, and put back.</summary>
[Platform("Linux", Reason = "pipes, files and terminals as descriptors")]
[TestFixtureSource(nameof(Backends))]
[NonParallelizable]
internal sealed class KernelDescriptorTests(ConformanceBackend backend)
{
    public static IEnumerable<ConformanceBackend> Backends => ConformanceBackend.OfTheKernel;

    [Test]
    public void A_blocking_pipe_is_made_non_blocking_and_put_back() => WithPipe((bench, read, write) =>
    {
        IvFd fd = bench.Watch(read, fd =>
        {
            bench.Log.Add(fd.Read(new byte[10]).ToString());
            bench.Log.Add(fd.Read(new byte[10]).ToString());
        });
        Assert.That(Native.IsBlocking(read), Is.False);
        Native.Write(write, 1, 2);
        bench.Turn();
        Assert.That(bench.Log, Is.EqualTo(["2 bytes", "would block"]));
        fd.Unregister();
        Assert.That(Native.IsBlocking(read), Is.True);
        Assert.That(Native.IsBlocking(write), Is.True, "the other end is nobody's");
    });

    [Test]
    public void A_non_blocking_pipe_is_left_as_it_is() => WithPipe(
        (bench, read, _) =>
        {
            using var faults = new CountingFaults();
            IvFd fd = bench.Watch(read, bench.Say("in"));
            fd.Unregister();
            Assert.That(Native.IsBlocking(read), Is.False);
            Assert.That(faults[SysCall.Fcntl], Is.EqualTo(2), "looked at once by the library and once by this test");
        },
        Constants.O_NONBLOCK);

    [Test]
    public void Opted_out_a_blocking_pipe_stays_one() => WithPipe((_, read, _) =>
    {
        using var fd = new IvFd(read) { SetsNonBlocking = false };
        fd.Register();
        Assert.That(Native.IsBlocking(read), Is.True);
    });

    [Test]
    public void A_stranger_that_has_the_number_by_now_is_not_made_blocking() => WithPipe((bench, read, _) =>
    {
        IvFd fd = bench.Watch(read, bench.Say("in"));
        (int strange, int strangeWrite) = Native.Pipe(Constants.O_NONBLOCK | Constants.O_CLOEXEC);
        Native.Replace(strange, read);
        fd.Unregister();
        Assert.That(Native.IsBlocking(read), Is.False);
        Native.Close(strange);
        Native.Close(strangeWrite);
    });

    [TestCase(true)]
    [TestCase(false)]
    public void Of_two_numbers_of_one_open_file_the_last_to_go_puts_it_back(bool firstGoesFirst) => WithPipe((bench, read, _) =>
    {
        // As standard input and output are, on a terminal.
        int duplicate = Native.Duplicate(read);
        bench.OwnNumber(duplicate);
        IvFd first = bench.Watch(read, bench.Say("in"));
        IvFd second = bench.Watch(duplicate, bench.Say("in"));
        (firstGoesFirst ? first : second).Unregister();
        Assert.That(Native.IsBlocking(read), Is.False, "the other one is still served");
        (firstGoesFirst ? second : first).Unregister();
        Assert.That(Native.IsBlocking(read), Is.True);
    });

    [Test]
    public void Disposing_the_loop_puts_back_too()
    {
        (int read, int write) = Native.Pipe();
        LoopThread.Run(backend.Options(new Bench(backend)), _ => new IvFd(read).Register());
        Assert.That(Native.IsBlocking(read), Is.True);
        Native.Close(read);
        Native.Close(write);
    }

    [Test]
    public void A_pipe_whose_reader_is_gone_before_it_is_registered_tells_Err() => WithPipe((bench, read, write) =>
    {
        bench.Close(read);
        bench.Watch(write, onOut: bench.Say("out"), onErr: fd =>
        {
            bench.Log.Add($"err {fd.Write([1]).Error}");
            fd.Unregister();
        });
        bench.Turn(2);
        Assert.That(bench.Log, Is.EqualTo(["err EPIPE"]));
    });

    [Test]
    public void A_pipe_whose_reader_goes_says_EPIPE_to_Out_which_may_unregister() => WithPipe((bench, read, write) =>
    {
        bench.Watch(write, onOut: fd =>
        {
            IvIoResult result = fd.Write([1]);
            bench.Log.Add(result.ToString());
            if (result.IsError)
            {
                Assert.That(result.Error, Is.EqualTo(IvError.EPIPE));
                fd.Unregister();
            }
            else
            {
                bench.Close(read);
            }
        });
        Assert.That(bench.Loop.Run(), Is.False);
        Assert.That(bench.Log, Has.Count.EqualTo(2));
    });

    [Test]
    public void TryRegister_takes_a_pipes_read_end() => WithPipe((_, read, _) =>
    {
        using var fd = new IvFd(read);
        Assert.That(fd.TryRegister(), Is.EqualTo(IvError.None));
    });

    [Test]
    public void The_end_of_a_pipe_calls_In_and_is_an_end() => WithPipe((bench, read, write) =>
    {
        Native.Write(write, 1);
        bench.Close(write);
        bench.Watch(read, fd =>
        {
            bench.Log.Add(fd.Read(new byte[10]).ToString());
            if (bench.Log.Count == 2)
            {
                fd.Unregister();
            }
        });
        Assert.That(bench.Loop.Run(), Is.False);
        Assert.That(bench.Log, Is.EqualTo(["1 bytes", "end of stream"]));
    });

    [Test]
    public void A_SafeHandle_of_NETs_pipe_works_and_is_referenced_for_no_longer_than_a_call() => backend.Run(bench =>
    {
        using var server = new AnonymousPipeServerStream(PipeDirection.Out);
        using var client = new AnonymousPipeClientStream(PipeDirection.In, server.ClientSafePipeHandle);
        SafePipeHandle handle = client.SafePipeHandle;
        using var fd = new IvFd(handle) { HandlerIn = fd => bench.Log.Add(fd.Read(new byte[10]).ToString()) };
        fd.Register();
        server.Write([1, 2, 3]);
        bench.Turn();
        Assert.That(bench.Log, Is.EqualTo(["3 bytes"]));
        handle.Dispose();
        Assert.That(handle.IsClosed, Is.True);
        Assert.That(Descriptors.IsOpen(fd.Handle), Is.False, "closed, registered or not");
        Assert.That(fd.Read(new byte[10]).Error, Is.EqualTo(IvError.EBADF));
        fd.Unregister();
        Assert.That(fd.TryRegister(), Is.EqualTo(IvError.EBADF));
        Assert.Throws<ObjectDisposedException>(() => _ = new IvFd(handle));
    });

    [Test]
    public void A_SafeHandle_closed_meanwhile_harms_nobody_who_has_its_number() => backend.Run(bench =>
    {
        using SafeFileHandle handle = new(Native.Pipe() is var (read, write) ? read : -1, ownsHandle: true);
        bench.OwnNumber(write);
        using var fd = new IvFd(handle) { HandlerIn = bench.Say("old") };
        fd.Register();
        handle.Dispose();
        (int strange, int strangeWrite) = Native.Pipe(Constants.O_NONBLOCK | Constants.O_CLOEXEC);
        bench.OwnNumber(strange);
        bench.OwnNumber(strangeWrite);
        Assert.That((nint)strange, Is.EqualTo(fd.Handle));
        bench.Watch(strange, bench.Say("new"));
        fd.Unregister();
        Native.Write(strangeWrite, 1);
        bench.Turn();
        Assert.That(bench.Log, Is.EqualTo(["new"]));
        Assert.That(Native.IsBlocking(strange), Is.False);
    });

    [Test]
    public void A_stream_of_a_file_is_EPERM_and_always_ready_on_request() => backend.Run(bench =>
    {
        using FileStream file = File.OpenRead(typeof(IvFd).Assembly.Location);
        using var refused = new IvFd(file.SafeFileHandle);
        Assert.That(refused.TryRegister(), Is.EqualTo(IvError.EPERM));
        long total = 0;
        using var fd = new IvFd(file.SafeFileHandle)
        {
            AlwaysReady = true,
            HandlerIn = fd =>
            {
                IvIoResult result = fd.Read(new byte[65536]);
                total += result.Bytes;
                if (result.IsEnd)
                {
                    fd.Unregister();
                }
            },
        };
        fd.Register();
        Assert.That(bench.Loop.Run(), Is.False);
        Assert.That(total, Is.EqualTo(file.Length));
    });

    [Test]
    [Category("B19")]
    public void A_loop_disposed_with_descriptors_registered_leaks_none()
    {
        Round();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        SortedDictionary<string, int> before = Native.OpenDescriptors();
        for (int i = 0; i < 5; i++)
        {
            Round();
        }

        Assert.That(Native.OpenDescriptors(), Is.EqualTo(before));

        void Round()
        {
            var bench = new Bench(backend);
            LoopThread.Run(backend.Options(bench), loop =>
            {
                bench.Loop = loop;
                (IvSocket near, IvSocket far) = bench.Pair();
                new IvFd(near).Register();
                new IvFd(bench.EventNumber()).Register();
                (int read, int write) = Native.Pipe();
                bench.OwnNumber(read);
                bench.OwnNumber(write);
                new IvFd(read).Register();
                var raw = bench.Own(new IvEventRaw(_ => { }, bench.Network));
                raw.Register();
                bench.Send(far);
                bench.Turn();
                _ = loop.BackendHandle;
                loop.Dispose();
                bench.Dispose();
            });
            Assert.That(bench.Leaks, Has.Count.EqualTo(1));
            Assert.That(bench.Leaks[0].Objects, Has.Count.EqualTo(4));
        }
    }

    [Test]
    public void Numbers_far_out_are_registered_too() => WithPipe((bench, read, write) =>
    {
        int far = Native.Duplicate(read, lowest: 15_000);
        bench.OwnNumber(far);
        Assert.That(far, Is.GreaterThanOrEqualTo(15_000));
        bench.Watch(far, bench.Say("far"));
        Native.Write(write, 1);
        bench.Turn();
        Assert.That(bench.Log, Is.EqualTo(["far"]));
        Assert.That(new IvFd(far).TryRegister(), Is.EqualTo(IvError.EEXIST));
    });

    [TestCase("IVY_SELECT_POLL_METHOD")]
    [TestCase("IVY_EXCLUDE_POLL_METHOD")]
    [Category("B20")]
    public void The_environment_chooses_and_a_choice_that_is_none_says_why_in_one_line(string variable)
    {
        backend.RequireKernel();
        string? before = Environment.GetEnvironmentVariable(variable);
        bool selects = variable == "IVY_SELECT_POLL_METHOD";
        try
        {
            Environment.SetEnvironmentVariable(variable, selects ? backend.Name : string.Join(' ', IvPollMethod.All.Select(known => known.Name).Where(name => name != backend.Name)));
            LoopThread.Run(loop => Assert.That(loop.PollMethod, Is.EqualTo(backend.Name)));
            Environment.SetEnvironmentVariable(variable, selects ? "nonsense" : string.Join(' ', IvPollMethod.All));
            LoopThread.Elsewhere(() =>
            {
                IvException? thrown = Assert.Throws<IvException>(() => _ = new IvLoop());
                Assert.That(thrown!.Message, Does.Contain(selects ? "nonsense" : "epoll: excluded").And.Contain(variable).And.Not.Contain("\n"));
            });
        }
        finally
        {
            Environment.SetEnvironmentVariable(variable, before);
        }
    }

    private void WithPipe(Action<Bench, int, int> body, int flags = 0) => backend.Run(bench =>
    {
        (int read, int write) = Native.Pipe(Constants.O_CLOEXEC | flags);
        bench.OwnNumber(read);
        bench.OwnNumber(write);
        body(bench, read, write);
    });
}
