using System.Net.Sockets;
using Ivy.Net.Interop.Linux;

namespace Ivy.Net.Tests.Support;

/// <summary>A pump between two pairs of sockets, without a loop: what it wants is written down, and the test says when it runs.</summary>
internal sealed class PumpRig : IDisposable
{
    private readonly CountingFaults _faults;

    public PumpRig(
        PumpWay way = PumpWay.Splice,
        bool relaysEnd = true,
        Func<SysCall, int, IvError>? faults = null,
        Func<SysCall, nuint, nuint>? shortens = null,
        bool tcp = false,
        int maxBytes = 1 << 20)
    {
        if (OperatingSystem.IsWindows() && (way != PumpWay.Splice || faults is not null || shortens is not null))
        {
            Assert.Ignore("a pump on Windows copies: there is no splice(2), and no other way");
        }

        (Source, IvSocket from) = Pair(tcp);
        (IvSocket to, Sink) = Pair(tcp);
        _faults = new CountingFaults
        {
            Script = (call, fd, _) => way.Refusal(call, fd, from.Handle) is var refusal and not IvError.None ? refusal : faults?.Invoke(call, fd) ?? IvError.None,
            Shortens = shortens,
        };
        Pump = new IvFdPump(new IvFd(from), new IvFd(to), static (pump, wantIn, wantOut) => ((PumpRig)pump.State!).Bands.Add((wantIn, wantOut)), this)
        {
            RelaysEnd = relaysEnd,
            MaxBytesPerPump = maxBytes,
        };
    }

    public CountingFaults Faults => _faults;

    public IvFdPump Pump { get; }

    /// <summary>What the test writes comes to the pump.</summary>
    public IvSocket Source { get; }

    /// <summary>What the pump writes comes here.</summary>
    public IvSocket Sink { get; }

    public IvSocket From => Pump.From.Socket!;

    public IvSocket To => Pump.To.Socket!;

    /// <summary>What the pump has told, in order.</summary>
    public List<(bool In, bool Out)> Bands { get; } = [];

    /// <summary>What has come out.</summary>
    public List<byte> Received { get; } = [];

    /// <summary>Whether the pump has been told that it may run, as a loop would: a band that it wants is ready.</summary>
    public bool IsReady => (Bands[^1].In && IsReadyFor(From, Constants.POLLIN)) || (Bands[^1].Out && IsReadyFor(To, Constants.POLLOUT));

    /// <summary>Writes numbered bytes, as many as go up to a limit.</summary>
    public int Write(int most, int first)
    {
        byte[] bytes = new byte[most];
        for (int i = 0; i < most; i++)
        {
            bytes[i] = ByteAt(first + i);
        }

        return Source.Send(bytes).Bytes;
    }

    /// <summary>Writes until both sides and the pump between them are full; how many bytes that took.</summary>
    public int FillUp()
    {
        int total = 0;
        bool moved = true;
        while (moved)
        {
            long before = total + Pump.BytesIn + Pump.BytesOut;
            total += Write(1 << 16, total);
            Pump.Pump();
            moved = total + Pump.BytesIn + Pump.BytesOut > before;
        }

        return total;
    }

    /// <summary>Takes what has come out, up to a limit; false at the end or when there is nothing.</summary>
    public IvIoResult Read(int most = 1 << 16)
    {
        byte[] buffer = new byte[most];
        IvIoResult result = Sink.Receive(buffer);
        Received.AddRange(buffer.AsSpan(0, result.Bytes));
        return result;
    }

    /// <summary>Reads and pumps to the end, calling the pump only when it has asked for it.</summary>
    public IvPumpStatus Finish()
    {
        IvPumpStatus status = IvPumpStatus.More;
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        while (status == IvPumpStatus.More)
        {
            if (IsReady)
            {
                status = Pump.Pump();
            }
            else if (!Read().IsOk)
            {
                Assert.That(System.Diagnostics.Stopwatch.GetElapsedTime(start), Is.LessThan(Wait.Deadline), $"stuck: {Pump}, wants {Bands[^1]}, {Pump.BytesInHand} in hand");
            }
        }

        while (Read().IsOk)
        {
        }

        return status;
    }

    /// <summary>Holds that what came out is what went in.</summary>
    public void AssertReceived(int count)
    {
        Assert.That(Received, Has.Count.EqualTo(count));
        for (int i = 0; i < count; i++)
        {
            if (Received[i] != ByteAt(i))
            {
                Assert.Fail($"byte {i} is not what was sent");
            }
        }
    }

    public void Dispose()
    {
        Pump.Dispose();
        From.Dispose();
        To.Dispose();
        Source.Dispose();
        Sink.Dispose();
        _faults.Dispose();
    }

    // No period that is a power of two: a page that is lost or comes twice shows.
    private static byte ByteAt(int i) => (byte)(i % 251);

    private static (IvSocket One, IvSocket Other) Pair(bool tcp)
    {
        if (!tcp)
        {
            return IvSocket.CreatePair();
        }

        var pair = new TcpPair();
        pair.Listener.Dispose();
        return (pair.Client, pair.Server);
    }

    private static unsafe bool IsReadyFor(IvSocket socket, short events)
    {
        if (OperatingSystem.IsWindows())
        {
            using var handle = new SafeSocketHandle(socket.Handle, ownsHandle: false);
            using var view = new Socket(handle);
            return view.Poll(0, events == Constants.POLLIN ? SelectMode.SelectRead : SelectMode.SelectWrite);
        }

        var poll = new PollFd { Fd = (int)socket.Handle, Events = events };
        var now = default(TimeSpec);
        int result;
        do
        {
            result = Sys.Ppoll(&poll, 1, &now);
        }
        while (result == -Sys.EINTR);
        return result > 0;
    }
}
