using Ivy.Net.Interop.Linux;

namespace Ivy.Net.Benchmarks.Allocations;

/// <summary>A message that goes to and fro through a relay: two more waits and a pump for each.</summary>
internal static class RelayAllocations
{
    private const int MessageSize = 64;

    private static readonly byte[] Buffer = new byte[4096];

    public static void Relay(int count)
    {
        using var loop = new IvLoop();
        (IvSocket first, IvSocket a) = IvSocket.CreatePair();
        (IvSocket b, IvSocket second) = IvSocket.CreatePair();
        using (first)
        using (second)
        {
            var counter = new Counter { Left = count };
            using var relay = new IvRelay(a, b) { IdleTimeout = TimeSpan.FromMinutes(1) };
            relay.Register();
            new IvFd(first) { State = counter, HandlerIn = SendBack }.Register();
            new IvFd(second) { State = counter, HandlerIn = SendBack }.Register();
            first.Send(Buffer.AsSpan(0, MessageSize));
            loop.Run();
        }
    }

    /// <summary>The same where no pipe is to be had.</summary>
    public static void RelayThatCopies(int count)
    {
        SysFaults.Current = new NoPipes();
        try
        {
            Relay(count);
        }
        finally
        {
            SysFaults.Current = null;
        }
    }

    private static void SendBack(IvFd fd)
    {
        IvIoResult received = fd.Socket!.Receive(Buffer);
        fd.Socket.Send(Buffer.AsSpan(0, received.Bytes));
        if (--((Counter)fd.State!).Left <= 0)
        {
            fd.Loop!.Quit();
        }
    }

    private sealed class NoPipes : SysFaults
    {
        public override int Fail(SysCall call, int fd) => call == SysCall.Pipe2 ? -(int)IvError.EMFILE : 0;
    }
}
