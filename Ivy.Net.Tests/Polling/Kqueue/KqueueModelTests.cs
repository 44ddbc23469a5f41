using System.Net.Sockets;
using Ivy.Net.Interop.Bsd;
using Ivy.Net.Tests.Support;
using static Ivy.Net.Interop.Bsd.KqueueNumbers;

namespace Ivy.Net.Tests.Polling;

/// <summary>
/// The model itself, held against what kqueue(2) is known to do: the scenarios of the suites that run on the kernels. All others lean on it.
/// </summary>
[TestFixtureSource(nameof(Systems))]
[NonParallelizable]
[Platform("Linux")]
internal sealed class KqueueModelTests(KqueueQuirks quirks)
{
    private const ulong Mark = 4711;

    private KqueueModel _model = null!;
    private int _queue;
    private List<nint> _open = null!;

    public static IEnumerable<KqueueQuirks> Systems => [KqueueQuirks.Darwin, KqueueQuirks.FreeBsd];

    private ushort ErrorFlags => quirks.ErrorsKeepFlags ? (ushort)(EV_ERROR | EV_DELETE) : EV_ERROR;

    [SetUp]
    public void Create()
    {
        _model = new KqueueModel(quirks);
        _queue = _model.Create();
        _open = [];
    }

    [TearDown]
    public void Close()
    {
        _model.Close(_queue);
        _open.ForEach(static number => IvNetwork.System.Close(number));
    }

    [Test]
    public void A_level_knote_is_reported_until_it_is_drained_with_what_there_is_to_read()
    {
        (nint near, nint far) = Sockets();
        Change(near, EVFILT_READ, EV_ADD);
        Assert.That(Look(), Is.Empty);
        Write(far, 3);
        Assert.That(Look(), Is.EqualTo(["READ 3"]));
        Assert.That(Look(), Is.EqualTo(["READ 3"]));
        Drain(near);
        Assert.That(Look(), Is.Empty);
    }

    [Test]
    public void Clear_is_an_edge()
    {
        (nint near, nint far) = Sockets();
        Write(far, 1);
        Change(near, EVFILT_READ, EV_ADD | EV_CLEAR);
        Assert.That(Look(), Is.EqualTo(["READ 1"]));
        Assert.That(Look(), Is.Empty);
        Write(far, 1);
        Assert.That(Look(), Is.EqualTo(["READ 2"]));
    }

    [Test]
    public void A_second_ADD_changes_the_token_and_not_the_mode()
    {
        (nint near, nint far) = Sockets();
        Write(far, 1);
        Change(near, EVFILT_READ, EV_ADD);
        Change(near, EVFILT_READ, EV_ADD | EV_CLEAR, token: 5);
        Assert.That(Events(), Has.Exactly(1).Matches<KqueueEvent>(static item => item.UserData == 5));
        Assert.That(Look(), Is.EqualTo(["READ 1"]), "level still");
        Change(near, EVFILT_READ, EV_DELETE);
        Change(near, EVFILT_READ, EV_ADD | EV_CLEAR);
        Look();
        Change(near, EVFILT_READ, EV_ADD);
        Assert.That(Look(), Is.EqualTo(["READ 1"]), "looked at anew");
        Assert.That(Look(), Is.Empty, "an edge still");
    }

    [Test]
    public void One_shot_is_gone_with_its_event()
    {
        (nint near, nint far) = Sockets();
        Write(far, 1);
        Change(near, EVFILT_READ, EV_ADD | EV_ONESHOT);
        Assert.That(Look(), Is.EqualTo(["READ 1 ONESHOT"]));
        Assert.That(Look(), Is.Empty);
        Assert.That(Answer(near, EVFILT_READ, EV_DELETE), Is.EqualTo(IvError.ENOENT));
    }

    [Test]
    public void Dispatch_is_mute_until_it_is_enabled()
    {
        (nint near, nint far) = Sockets();
        Write(far, 1);
        Change(near, EVFILT_READ, EV_ADD | EV_DISPATCH);
        Assert.That(Look(), Has.Length.EqualTo(1));
        Assert.That(Look(), Is.Empty);
        Change(near, EVFILT_READ, EV_ENABLE);
        Assert.That(Look(), Has.Length.EqualTo(1));
    }

