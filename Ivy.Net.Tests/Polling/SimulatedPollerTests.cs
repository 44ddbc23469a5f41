using System.Net.Sockets;
using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Polling;

/// <summary>epoll's rules, without epoll.</summary>
[TestFixture]
internal sealed class SimulatedPollerTests
{
    private SimulatedNetwork _network = null!;
    private SimulatedPoller _poller = null!;
    private nint _left;
    private nint _right;

    [SetUp]
    public void MakePair()
    {
        _network = new SimulatedNetwork(1);
        _poller = new SimulatedPoller(_network);
        _network.OpenPair(SocketType.Stream, out _left, out _right);
    }

    [TearDown]
    public void Dispose()
    {
        _poller.Dispose();
        _network.Dispose();
    }

    [Test]
    public void Bands_and_readiness_have_the_same_values()
    {
        foreach (SimulatedReadiness ready in Enum.GetValues<SimulatedReadiness>())
        {
            Assert.That(((IvBands)ready).ToString(), Is.EqualTo(ready.ToString()));
        }

        Assert.That(Enum.GetValues<SimulatedReadiness>(), Has.Length.EqualTo(Enum.GetValues<IvBands>().Length));
    }

    [Test]
    public void What_stays_readable_is_reported_again_until_it_is_drained()
    {
        _poller.Add(_left, IvBands.In, 1);
        Send(_right, 2);
        Assert.That(Look(), Is.EqualTo(new[] { new IvReady(1, IvBands.In) }));
        Receive(_left, 1);
        Assert.That(Look(), Is.EqualTo(new[] { new IvReady(1, IvBands.In) }));
        Receive(_left, 1);
        Assert.That(Look(), Is.Empty);
        Send(_right, 1);
        Assert.That(Look(), Is.EqualTo(new[] { new IvReady(1, IvBands.In) }));
    }

    [Test]
    public void Errors_and_hang_ups_come_unasked_unless_nothing_is_wanted()
    {
        _poller.Add(_left, IvBands.Err, 1);
        Assert.That(Look(), Is.Empty);
        Send(_left, 1);
        _network.Close(_right);
        Assert.That(Look(), Is.EqualTo(new[] { new IvReady(1, IvBands.Err | IvBands.Closed) }));
        Assert.That(Look(new IvChange(_left, 1, IvBands.Err, IvBands.None)), Is.Empty);
        Assert.That(Look(new IvChange(_left, 1, IvBands.None, IvBands.In | IvBands.Hangup)), Is.EqualTo(new[] { new IvReady(1, IvBands.In | IvBands.Hangup | IvBands.Err | IvBands.Closed) }));
    }

