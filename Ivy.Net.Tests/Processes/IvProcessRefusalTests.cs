using System.Text;
using Ivy.Net.Interop.Linux;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Processes;

/// <summary>What can't be started: a clear error at the call, and nothing left behind (row P2).</summary>
[NonParallelizable] // children, descriptors and faults are the process's
[Platform("Linux", Reason = "posix_spawn(3)")]
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
internal sealed class IvProcessRefusalTests
{
    private string _folder = string.Empty;

    // Half of a surrogate pair does not survive in an attribute.
    private static IEnumerable<string> BadTexts => ["a\0b", $"a{(char)0xD800}b"];

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("ivy-process").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void A_name_that_is_nowhere_in_PATH() =>
        AssertRefused(new IvProcess("ivy-no-such-program"), IvError.ENOENT, "No folder of PATH has a program \"ivy-no-such-program\"");

    [Test]
    public void A_path_where_nothing_is() =>
        AssertRefused(new IvProcess("/no/such/program"), IvError.ENOENT, "There is no program /no/such/program");

    [Test]
    public void A_working_directory_that_does_not_exist() =>
        AssertRefused(new IvProcess("true") { WorkingDirectory = "/no/such/folder" }, IvError.ENOENT, "The working directory /no/such/folder does not exist");

    [Test]
    public void A_working_directory_that_is_a_file() =>
        AssertRefused(new IvProcess("true") { WorkingDirectory = "/etc/passwd" }, IvError.ENOTDIR, "The working directory /etc/passwd is not a folder");

    [Test]
    public void A_relative_program_that_is_not_in_the_working_directory() =>
        AssertRefused(new IvProcess("./tool") { WorkingDirectory = _folder }, IvError.ENOENT, $"There is no program {_folder}/./tool");

    [Test]
    public void A_folder() => AssertRefused(new IvProcess(_folder), IvError.EACCES, $"{_folder} is a folder, not a program");

    [Test]
    public void A_file_that_is_not_executable() =>
        AssertRefused(new IvProcess(MakeFile("#!/bin/sh\n", executable: false)), IvError.EACCES, "is not executable (chmod +x)");

    [Test]
    public void A_text_without_a_first_line_for_it_and_no_shell_is_tried() =>
        AssertRefused(new IvProcess(MakeFile("echo hello\n")), IvError.ENOEXEC, "no shell is tried");

    [Test]
    public void A_script_whose_interpreter_is_missing() =>
        AssertRefused(new IvProcess(MakeFile("#!/no/such/interpreter\n")), IvError.ENOENT, "is there, but what it is run by is not");

    [Test]
    public void Arguments_that_are_too_long() =>
        AssertRefused(new IvProcess("true", [new string('x', 10_000_000)]), IvError.E2BIG, "getconf ARG_MAX");

    [Test]
    public void A_descriptor_that_is_not_open() =>
        AssertRefused(new IvProcess("true") { StandardOutput = IvStdio.From(12345) }, IvError.EBADF, "A descriptor that was given for a stream is not open");

    [Test]
    public void A_handle_that_is_closed()
    {
        FileStream closed = File.OpenRead("/dev/null");
        closed.Dispose();
        AssertRefused(new IvProcess("true") { StandardInput = IvStdio.From(closed.SafeFileHandle) }, IvError.EBADF, "is not open");
    }

    [TestCase(SysCall.Pipe2, IvError.EMFILE)]
    [TestCase(SysCall.Open, IvError.ENFILE)]
    [TestCase(SysCall.Fcntl, IvError.EMFILE)]
    [TestCase(SysCall.Spawn, IvError.EAGAIN)]
    [TestCase(SysCall.Spawn, IvError.ENOMEM)]
    [TestCase(SysCall.PidfdOpen, IvError.EMFILE)]
    [TestCase(SysCall.PidfdOpen, IvError.ENOSYS)]
    [TestCase(SysCall.WaitId, IvError.EINVAL)]
    [TestCase(SysCall.EpollCtl, IvError.ENOSPC)]
    public void Whatever_call_fails_nothing_is_left_and_the_object_may_be_started_again(SysCall call, IvError answer) => LoopThread.Run(loop =>
    {
        loop.Run(IvRunMode.NonBlocking);
        using var child = new IvProcess("cat") { StandardInput = IvStdio.Pipe, StandardOutput = IvStdio.Pipe, StandardError = IvStdio.Null };
        SortedDictionary<string, int> before = Native.OpenDescriptors();
        using (var faults = new ScriptedFaults(call, answer, times: 1))
        {
            Assert.That(child.TryStart(), Is.EqualTo(call == SysCall.WaitId ? IvError.ENOSYS : answer));
            Assert.That(faults.Count, Is.EqualTo(1));
        }

        Assert.That(child.IsRegistered, Is.False);
        Wait.For(() => ShellChild.Zombies().Count == 0 && Native.OpenDescriptors().SequenceEqual(before));
        child.Start();
        child.Input.Dispose();
        loop.Run();
        Assert.That(child.Status!.Value.IsSuccess, Is.True);
        child.Output.Dispose();
    });