    [Test]
    public void Disabling_and_deleting_take_an_event_back_that_was_due([Values(EV_DISABLE, EV_DELETE)] ushort flag)
    {
        (nint near, nint far) = Sockets();
        Change(near, EVFILT_READ, EV_ADD);
        Write(far, 1);
        Change(near, EVFILT_READ, flag);
        Assert.That(Look(), Is.Empty);
        Assert.That(Answer(near, EVFILT_READ, EV_ENABLE), Is.EqualTo(flag == EV_DISABLE ? IvError.None : IvError.ENOENT));
        Assert.That(Look(), Has.Length.EqualTo(flag == EV_DISABLE ? 1 : 0));
    }

    [Test]
    public void A_change_of_what_is_not_there_is_ENOENT_and_of_what_is_not_open_EBADF()
    {
        (nint near, _) = Sockets();
        Assert.That(Answer(near, EVFILT_READ, EV_DELETE), Is.EqualTo(IvError.ENOENT));
        Assert.That(Answer(12_345, EVFILT_READ, EV_ADD), Is.EqualTo(IvError.EBADF));
        Assert.That(Answer(near, -99, EV_ADD), Is.EqualTo(IvError.EINVAL));
    }

    [Test]
    public void An_answer_has_the_error_bit_beside_the_flags_or_in_their_place_and_names_the_change()
    {
        (nint near, _) = Sockets();
        var room = new KqueueEvent[1];
        KqueueEvent change = Of(near, EVFILT_WRITE, EV_DELETE);
        Assert.That(_model.Exchange(_queue, [change], room, 0), Is.EqualTo(1));
        Assert.That(room[0].Flags, Is.EqualTo(ErrorFlags));
        Assert.That((room[0].Ident, room[0].Filter, room[0].UserData, room[0].Data), Is.EqualTo(((nuint)near, EVFILT_WRITE, Mark, 2L)));
    }

    [Test]
    public void Without_room_the_first_failure_ends_the_call_and_what_is_behind_it_is_not_applied()
    {
        (nint near, nint far) = Sockets();
        Assert.That(_model.Exchange(_queue, [Of(near, EVFILT_READ, EV_ADD), Of(near, EVFILT_WRITE, EV_DELETE), Of(far, EVFILT_READ, EV_ADD)], [], 0), Is.EqualTo(-2));
        Assert.That(_model[_queue].Find((int)near, EVFILT_READ), Is.Not.Null);
        Assert.That(_model[_queue].Find((int)far, EVFILT_READ), Is.Null);
    }

    [Test]
    public void With_room_all_changes_are_applied_and_a_failure_keeps_events_from_being_looked_for()
    {
        (nint near, nint far) = Sockets();
        Write(far, 1);
        var room = new KqueueEvent[8];
        Assert.That(_model.Exchange(_queue, [Of(far, EVFILT_READ, EV_DELETE), Of(near, EVFILT_READ, EV_ADD)], room, -1), Is.EqualTo(1));
        Assert.That(room[0].Flags & EV_ERROR, Is.Not.Zero);
        Assert.That(Look(), Is.EqualTo(["READ 1"]));
    }

    [Test]
    public void A_receipt_answers_each_change_and_takes_no_event()
    {
        (nint near, nint far) = Sockets();
        Write(far, 1);
        var room = new KqueueEvent[2];
        Assert.That(_model.Exchange(_queue, [Of(near, EVFILT_READ, EV_ADD | EV_RECEIPT), Of(near, EVFILT_WRITE, EV_ADD | EV_RECEIPT)], room, -1), Is.EqualTo(2));
        Assert.That(room, Has.All.Matches<KqueueEvent>(static answer => (answer.Flags & EV_ERROR) != 0 && answer.Data == 0));
        Assert.That(Look(), Has.Length.EqualTo(2));
    }

    [Test]
    public void No_room_returns_at_once_even_with_a_time_to_wait() => Assert.That(_model.Exchange(_queue, [], [], -1), Is.Zero);