    [Test]
    public void Descriptors_are_refused_as_by_epoll()
    {
        _network.OpenFile(out nint file);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(_poller.Add(999, IvBands.In, 1), Is.EqualTo(IvError.EBADF));
            Assert.That(_poller.Add(file, IvBands.In, 1), Is.EqualTo(IvError.EPERM));
            Assert.That(_poller.Add(_left, IvBands.None, 1), Is.EqualTo(IvError.None));
            Assert.That(_poller.Add(_left, IvBands.In, 2), Is.EqualTo(IvError.EEXIST));
            Assert.That(Look(new IvChange(_right, 3, IvBands.None, IvBands.In)), Is.EqualTo(new[] { new IvReady(3, IvBands.None, IvError.ENOENT) }));
            Assert.That(_network.Identify(file, out DescriptorIdentity identity), Is.EqualTo(IvError.None));
            Assert.That(identity.Kind, Is.EqualTo(DescriptorKind.RegularFile));
        }
    }

    [Test]
    public void A_registration_outlives_its_number_while_a_duplicate_is_open()
    {
        _poller.Add(_left, IvBands.In, 1);
        _network.Duplicate(_left, out nint duplicate);
        Assert.That(_poller.Add(duplicate, IvBands.In, 2), Is.EqualTo(IvError.None), "another number is another key");
        _poller.Remove(duplicate, 2);
        _network.Close(_left);
        Send(_right, 1);
        Assert.That(Look(), Is.EqualTo(new[] { new IvReady(1, IvBands.In) }), "the ghost");
        _poller.Remove(_left, 1);
        Assert.That(Look(), Is.EqualTo(new[] { new IvReady(1, IvBands.In) }), "its number is gone, and so is the way to remove it");
        Assert.That(_poller.Reset(), Is.True);
        Assert.That(Look(), Is.Empty);
    }

    [Test]
    public void The_last_close_ends_a_registration()
    {
        _poller.Add(_left, IvBands.In, 1);
        Send(_right, 1);
        _network.Close(_left);
        Assert.That(Look(), Is.Empty);
    }

    [Test]
    public void A_number_is_reused_at_once_and_a_stale_removal_hits_the_stranger()
    {
        _poller.Add(_left, IvBands.In, 1);
        _network.Close(_left);
        _network.OpenEvent(out nint stranger);
        Assert.That(stranger, Is.EqualTo(_left));
        _poller.Add(stranger, IvBands.In, 2);
        _network.Write(stranger, [1, 0, 0, 0, 0, 0, 0, 0]);
        _poller.Remove(_left, 1);
        Assert.That(Look(), Is.Empty);
    }

    [Test]
    public void A_small_answer_is_fair()
    {
        var seen = new HashSet<ulong>();
        for (ulong token = 0; token < 8; token++)
        {
            _network.OpenEvent(out nint handle);
            _poller.Add(handle, IvBands.Out, token);
        }

        var ready = new IvReady[3];
        for (int i = 0; i < 3; i++)
        {
            int count = _poller.Wait([], IvTimestamp.MinValue, ready);
            Assert.That(count, Is.EqualTo(3));
            foreach (IvReady item in ready)
            {
                seen.Add(item.Token);
            }
        }

        Assert.That(seen, Has.Count.EqualTo(8));
    }

    [Test]
    public void The_seed_picks_the_order_of_what_is_ready()
    {
        var orders = new HashSet<string>();
        for (ulong seed = 0; seed < 20; seed++)
        {
            using var network = new SimulatedNetwork(seed);
            _poller.Dispose();
            _poller = new SimulatedPoller(network);
            for (ulong token = 0; token < 4; token++)
            {
                network.OpenEvent(out nint handle);
                _poller.Add(handle, IvBands.Out, token);
            }

            orders.Add(string.Join(' ', Look().Select(static ready => ready.Token)));
        }

        Assert.That(orders, Has.Count.GreaterThan(5));
    }

    [Test]
    public void Time_passes_to_the_deadline_and_not_beyond()
    {
        IvTimestamp before = _poller.Now;
        Assert.That(_poller.Wait([], before + TimeSpan.FromDays(400), new IvReady[1]), Is.Zero);
        Assert.That(_poller.Now - before, Is.EqualTo(TimeSpan.FromDays(400)));
        Assert.That(_poller.Wait([], IvTimestamp.MinValue, new IvReady[1]), Is.Zero);
        Assert.That(_poller.Now - before, Is.EqualTo(TimeSpan.FromDays(400)));
        Assert.That(_network.Elapsed, Is.EqualTo(TimeSpan.FromDays(400)));
    }

    [Test]
    public void A_wake_is_kept_for_the_next_wait_and_only_for_that()
    {
        IvTimestamp before = _poller.Now;
        _poller.Wake();
        Assert.That(_poller.Wait([], IvTimestamp.MaxValue, new IvReady[1]), Is.Zero);
        Assert.That(_poller.Now, Is.EqualTo(before));
        _poller.Wait([], before + TimeSpan.FromSeconds(1), new IvReady[1]);
        Assert.That(_poller.Now, Is.EqualTo(before + TimeSpan.FromSeconds(1)));
    }

    [Test]
    public void An_interrupted_wait_is_early_and_empty_and_counted()
    {
        using var network = new SimulatedNetwork(1, new SimulatedNetworkOptions().With(SimulatedFault.InterruptedWait, 0.5));
        _poller.Dispose();
        _poller = new SimulatedPoller(network);
        IvTimestamp end = _poller.Now + TimeSpan.FromSeconds(1);
        int waits = 0;
        while (_poller.Now < end)
        {
            Assert.That(_poller.Wait([], end, new IvReady[1]), Is.Zero);
            waits++;
        }

        Assert.That(network.Faults[SimulatedFault.InterruptedWait], Is.EqualTo(waits - 1));
    }

    [Test]
    [Provokes("IVF0080")]
    public void Waiting_for_nothing_is_a_misuse_that_says_who_waits_for_what()
    {
        _poller.Add(_left, IvBands.In, 1);
        IvFatalInfo info = FatalScope.Expect(FatalCondition.SimulationStuck, () => _poller.Wait([], IvTimestamp.MaxValue, new IvReady[1]));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(info.Message, Does.Contain("(seed 1)").And.Contain("main waits since 0.000000000 s").And.Contain($"descriptor {_left} for In"));
            Assert.That(info.Subject, Is.SameAs(_network));
        }
    }

    [Test]
    public void Polling_without_sleep_does_not_stop_the_clock()
    {
        _network.OpenEvent(out nint handle);
        _poller.Add(handle, IvBands.Out, 1);
        IvTimestamp before = _poller.Now;
        for (int i = 0; i < 1000; i++)
        {
            Assert.That(Look(), Has.Length.EqualTo(1));
        }

        Assert.That(_poller.Now, Is.EqualTo(before));
        Look();
        Assert.That(_poller.Now, Is.EqualTo(before + TimeSpan.FromMicroseconds(1)));
    }

    [Test]
    [Provokes("IVF0081")]
    public void A_second_thread_outside_of_Run_is_a_misuse()
    {
        Exception? seen = null;
        var thread = new Thread(() =>
        {
            seen = Assert.Catch(() => new SimulatedPoller(_network).Dispose());
        });
        thread.Start();
        thread.Join();
        Assert.That((seen as IvFatalException)?.Info.Id, Is.EqualTo("IVF0081"));
    }

    private IvReady[] Look(params IvChange[] changes)
    {
        var ready = new IvReady[16];
        return ready[.._poller.Wait(changes, IvTimestamp.MinValue, ready)];
    }

    private void Send(nint handle, int count) => Assert.That(_network.Send(handle, new byte[count], SocketFlags.None).Bytes, Is.EqualTo(count));

    private void Receive(nint handle, int count) => Assert.That(_network.Receive(handle, new byte[count], SocketFlags.None, stream: true).Bytes, Is.EqualTo(count));
}
