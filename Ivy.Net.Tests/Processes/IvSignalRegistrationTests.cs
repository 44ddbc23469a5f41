using System.Runtime.InteropServices;
using Ivy.Net.Interop.Linux;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Processes;

/// <summary>What may be registered, what is refused and why, and what is put back: S2, and iv_signal_register's rules.</summary>
[NonParallelizable]
[Platform("Linux", Reason = "sigaction(2)")]
internal sealed class IvSignalRegistrationTests
{
    private const int SigUsr1 = Native.SigUsr1;
    private const int SigUsr2 = Native.SigUsr2;
    private const int SigPipe = 13;

    [Test]
    public void S2_The_previous_disposition_is_back_when_the_last_object_of_all_loops_is_gone()
    {
        Assert.That(Native.SignalHandler(SigUsr1), Is.EqualTo(Constants.SIG_DFL));
        LoopThread.Run(_ =>
        {
            IvSignal first = Listen(SigUsr1);
            nint handler = Native.SignalHandler(SigUsr1);
            Assert.That(handler, Is.Not.EqualTo(Constants.SIG_DFL).And.Not.EqualTo(Constants.SIG_IGN));
            LoopThread.Run(_ =>
            {
                IvSignal second = Listen(SigUsr1);
                first.Loop!.Post(static first => first.Dispose(), first);
                second.Unregister();
                second.Register();
                Assert.That(Native.SignalHandler(SigUsr1), Is.EqualTo(handler), "somebody listens still");
                second.Dispose();
                Assert.That(Native.SignalHandler(SigUsr1), Is.EqualTo(handler), "the first one does");
            });
            IvLoop.Current!.Run(IvRunMode.NonBlocking);
            Assert.That(Native.SignalHandler(SigUsr1), Is.EqualTo(Constants.SIG_DFL));
        });
    }

