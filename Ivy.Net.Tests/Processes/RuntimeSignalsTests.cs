using System.Runtime.InteropServices;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Processes;

/// <summary>A runtime that can't catch signals (no descriptor for its pipe, no thread): an error at the call, and nothing left behind.</summary>
[NonParallelizable] // signals and children are the process's
[Platform("Linux", Reason = "signal(7)")]
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
internal sealed class RuntimeSignalsTests
{
    private static readonly Func<PosixSignal, Action<PosixSignalContext>, PosixSignalRegistration> Original = PosixSignalRegistration.Create;

    private static IEnumerable<TestCaseData> Failures
    {
        get
        {
            yield return new TestCaseData(new TypeInitializationException("x", new IOException("no", (int)IvError.EMFILE)), IvError.EMFILE).SetArgDisplayNames("EMFILE wrapped");
            yield return new TestCaseData(new IOException("no", (int)IvError.EAGAIN), IvError.EAGAIN).SetArgDisplayNames("EAGAIN");
            yield return new TestCaseData(new TypeInitializationException("x", null), IvError.EINVAL).SetArgDisplayNames("nothing known");
        }
    }

    [TearDown]
    public void Restore() => RuntimeSignals.Create = Original;

    [TestCaseSource(nameof(Failures))]
    public void An_IvSignal_is_refused_and_may_be_registered_later(Exception failure, IvError expected) => LoopThread.Run(loop =>
    {
        using var signal = new IvSignal(Native.SigUsr2, static _ => { });
        Break(failure);
        Assert.That(signal.TryRegister(), Is.EqualTo(expected));
        Assert.That(signal.Register, Throws.TypeOf<IvException>().With.Property(nameof(IvException.Error)).EqualTo(expected));
        Assert.That((signal.IsRegistered, loop.Counters.Active, loop.Counters.Signals, loop.Counters.Events), Is.EqualTo((false, 0, 0, 0)));
        Restore();
        signal.Register();
        Native.SendSignal(Native.SigUsr2);
        Assert.That(loop.RunUntil(() => signal.Count == 1, LoopThread.Patience), Is.True);
    });

    [TestCaseSource(nameof(Failures))]
    public void An_IvSignal_of_a_thread_is_refused(Exception failure, IvError expected) => LoopThread.Run(loop =>
    {
        using var signal = new IvSignal(Native.SigUsr2, static _ => { }) { Scope = IvSignalScope.Thread };
        Break(failure);
        Assert.That(signal.TryRegister(), Is.EqualTo(expected));
        Assert.That((signal.IsRegistered, loop.Counters.Active), Is.EqualTo((false, 0)));
    });

    [TestCaseSource(nameof(Failures))]
    public void An_IvWait_that_tells_stops_is_refused(Exception failure, IvError expected) => LoopThread.Run(loop =>
    {
        using ShellChild child = ShellChild.Start("exit 3");
        loop.Run(IvRunMode.NonBlocking);
        int told = -1;
        using var wait = new IvWait(child.ProcessId, (_, status) => told = status.ExitCode) { TellsStops = true };
        SortedDictionary<string, int> before = Native.OpenDescriptors();
        Break(failure);
        Assert.That(wait.TryRegister(), Is.EqualTo(expected));
        Assert.That((wait.IsRegistered, loop.Counters.Active, loop.Counters.Waits), Is.EqualTo((false, 0, 0)));
        Assert.That(Native.OpenDescriptors(), Is.EqualTo(before));
        Restore();
        wait.Register();
        Assert.That(loop.RunUntil(() => told >= 0, LoopThread.Patience), Is.True);
        Assert.That(told, Is.EqualTo(3));
    });

    [TestCaseSource(nameof(Failures))]
    public void An_IvProcess_is_refused_before_the_program_runs(Exception failure, IvError expected) => LoopThread.Run(loop =>
    {
        string file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        using var child = new IvProcess("touch", [file]);
        Break(failure);
        Assert.That(child.TryStart(), Is.EqualTo(expected));
        Assert.That((child.IsRegistered, child.ProcessId, loop.Counters.Active), Is.EqualTo((false, 0, 0)));
        Assert.That(ShellChild.Zombies(), Is.Empty);
        Assert.That(File.Exists(file), Is.False);
        Restore();
        child.Start();
        loop.Run();
        Assert.That(File.Exists(file), Is.True);
        File.Delete(file);
    });

    [Test]
    public void A_disposed_IvProcess_is_let_go_of_even_then() => LoopThread.Run(loop =>
    {
        var child = new IvProcess("sleep", ["1000"]);
        child.Start();
        Break(new IOException("no", (int)IvError.EMFILE));
        child.Dispose();
        Assert.That((child.IsRegistered, loop.Counters.Active), Is.EqualTo((false, 0)));
        Restore();

        // The next one that needs SIGCHLD catches it, and all that wait are looked at when a child ends.
        Native.SendSignalToProcess(child.ProcessId, 9);
        Wait.For(() => ShellChild.StateOf(child.ProcessId) == 'Z');
        var other = new IvProcess("sleep", ["0.1"]);
        other.Start();
        other.Dispose();
        Wait.For(() => ShellChild.Zombies().Count == 0);
    });

    private static void Break(Exception failure)
    {
        RuntimeSignals.Forget();
        ChildSignals.Forget();
        RuntimeSignals.Create = (_, _) => throw failure;
    }
}