    [Test]
    public void The_end_comes_alone_or_beside_data_and_with_an_edge_once()
    {
        (nint near, nint far) = Sockets();
        (nint edge, nint farEdge) = Sockets();
        Write(far, 5);
        Change(near, EVFILT_READ, EV_ADD);
        Change(edge, EVFILT_READ, EV_ADD | EV_CLEAR);
        IvNetwork.System.Shutdown(far, SocketShutdown.Send);
        IvNetwork.System.Shutdown(farEdge, SocketShutdown.Send);
        Assert.That(Look(), Is.EquivalentTo(["READ 5 EOF", "READ 0 EOF"]));
        Assert.That(Look(), Is.EqualTo(["READ 5 EOF"]));
        Drain(near);
        Assert.That(Look(), Is.EqualTo(["READ 0 EOF"]));
    }

    [Test]
    public void A_reset_is_an_end_with_the_error_in_the_flags_of_the_filter()
    {
        using var tcp = new TcpPair();
        Change(tcp.Client.Handle, EVFILT_READ, EV_ADD);
        Change(tcp.Client.Handle, EVFILT_WRITE, EV_ADD);
        tcp.Server.Linger = TimeSpan.Zero;
        tcp.Server.Dispose();
        Wait.For(() => (ModelCalls.Poll((int)tcp.Client.Handle) & ModelCalls.PollErr) != 0);
        KqueueEvent[] events = Events();
        Assert.That(events, Has.Length.EqualTo(2));
        Assert.That(events, Has.All.Matches<KqueueEvent>(item => (item.Flags & EV_EOF) != 0 && quirks.Dialect.ToError(item.FilterFlags) == IvError.ECONNRESET));
        Assert.That(tcp.Client.TakeError(), Is.EqualTo(IvError.ECONNRESET), "it is pending still");
    }

    [Test]
    public void Both_ends_of_a_pipe_tell_of_the_end_of_the_other()
    {
        (int read, int write) = Pipe();
        Change(read, EVFILT_READ, EV_ADD);
        IvNetwork.System.Close(Disown(write));
        Assert.That(Look(), Is.EqualTo(["READ 0 EOF"]));

        (read, write) = Pipe();
        Change(write, EVFILT_WRITE, EV_ADD);
        IvNetwork.System.Close(Disown(read));
        string[] ends = quirks.PipeKnoteEndsOnce ? ["WRITE EOF ONESHOT"] : ["WRITE EOF"];
        Assert.That(Look().Where(static what => what.StartsWith('W')), Is.EqualTo(ends));
        Assert.That(Look().Where(static what => what.StartsWith('W')), Is.EqualTo(quirks.PipeKnoteEndsOnce ? [] : ends));
    }

    [Test]
    public void A_pipe_that_nobody_reads_is_EPIPE_to_add_and_there_all_the_same_or_not()
    {
        (int read, int write) = Pipe();
        IvNetwork.System.Close(Disown(read));
        Assert.That(Answer(write, EVFILT_WRITE, EV_ADD), Is.EqualTo(IvError.EPIPE));
        Assert.That(Look(), Has.Length.EqualTo(quirks.KeepsBrokenPipe ? 1 : 0));
    }

