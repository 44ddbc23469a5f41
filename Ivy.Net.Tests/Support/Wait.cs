using System.Diagnostics;
using System.Runtime.CompilerServices;
using Ivy.Net.Interop.Linux;

namespace Ivy.Net.Tests.Support;

/// <summary>Waiting for a condition, with a deadline that only a broken test reaches.</summary>
internal static class Wait
{
    // Far more than a loaded machine needs, and less than a person waits.
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    /// <summary>Returns when the condition holds.</summary>
    public static void For(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        long start = Stopwatch.GetTimestamp();
        SpinWait spin = default;
        while (!condition())
        {
            Assert.That(Stopwatch.GetElapsedTime(start), Is.LessThan(Deadline), $"waited in vain for {what}");
            spin.SpinOnce();
        }
    }

    /// <summary>Returns when there is something to receive, or somebody to accept: poll(2).</summary>
    public static void Readable(IvSocket socket) => Ready(socket, Constants.POLLIN);

    /// <summary>Returns when there is room to send, or a connect has its outcome: poll(2).</summary>
    public static void Writable(IvSocket socket) => Ready(socket, Constants.POLLOUT);

    private static unsafe void Ready(IvSocket socket, short events)
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.That(Native.Select(socket.Handle, events == Constants.POLLOUT, Deadline), Is.True, $"{socket} did not become ready");
            return;
        }

        var poll = new PollFd { Fd = (int)socket.Handle, Events = events };
        var timeout = new TimeSpec { Seconds = (long)Deadline.TotalSeconds };
        int result;
        do
        {
            result = Sys.Ppoll(&poll, 1, &timeout);
        }
        while (result == -Sys.EINTR);
        Assert.That(result, Is.EqualTo(1), $"{socket} did not become ready");
    }
}
