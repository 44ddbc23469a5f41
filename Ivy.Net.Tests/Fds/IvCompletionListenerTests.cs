using Ivy.Net.Interop.Linux;
using Ivy.Net.Polling;
using Ivy.Net.Tests.Conformance;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Fds;

/// <summary>Connections that are accepted by an engine.</summary>
[NonParallelizable]
[Platform("Linux")]
internal sealed class IvCompletionListenerTests
{
    [Test]
    public void Each_connection_is_handed_over_and_may_be_served_at_once() => Run((bench, engine) =>
    {
        IvCompletionListener listener = Listen(bench, (_, peer) =>
            bench.Own(new IvCompletionSocket(bench.Own(peer), static connection => connection.SendReceived())).Register());
        var clients = new List<IvSocket>();
        for (int i = 0; i < 300; i++)
        {
            IvSocket client = bench.Connect(listener.Socket);
            bench.Turn();
            client.Send("hello"u8);
            clients.Add(client);
        }

        bench.Until(() => clients.TrueForAll(client => client.Peek(new byte[5]).Bytes == 5 || Again(bench)), "all echoed");
        Assert.That(listener.Accepted, Is.EqualTo(300));
        Assert.That(bench.Loop.Counters.CompletionSockets, Is.EqualTo(300));
        Assert.That(bench.Loop.Counters.CompletionListeners, Is.EqualTo(1));
        Assert.That(engine.OperationsInFlight, Is.EqualTo(301));
    });

    [Test]
    public void Unregistered_it_accepts_no_more_and_closes_what_nobody_got() => Run((bench, engine) =>
    {
        IvCompletionListener listener = null!;
        listener = Listen(bench, (_, peer) =>
        {
            bench.Log.Add("accepted");
            bench.Own(peer);
            listener.Unregister();
        });
        bench.Turn();
        IvSocket first = bench.Connect(listener.Socket);
        IvSocket second = bench.Connect(listener.Socket);
        bench.Turn(3);
        Assert.That(bench.Log, Is.EqualTo(["accepted"]));
        bench.Until(() => second.Receive(new byte[1]).IsEnd || Again(bench), "closed");
        Assert.That(first.Receive(new byte[1]).WouldBlock, Is.True);
        Assert.That(engine.OperationsInFlight, Is.Zero);
        bench.Connect(listener.Socket);
        bench.Turn(2);
        Assert.That(bench.Log, Is.EqualTo(["accepted"]));
        Assert.That(listener.Socket.TryAccept(out IvSocket? third), Is.EqualTo(IvError.None), "given back, it accepts by itself");
        third!.Dispose();
    });

    [Test]
    public void A_listener_that_was_handed_over_does_not_accept_itself() => Run((bench, _) =>
    {
        IvCompletionListener listener = Listen(bench, static (_, _) => { });
        FatalScope.Expect(FatalCondition.SocketHandedOver, () => listener.Socket.TryAccept(out IvSocket? _));
    });

    [Test]
    [Category("B14")]
    public void Without_a_descriptor_left_it_rests_and_goes_on_when_there_is_one() => Run((bench, _) =>
    {
        IvCompletionListener listener = Listen(bench, (_, peer) =>
        {
            bench.Log.Add("accepted");
            bench.Own(peer);
        });
        listener.RetryDelay = TimeSpan.FromMilliseconds(5);
        listener.HandlerError = (_, error) => bench.Log.Add(error.ToString());
        bench.Turn();
        using (var faults = new CountingFaults())
        {
            faults.Answers = static call => call == SysCall.Accept ? IvError.EMFILE : IvError.None;
            bench.Connect(listener.Socket);
            bench.Until(() => bench.Log.Count == 1 || Again(bench), "refused");
            Assert.That(bench.Log, Is.All.EqualTo("EMFILE"));
            Assert.That(listener.IsResting, Is.True);
            faults.Answers = static call => call == SysCall.Accept ? IvError.ECONNABORTED : IvError.None;
            bench.Connect(listener.Socket);
            bench.Turn(3);
            Assert.That(bench.Log, Has.Count.EqualTo(1), "one that did not live to be accepted is no news");
        }

        bench.Until(() => !listener.IsResting, "rested");
        bench.Connect(listener.Socket);
        bench.Until(() => bench.Log[^1] == "accepted" || Again(bench), "accepted");
    });

    private static bool Again(Bench bench)
    {
        bench.Loop.Post(static _ => { }, null);
        return false;
    }

    private static IvCompletionListener Listen(Bench bench, Action<IvCompletionListener, IvSocket> handler)
    {
        IvCompletionListener listener = bench.Own(new IvCompletionListener(bench.Listen(), handler));
        listener.Register();
        return listener;
    }

    private static void Run(Action<Bench, IvCompletions> body) => ConformanceBackend.Uring.Run(bench =>
    {
        if (bench.Loop.Poller.Completions is not { } engine)
        {
            Assert.Ignore("io_uring: this kernel is too old for the engine (Linux 6.1)");
            return;
        }

        body(bench, engine);
    });
}