    [Test]
    public void A_listening_socket_is_readable_with_a_caller_and_never_writable_and_datagrams_can_be_sent_at_once()
    {
        using IvSocket listener = IvSocket.Listen(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        Change(listener.Handle, EVFILT_READ, EV_ADD);
        Change(listener.Handle, EVFILT_WRITE, EV_ADD);
        Assert.That(Look(), Is.Empty);
        using IvSocket client = IvSocket.Connect(listener.LocalEndPoint!);
        Wait.Readable(listener);
        Assert.That(Look(), Is.EqualTo(["READ 1"]));
        Change(listener.Handle, EVFILT_READ, EV_DELETE);
        (nint near, _) = Sockets(SocketType.Dgram);
        Change(near, EVFILT_WRITE, EV_ADD);
        Assert.That(Look(), Has.Length.EqualTo(1));
    }

    [Test]
    public void Data_below_the_mark_is_not_reported_and_macOS_takes_no_mark_beyond_the_buffer()
    {
        (nint near, nint far) = Sockets();
        Change(near, EVFILT_READ, EV_ADD, NOTE_LOWAT, int.MaxValue);
        Write(far, 1000);
        Assert.That(Look(), Is.Empty);
        Change(near, EVFILT_READ, EV_ADD, NOTE_LOWAT, 1000);
        Assert.That(Look(), Is.EqualTo(["READ 1000"]));
        Change(near, EVFILT_READ, EV_ADD, NOTE_LOWAT, int.MaxValue);
        IvNetwork.System.Shutdown(far, SocketShutdown.Send);
        Assert.That(Look(), Is.EqualTo(["READ 1000 EOF"]));
    }

    [Test]
    public void Closing_a_number_takes_its_knotes_away_even_if_a_duplicate_is_open_or_the_number_taken_again()
    {
        (nint near, nint far) = Sockets();
        IvNetwork.System.Duplicate(near, out nint duplicate);
        _open.Add(duplicate);
        Change(near, EVFILT_READ, EV_ADD);
        Write(far, 1);
        IvNetwork.System.Close(near);
        Assert.That(Look(), Is.Empty);
        (nint again, nint farAgain) = Sockets();
        Assert.That(again, Is.EqualTo(near));
        Write(farAgain, 1);
        Assert.That(Look(), Is.Empty, "no stale event");
        Assert.That(Answer(again, EVFILT_READ, EV_ENABLE), Is.EqualTo(IvError.ENOENT));
        Change(again, EVFILT_READ, EV_ADD);
        Assert.That(Look(), Is.EqualTo(["READ 1"]));
    }

    [Test]
    public void Two_queues_watch_one_descriptor()
    {
        (nint near, nint far) = Sockets();
        int other = _model.Create();
        Change(near, EVFILT_READ, EV_ADD);
        _model.Exchange(other, [Of(near, EVFILT_READ, EV_ADD)], [], 0);
        Write(far, 1);
        Assert.That(Look(), Is.EqualTo(["READ 1"]));
        Assert.That(_model.Exchange(other, [], new KqueueEvent[4], 0), Is.EqualTo(1));
        _model.Close(other);
    }

    [Test]
    public void A_user_event_comes_when_it_is_triggered_once_for_many_and_from_any_thread()
    {
        short user = quirks.Dialect.UserFilter;
        Change(0, user, EV_ADD | EV_CLEAR);
        Assert.That(Look(), Is.Empty);
        Change(0, user, 0, NOTE_TRIGGER);
        Change(0, user, 0, NOTE_TRIGGER);
        Assert.That(Look(), Is.EqualTo(["USER 0"]));
        Assert.That(Look(), Is.Empty);
        Action wait = LoopThread.Begin(1, _ => Change(0, user, 0, NOTE_TRIGGER));
        var room = new KqueueEvent[4];
        Assert.That(_model.Exchange(_queue, [], room, -1), Is.EqualTo(1));
        wait();
        Change(0, user, 0, NOTE_TRIGGER, token: 9);
        Assert.That(Events().Single().UserData, Is.EqualTo(9), "a bare trigger overwrites the token");
        Assert.That(Answer(1, user, 0), Is.EqualTo(IvError.ENOENT));
    }

    [Test]
    public void The_filter_of_the_other_system_is_unknown()
    {
        short other = quirks.Dialect == KqueueDialect.Darwin ? KqueueDialect.FreeBsd.UserFilter : KqueueDialect.Darwin.UserFilter;
        Assert.That(Answer(0, other, EV_ADD), Is.EqualTo(IvError.EINVAL));
    }

    [Test]
    public void Urgent_data_has_a_filter_on_macOS_alone()
    {
        using var tcp = new TcpPair();
        if (quirks.Dialect.UrgentFilter == 0)
        {
            Assert.That(Answer(tcp.Client.Handle, KqueueDialect.Darwin.UrgentFilter, EV_ADD), Is.EqualTo(IvError.EINVAL));
            return;
        }

        Change(tcp.Client.Handle, quirks.Dialect.UrgentFilter, EV_ADD, NOTE_OOB);
        Assert.That(Look(), Is.Empty);
        tcp.Server.Send("!"u8, SocketFlags.OutOfBand);
        Wait.For(() => (ModelCalls.Poll((int)tcp.Client.Handle) & ModelCalls.PollPri) != 0);
        Assert.That(Events().Single().FilterFlags, Is.EqualTo(NOTE_OOB));
    }

    [Test]
    public void A_device_without_readiness_is_refused_and_a_file_is_not()
    {
        nint device = Native.Open("/dev/null");
        nint file = Native.Open(typeof(KqueueModel).Assembly.Location);
        _open.AddRange([device, file]);
        Assert.That(Answer(device, EVFILT_READ, EV_ADD), Is.EqualTo(quirks.Dialect.IsFreeBsd ? IvError.ENODEV : IvError.EINVAL));
        Assert.That(Answer(file, EVFILT_READ, EV_ADD), Is.EqualTo(IvError.None));
        Assert.That(Look(), Has.Length.EqualTo(1), "ready, always");
        Assert.That(Look(), Has.Length.EqualTo(1));
    }

    [Test]
    public void A_wait_lasts_as_long_as_it_was_asked_to_and_no_longer_than_until_something_comes()
    {
        var room = new KqueueEvent[4];
        IvTimestamp begin = IvTimestamp.System;
        Assert.That(_model.Exchange(_queue, [], room, 3_000_000), Is.Zero);
        Assert.That(IvTimestamp.System - begin, Is.GreaterThanOrEqualTo(TimeSpan.FromMilliseconds(3)));
        (nint near, nint far) = Sockets();
        Change(near, EVFILT_READ, EV_ADD);
        Action wait = LoopThread.Begin(1, _ => Write(far, 1));
        Assert.That(_model.Exchange(_queue, [], room, -1), Is.EqualTo(1));
        wait();
    }

    [Test]
    public void An_interrupted_wait_says_EINTR_after_its_changes_were_applied()
    {
        (nint near, _) = Sockets();
        _model.Interruptions = 1;
        Assert.That(_model.Exchange(_queue, [Of(near, EVFILT_READ, EV_ADD)], new KqueueEvent[4], -1), Is.EqualTo(-4));
        Assert.That(_model[_queue].Find((int)near, EVFILT_READ), Is.Not.Null);
    }

    private static KqueueEvent Of(nint number, short filter, int flags, uint notes = 0, long data = 0, ulong token = Mark) => new()
    {
        Ident = (nuint)number,
        Filter = filter,
        Flags = (ushort)flags,
        FilterFlags = notes,
        Data = data,
        UserData = token,
    };

    private static void Write(nint number, int count) => Assert.That(IvNetwork.System.Write(number, new byte[count]).Bytes, Is.EqualTo(count));

    private static void Drain(nint number) => IvNetwork.System.Read(number, new byte[4096]);

    private void Change(nint number, short filter, int flags, uint notes = 0, long data = 0, ulong token = Mark) =>
        Assert.That(_model.Exchange(_queue, [Of(number, filter, flags, notes, data, token)], [], 0), Is.Zero);

    private IvError Answer(nint number, short filter, int flags) =>
        quirks.Dialect.ToError(-_model.Exchange(_queue, [Of(number, filter, flags)], [], 0));

    private KqueueEvent[] Events()
    {
        var room = new KqueueEvent[16];
        return room[.._model.Exchange(_queue, [], room, 0)];
    }

    // As in "READ 5 EOF": what can be written is nobody's business here.
    private string[] Look() =>
    [
        .. Events().Select(item =>
        {
            string what = item.Filter switch
            {
                EVFILT_READ => $"READ {item.Data}",
                EVFILT_WRITE => "WRITE",
                _ => $"USER {item.Ident}",
            };
            return $"{what}{((item.Flags & EV_EOF) != 0 ? " EOF" : string.Empty)}{((item.Flags & EV_ONESHOT) != 0 ? " ONESHOT" : string.Empty)}";
        }),
    ];

    private (nint Near, nint Far) Sockets(SocketType type = SocketType.Stream)
    {
        Assert.That(IvNetwork.System.OpenPair(type, out nint near, out nint far), Is.EqualTo(IvError.None));
        _open.AddRange([near, far]);
        return (near, far);
    }

    private (int Read, int Write) Pipe()
    {
        (int read, int write) = Native.Pipe();
        _open.AddRange([read, write]);
        return (read, write);
    }

    private nint Disown(nint number)
    {
        _open.Remove(number);
        return number;
    }
}
