using System.IO.Pipes;
using System.Net;
using System.Net.Sockets;
using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Polling;

/// <summary>What the poller does on a kernel of its own: on macOS and FreeBSD that is the real one, elsewhere the models stand in.</summary>
/// <remarks>Sockets and pipes are those of .NET, which are the same everywhere.</remarks>
[TestFixtureSource(nameof(Kernels))]
[NonParallelizable]
internal sealed class KqueueKernelTests(string kernel)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private KqueuePoller _poller = null!;

    public static IEnumerable<string> Kernels =>
        OperatingSystem.IsMacOS() || OperatingSystem.IsFreeBSD() ? ["the kernel"] : OperatingSystem.IsLinux() ? ["model of Darwin", "model of FreeBSD"] : [];

    [SetUp]
    public void Make() => _poller = kernel switch
    {
        "model of Darwin" => new KqueuePoller(new KqueueModel(KqueueQuirks.Darwin)),
        "model of FreeBSD" => new KqueuePoller(new KqueueModel(KqueueQuirks.FreeBsd)),
        _ => new KqueuePoller(),
    };

    [TearDown]
    public void DisposePoller() => _poller.Dispose();

    [Test]
    public void A_wake_of_another_thread_ends_a_wait_without_a_pipe()
    {
        Assert.That(_poller.WakesByPipe, Is.False, "EVFILT_USER works");
        Action wait = LoopThread.Begin(1, _ => _poller.Wake());
        Assert.That(Until(IvTimestamp.MaxValue), Is.Empty);
        wait();
    }

    [Test]
    public void A_deadline_is_not_early()
    {
        for (int microseconds = 100; microseconds < 5000; microseconds *= 3)
        {
            IvTimestamp due = IvTimestamp.System + TimeSpan.FromMicroseconds(microseconds);
            while (IvTimestamp.System < due)
            {
                Assert.That(Until(due), Is.Empty);
            }
        }
    }

    [Test]
    public void A_pipe_is_readable_as_long_as_there_is_something_and_ends_with_its_writer()
    {
        using var writer = new AnonymousPipeServerStream(PipeDirection.Out);
        nint read = writer.ClientSafePipeHandle.DangerousGetHandle();
        Assert.That(_poller.Add(read, IvBands.In | IvBands.Err, 1), Is.EqualTo(IvError.None));
        Assert.That(Until(IvTimestamp.MinValue), Is.Empty);
        writer.WriteByte(1);
        Assert.That(Until(IvTimestamp.MaxValue), Is.EqualTo("1: In"));
        Assert.That(Until(IvTimestamp.MinValue), Is.EqualTo("1: In"), "level-triggered");
        Assert.That(Until(IvTimestamp.MinValue, new IvChange(read, 1, IvBands.In | IvBands.Err, IvBands.None)), Is.Empty);
        Assert.That(Until(IvTimestamp.MinValue, new IvChange(read, 1, IvBands.None, IvBands.In)), Is.EqualTo("1: In"));
        writer.SafePipeHandle.Dispose();
        Assert.That(Until(IvTimestamp.MinValue, new IvChange(read, 1, IvBands.In, IvBands.In | IvBands.Err)), Is.EqualTo("1: In, Closed"));
        _poller.Remove(read, 1);
        Assert.That(Until(IvTimestamp.MinValue), Is.Empty);
    }

    [Test]
    public void A_pipe_that_nobody_reads_is_an_error_each_time([Values] bool before)
    {
        using var writer = new AnonymousPipeServerStream(PipeDirection.Out);
        nint write = writer.SafePipeHandle.DangerousGetHandle();
        if (before)
        {
            writer.ClientSafePipeHandle.Dispose();
        }

        Assert.That(_poller.Add(write, IvBands.Out | IvBands.Err, 1), Is.EqualTo(IvError.None));
        if (!before)
        {
            Assert.That(Until(IvTimestamp.MaxValue), Is.EqualTo("1: Out"));
            writer.ClientSafePipeHandle.Dispose();
        }

        Assert.That(Until(IvTimestamp.MaxValue), Is.EqualTo("1: Out, Err"));
        Assert.That(Until(IvTimestamp.MaxValue), Is.EqualTo("1: Out, Err"));
    }

    [Test]
    public void A_connection_is_one_report_for_both_directions_then_half_closed_then_reset()
    {
        (Socket near, Socket far) = Connection();
        using (near)
        using (far)
        {
            nint handle = near.Handle;
            Assert.That(_poller.Add(handle, IvBands.In | IvBands.Out | IvBands.Hangup, 1), Is.EqualTo(IvError.None));
            Assert.That(Until(IvTimestamp.MaxValue), Is.EqualTo("1: Out"));
            far.Send([1]);
            Assert.That(near.Poll(Patience, SelectMode.SelectRead), Is.True);
            Assert.That(Until(IvTimestamp.MaxValue), Is.EqualTo("1: In, Out"));
            far.Shutdown(SocketShutdown.Send);
            Assert.That(Until(IvTimestamp.MaxValue, new IvChange(handle, 1, IvBands.In | IvBands.Out | IvBands.Hangup, IvBands.Hangup)), Is.EqualTo("1: Hangup"));
            Assert.That(Until(IvTimestamp.MaxValue), Is.EqualTo("1: Hangup"), "level-triggered");
            far.LingerState = new LingerOption(enable: true, seconds: 0);
            far.Close();
            Assert.That(Until(IvTimestamp.MaxValue, new IvChange(handle, 1, IvBands.Hangup, IvBands.Err)), Does.StartWith("1: Err"));
            _poller.Remove(handle, 1);
        }
    }

    [Test]
    public void A_number_closed_while_it_is_registered_is_refused_with_its_next_change()
    {
        (Socket near, Socket far) = Connection();
        using (far)
        {
            nint handle = near.Handle;
            Assert.That(_poller.Add(handle, IvBands.None, 1), Is.EqualTo(IvError.None));
            near.Dispose();
            Assert.That(_poller.Holds(handle, 1), Is.False);
            Assert.That(Until(IvTimestamp.MinValue, new IvChange(handle, 1, IvBands.None, IvBands.In)), Is.EqualTo("1: EBADF"));
            Assert.That(_poller.Add(handle, IvBands.In, 2), Is.EqualTo(IvError.EBADF));
        }
    }

    private static (Socket Near, Socket Far) Connection()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        var near = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        near.Connect(listener.LocalEndPoint!);
        return (near, listener.Accept());
    }

    // Waits until there is something, or the time is up; an interrupted wait and a wakeup are nothing.
    private string Until(IvTimestamp deadline, params ReadOnlySpan<IvChange> changes)
    {
        var ready = new IvReady[8];
        int count = _poller.Wait(changes, deadline, ready);
        return string.Join("; ", ready.Take(count).Select(static item => item.Error == IvError.None ? $"{item.Token}: {item.Bands}" : $"{item.Token}: {item.Error}"));
    }
}