    [TestCaseSource(nameof(BadTexts))]
    public void Texts_that_a_program_can_not_be_given(string text) => LoopThread.Run(_ =>
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => new IvProcess(text), Throws.ArgumentException);
            Assert.That(() => new IvProcess("true", [text]), Throws.ArgumentException);
            Assert.That(() => new IvProcess("true") { WorkingDirectory = text }, Throws.ArgumentException);
            Assert.That(new IvProcess("true") { Environment = { [text] = "x" } }.Start, Throws.ArgumentException);
            Assert.That(new IvProcess("true") { Environment = { ["X"] = text } }.Start, Throws.ArgumentException);
        }
    });

    [Test]
    public void Arguments_that_make_no_sense() => LoopThread.Run(_ =>
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => new IvProcess(string.Empty), Throws.ArgumentException);
            Assert.That(() => new IvProcess(null!), Throws.ArgumentNullException);
            Assert.That(() => new IvProcess("true", [null!]), Throws.ArgumentNullException);
            Assert.That(() => new IvProcess("true") { WorkingDirectory = string.Empty }, Throws.ArgumentException);
            Assert.That(() => new IvProcess("true") { StandardOutput = IvStdio.SameAsOutput }, Throws.ArgumentException);
            Assert.That(() => new IvProcess("true") { StandardInput = IvStdio.SameAsOutput }, Throws.ArgumentException);
            Assert.That(() => IvStdio.From(-1), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(() => IvStdio.From(unchecked((nint)0x1_0000_0003)), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(() => IvStdio.From(null!), Throws.ArgumentNullException);
            Assert.That(new IvProcess("true") { Environment = { ["A=B"] = "x" } }.Start, Throws.ArgumentException);
            Assert.That(new IvProcess("true") { Environment = { [string.Empty] = "x" } }.Start, Throws.ArgumentException);
            Assert.That(() => new IvKillLadder { Signal = 65 }, Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(() => new IvKillLadder { Attempts = -1 }, Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(() => new IvKillLadder { Interval = TimeSpan.Zero }, Throws.InstanceOf<ArgumentOutOfRangeException>());
        }
    });

    [Test]
    public void A_stream_that_is_no_pipe_has_no_end_of_ours() => LoopThread.Run(loop =>
    {
        using var child = new IvProcess("true") { StandardOutput = IvStdio.Pipe };
        Assert.That(() => child.Output, Throws.InvalidOperationException.With.Message.Contains("has not been started"));
        child.Start();
        Assert.That(() => child.Input, Throws.InvalidOperationException.With.Message.Contains("StandardInput is not IvStdio.Pipe"));
        Assert.That(() => child.KillGroup(15), Throws.InvalidOperationException.With.Message.Contains("NewProcessGroup"));
        child.Output.Dispose();
        loop.Run();
    });

    [Test]
    [Provokes("IVF0111")]
    public void An_object_starts_one_child() => LoopThread.Run(loop =>
    {
        using var child = new IvProcess("true");
        child.Start();
        FatalScope.Expect(FatalCondition.ProcessStartedTwice, child.Start);
        LoopThread.Elsewhere(() =>
        {
            FatalScope.Expect(FatalCondition.WrongThread, child.Close);
            FatalScope.Expect(FatalCondition.WrongThread, child.Dispose);
        });
        loop.Run();
        FatalScope.Expect(FatalCondition.ProcessStartedTwice, () => child.TryStart());
        var disposed = new IvProcess("true");
        disposed.Dispose();
        FatalScope.Expect(FatalCondition.DisposedObject, disposed.Start);
        LoopThread.Elsewhere(() => FatalScope.Expect(FatalCondition.NoLoop, new IvProcess("true").Start));
    });

    [Test]
    public void A_child_that_an_IvProcess_waits_for_is_no_IvWait_s() => LoopThread.Run(loop =>
    {
        using var child = new IvProcess("cat") { StandardInput = IvStdio.Pipe };
        child.Start();
        using var wait = new IvWait(child.ProcessId, static (_, _) => { });
        FatalScope.Expect(FatalCondition.ChildWatchedTwice, wait.Register);
        child.Input.Dispose();
        loop.Run();
    });

    private string MakeFile(string text, bool executable = true)
    {
        string path = Path.Combine(_folder, "file");
        File.WriteAllText(path, text, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        File.SetUnixFileMode(path, executable ? UnixFileMode.UserRead | UnixFileMode.UserExecute : UnixFileMode.UserRead);
        return path;
    }

    private static void AssertRefused(IvProcess child, IvError error, string advice) => LoopThread.Run(loop =>
    {
        loop.Run(IvRunMode.NonBlocking);
        SortedDictionary<string, int> before = Native.OpenDescriptors();
        IvException? thrown = Assert.Throws<IvException>(child.Start);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(thrown!.Error, Is.EqualTo(error));
            Assert.That(thrown.Operation, Is.EqualTo("start"));
            Assert.That(thrown.Subject, Is.SameAs(child));
            Assert.That(thrown.Message, Does.StartWith($"IvProcess {child.Program}: start: {error}").And.Contain(advice));
            Assert.That(child.TryStart(), Is.EqualTo(error));
            Assert.That(child.IsRegistered, Is.False);
            Assert.That(child.ProcessId, Is.Zero);
            Assert.That(Native.OpenDescriptors(), Is.EqualTo(before));
            Assert.That(ShellChild.Zombies(), Is.Empty);
        }
    });
}