    [Test]
    public void S2_A_disposed_loop_puts_the_disposition_back_and_reports_what_was_left()
    {
        IvLeakReport? leaks = null;
        IvSignal? left = null;
        LoopThread.Run(new IvLoopOptions { LeakReport = report => leaks = report }, _ => left = Listen(SigUsr1));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(leaks!.Objects, Is.EqualTo([left]));
            Assert.That(left!.IsRegistered, Is.False);
            Assert.That(Native.SignalHandler(SigUsr1), Is.EqualTo(Constants.SIG_DFL));
        }
    }

    [Test]
    public void A_signal_that_the_process_ignores_is_refused_and_the_error_says_what_to_do() => LoopThread.Run(loop =>
    {
        Native.SetSignalHandler(SigUsr2, Constants.SIG_IGN);
        try
        {
            using var signal = new IvSignal(SigUsr2, static _ => { }) { Name = "dump" };
            Assert.That(signal.TryRegister(), Is.EqualTo(IvError.SignalIgnored));
            IvException refused = Assert.Throws<IvException>(signal.Register)!;
            using (Assert.EnterMultipleScope())
            {
                Assert.That(refused.Error, Is.EqualTo(IvError.SignalIgnored));
                Assert.That(refused.NativeErrorCode, Is.Zero);
                Assert.That(refused.Message, Does.StartWith("IvSignal (SIGUSR2, \"dump\"): register: SignalIgnored").And.Contain("nohup").And.Contain("env --default-signal=USR2"));
                Assert.That(signal.IsRegistered, Is.False);
                Assert.That(loop.Counters.Signals, Is.Zero);
                Assert.That(Native.SignalHandler(SigUsr2), Is.EqualTo(Constants.SIG_IGN), "left as it was");
            }
        }
        finally
        {
            Native.SetSignalHandler(SigUsr2, Constants.SIG_DFL);
        }

        using IvSignal later = Listen(SigUsr2);
        Native.SendSignal(SigUsr2);
        Assert.That(loop.RunUntil(() => later.Count == 1, Wait.Deadline));
    });

    [Test]
    public void SIGPIPE_which_the_runtime_ignores_is_refused_with_that_reason() => LoopThread.Run(_ =>
    {
        using var signal = new IvSignal(SigPipe, static _ => { });
        Assert.That(signal.Register, Throws.TypeOf<IvException>().With.Message.Contains("EPIPE"));
    });

    [Test]
    public void Numbers_that_are_no_signals_are_out_of_range([Values(0, -1, -10, -11, int.MinValue, 65, int.MaxValue)] int number) =>
        Assert.That(() => new IvSignal(number, static _ => { }), Throws.TypeOf<ArgumentOutOfRangeException>());

    [TestCase(9, "SIGKILL (9)", "no program can catch it")]
    [TestCase(19, "SIGSTOP (19)", "no program can catch it")]
    [TestCase(4, "SIGILL (4)", "exceptions")]
    [TestCase(7, "SIGBUS (7)", "exceptions")]
    [TestCase(8, "SIGFPE (8)", "exceptions")]
    [TestCase(11, "SIGSEGV (11)", "exceptions")]
    [TestCase(5, "SIGTRAP (5)", "runtime")]
    [TestCase(6, "SIGABRT (6)", "runtime")]
    [TestCase(32, "signal 32 (32)", "C library")]
    [TestCase(33, "signal 33 (33)", "C library")]
    [TestCase(34, "SIGRTMIN (34)", "suspends threads")]
    public void Signals_that_belong_to_others_are_refused_and_the_message_says_to_whom(int number, string name, string reason) =>
        Assert.That(
            () => new IvSignal(number, static _ => { }),
            Throws.TypeOf<ArgumentException>().With.Message.StartsWith($"{name} can't be listened to").And.Message.Contains(reason));

    [TestCase(1, ExpectedResult = "SIGHUP")]
    [TestCase(10, ExpectedResult = "SIGUSR1")]
    [TestCase(31, ExpectedResult = "SIGSYS")]
    [TestCase(34, ExpectedResult = "SIGRTMIN")]
    [TestCase(35, ExpectedResult = "SIGRTMIN+1")]
    [TestCase(64, ExpectedResult = "SIGRTMIN+30")]
    [TestCase(65, ExpectedResult = "signal 65")]
    [TestCase(0, ExpectedResult = "signal 0")]
    public string Signals_have_their_names(int number) => IvSignal.NameOf(number);

    [Test]
    public void A_handler_is_required_and_a_scope_is_one_of_two()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => new IvSignal(SigUsr1, null!), Throws.ArgumentNullException);
            Assert.That(() => new IvSignal(SigUsr1, static _ => { }) { Handler = null! }, Throws.ArgumentNullException);
            Assert.That(() => new IvSignal(SigUsr1, static _ => { }) { Scope = (IvSignalScope)2 }, Throws.TypeOf<ArgumentOutOfRangeException>());
        }
    }

    [Test]
    public void A_simulated_network_has_no_signals([Values] IvSignalScope scope) =>
        LoopThread.Run(new IvLoopOptions { Network = new SimulatedNetwork(1) }, loop =>
        {
            using var signal = new IvSignal(SigUsr1, static _ => { }) { Scope = scope };
            Assert.That(signal.TryRegister(), Is.EqualTo(IvError.EOPNOTSUPP));
            Assert.That(signal.Register, Throws.TypeOf<IvException>().With.Message.Contains("simulated"));
            Assert.That(loop.Counters.Signals, Is.Zero);
        });

    [Test]
    public void Misuse_is_fatal_and_changes_nothing([Values] IvSignalScope scope) => LoopThread.Run(loop =>
    {
        var signal = new IvSignal(SigUsr1, static _ => { }) { Scope = scope };
        FatalScope.Expect(FatalCondition.NotRegistered, signal.Unregister);
        LoopThread.Elsewhere(() => FatalScope.Expect(FatalCondition.NoLoop, signal.Register));
        signal.Register();
        FatalScope.Expect(FatalCondition.AlreadyRegistered, signal.Register);
        LoopThread.Elsewhere(() =>
        {
            FatalScope.Expect(FatalCondition.WrongThread, signal.Unregister);
            FatalScope.Expect(FatalCondition.WrongThread, signal.Dispose);
            FatalScope.Expect(FatalCondition.WrongThread, () => signal.Handler = static _ => { });
        });
        Assert.That(loop.Counters.Signals, Is.EqualTo(1));
        signal.Dispose();
        signal.Dispose();
        FatalScope.Expect(FatalCondition.DisposedObject, signal.Register);
        Assert.That((loop.Counters.Signals, loop.Counters.Active), Is.EqualTo((0, 0)));
    });

    [Test]
    public void The_dump_has_a_line_for_each() => LoopThread.Run(loop =>
    {
        using var term = new IvSignal(PosixSignal.SIGTERM, static _ => { }) { Name = "quit" };
        using var poke = new IvSignal(SigUsr1, static _ => { }) { Scope = IvSignalScope.Thread, IsExclusive = true };
        term.Register();
        poke.Register();
        using var writer = new StringWriter { NewLine = "\n" };
        loop.Dump(writer);
        Assert.That(writer.ToString(), Does.Contain("  signal    SIGTERM count=0  \"quit\"\n").And.Contain("  signal    SIGUSR1 exclusive thread count=0\n"));
        Assert.That(term.ToString(), Is.EqualTo("IvSignal (SIGTERM, \"quit\")"));
        Assert.That(poke.ToString(), Is.EqualTo("IvSignal (SIGUSR1)"));
    });

    private static IvSignal Listen(int number)
    {
        var signal = new IvSignal(number, static _ => { });
        signal.Register();
        return signal;
    }
}
