using System.Text;
using Ivy.Net.Interop.Linux;
using Ivy.Net.Tests.Conformance;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Processes;

/// <summary>Starting a program, its streams and its end (row P2).</summary>
[TestFixtureSource(nameof(Backends))]
[NonParallelizable] // children and descriptors are the process's
[Platform("Linux", Reason = "posix_spawn(3)")]
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
internal sealed class IvProcessTests(ConformanceBackend backend)
{
    public static IEnumerable<ConformanceBackend> Backends => ConformanceBackend.OfTheKernel;

    [TestCase("exit 0", "exited with 0", 0)]
    [TestCase("exit 42", "exited with 42", 42)]
    [TestCase("kill -TERM $$", "killed by SIGTERM", 143)]
    [TestCase("kill -KILL $$", "killed by SIGKILL", 137)]
    public void The_end_is_told_once_when_the_object_is_registered_no_more(string line, string text, int shellCode) => backend.Run(bench =>
    {
        IvProcess child = bench.Own(Shell(line));
        child.HandlerExit = (process, status) => bench.Log.Add($"{status} {status.ShellExitCode} {process.IsRegistered} {process.Kill(0)} {process.Status == status}");
        child.Start();
        Assert.That(child.IsRegistered, Is.True);
        bench.Loop.Run();
        Assert.That(bench.Log, Is.EqualTo([$"{text} {shellCode} False ESRCH True"]));
        Assert.That(ShellChild.StateOf(child.ProcessId), Is.Null, "reaped");
    });

    [Test]
    public void What_goes_in_comes_out_and_disposing_the_input_is_the_end() => backend.Run(bench =>
    {
        IvProcess child = bench.Own(new IvProcess("cat") { StandardInput = IvStdio.Pipe, StandardOutput = IvStdio.Pipe });
        child.Start();
        var reader = new Reader(child.Output);
        using var input = new IvFd(child.Input);
        Assert.That(input.Write("hello"u8).Bytes, Is.EqualTo(5));
        bench.Until(() => reader.Text == "hello", "echoed");
        Assert.That(child.IsRegistered, Is.True);
        child.Input.Dispose();
        bench.Loop.Run();
        Assert.That(reader.HasEnded, Is.True);
        Assert.That(child.Status!.Value.IsSuccess, Is.True);
    });

    [Test]
    public void Our_ends_of_pipes_do_not_block_and_are_not_inherited_and_the_child_s_block() => backend.Run(bench =>
    {
        IvProcess child = bench.Own(new IvProcess("cat") { StandardInput = IvStdio.Pipe, StandardOutput = IvStdio.Pipe, StandardError = IvStdio.Pipe });
        child.Start();
        using (Assert.EnterMultipleScope())
        {
            foreach (Microsoft.Win32.SafeHandles.SafeFileHandle handle in (ReadOnlySpan<Microsoft.Win32.SafeHandles.SafeFileHandle>)[child.Input, child.Output, child.Error])
            {
                int fd = (int)handle.DangerousGetHandle();
                Assert.That(fd, Is.GreaterThan(2));
                Assert.That(Native.IsBlocking(fd), Is.False);
                Assert.That(Sys.Fcntl(fd, Constants.F_GETFD), Is.EqualTo(Constants.FD_CLOEXEC));
            }

            for (int stream = 0; stream < 3; stream++)
            {
                string flags = File.ReadLines($"/proc/{child.ProcessId}/fdinfo/{stream}").Single(static line => line.StartsWith("flags:", StringComparison.Ordinal));
                Assert.That(Convert.ToInt32(flags[6..].Trim(), 8) & Constants.O_NONBLOCK, Is.Zero, $"stream {stream}");
            }
        }

        child.Input.Dispose();
        child.Output.Dispose();
        child.Error.Dispose();
        bench.Loop.Run();
    });

    [Test]
    public void Standard_error_is_a_pipe_of_its_own_or_goes_where_standard_output_goes() => backend.Run(bench =>
    {
        const string line = "echo one; echo two >&2; echo three";
        IvProcess apart = bench.Own(Shell(line, IvStdio.Pipe));
        apart.Start();
        var output = new Reader(apart.Output);
        var error = new Reader(apart.Error);
        bench.Loop.Run();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(output.Text, Is.EqualTo("one\nthree\n"));
            Assert.That(error.Text, Is.EqualTo("two\n"));
            Assert.That(Reader.OutputOf(bench.Loop, bench.Own(Shell(line, IvStdio.SameAsOutput))), Is.EqualTo("one\ntwo\nthree\n"));
        }
    });

    [Test]
    public void Null_is_an_empty_input_and_an_output_that_goes_nowhere() => backend.Run(bench =>
    {
        Assert.That(Reader.OutputOf(bench.Loop, bench.Own(Shell("cat; echo lost >&2; readlink /proc/self/fd/2", IvStdio.Null))), Is.EqualTo("/dev/null\n"));
    });

    [Test]
    public void A_given_descriptor_is_the_stream_and_stays_the_caller_s([Values] bool byHandle) => backend.Run(bench =>
    {
        string file = Path.GetTempFileName();
        using (FileStream stream = File.OpenWrite(file))
        {
            IvStdio given = byHandle ? IvStdio.From(stream.SafeFileHandle) : IvStdio.From(stream.SafeFileHandle.DangerousGetHandle());
            IvProcess child = bench.Own(new IvProcess("sh", ["-c", "echo out; echo err >&2"]) { StandardOutput = given, StandardError = given });
            child.Start();
            bench.Loop.Run();
            Assert.That(stream.SafeFileHandle.IsClosed, Is.False);
        }

        Assert.That(File.ReadAllText(file), Is.EqualTo("out\nerr\n"));
        File.Delete(file);
    });

    [Test]
    public void A_process_whose_own_streams_are_closed_gives_a_child_the_right_ones() => backend.Run(bench =>
    {
        // Numbers of streams that are free would be taken by what the child's streams are made of, and overwritten in turn.
        string file = Path.GetTempFileName();
        using (FileStream stream = File.OpenWrite(file))
        {
            int input = Native.Duplicate(0, lowest: 10);
            int output = Native.Duplicate(1, lowest: 10);
            Native.Close(0);
            Native.Close(1);
            IvProcess child = bench.Own(new IvProcess("sh", ["-c", "echo err >&2; echo out"]) { StandardInput = IvStdio.Pipe, StandardOutput = IvStdio.From(stream.SafeFileHandle), StandardError = IvStdio.Null });
            IvError error = child.TryStart();
            nint ours = error == IvError.None ? child.Input.DangerousGetHandle() : -1;
            bench.Loop.Run();
            child.Dispose();
            Assert.That(Sys.Dup3(output, 1, 0), Is.EqualTo(1));
            Assert.That(Sys.Dup3(input, 0, 0), Is.Zero);
            Native.Close(input);
            Native.Close(output);
            Assert.That(error, Is.EqualTo(IvError.None));
            Assert.That(ours, Is.GreaterThan((nint)2));
            child.Input.Dispose();
        }

        Assert.That(File.ReadAllText(file), Is.EqualTo("out\n"));
        File.Delete(file);
    });

    [Test]
    public void Nothing_but_the_streams_is_inherited_whatever_the_host_has_open() => backend.Run(bench =>
    {
        (int read, int write) = Native.Pipe(flags: 0); // as a library does that knows no close-on-exec
        string open = Reader.OutputOf(bench.Loop, bench.Own(new IvProcess("ls", ["/proc/self/fd"]) { StandardInput = IvStdio.Null, StandardOutput = IvStdio.Pipe }));
        Native.Close(read);
        Native.Close(write);
        Assert.That(open, Is.EqualTo("0\n1\n2\n3\n"), "3 is the folder that ls reads");
    });

    [Test]
    public void The_child_begins_with_no_signal_blocked_ignored_or_caught() => backend.Run(bench =>
    {
        // The runtime ignores SIGPIPE, and a thread may have blocked anything.
        _ = Sys.SetSignalMask(Constants.SIG_BLOCK, SignalSet.Of(10), out SignalSet before);
        string status = Reader.OutputOf(bench.Loop, bench.Own(new IvProcess("cat", ["/proc/self/status"]) { StandardOutput = IvStdio.Pipe }));
        _ = Sys.SetSignalMask(Constants.SIG_SETMASK, before, out _);
        Assert.That(
            status.Split('\n').Where(static line => line.StartsWith("SigBlk", StringComparison.Ordinal) || line.StartsWith("SigIgn", StringComparison.Ordinal) || line.StartsWith("SigCgt", StringComparison.Ordinal)),
            Is.EqualTo(["SigBlk:\t0000000000000000", "SigIgn:\t0000000000000000", "SigCgt:\t0000000000000000"]));
    });

    [Test]
    public void Arguments_arrive_as_they_are() => backend.Run(bench =>
    {
        string[] arguments = ["", "two words", "$HOME `id` \"'\\", "Grüße ☃ 😀", "line\nline", "-x"];
        IvProcess child = bench.Own(new IvProcess("sh", ["-c", "printf '%s|' \"$@\"", "sh", .. arguments]) { StandardOutput = IvStdio.Pipe });
        Assert.That(Reader.OutputOf(bench.Loop, child), Is.EqualTo(string.Concat(arguments.Select(static argument => $"{argument}|"))));
    });

    [Test]
    public void The_environment_is_this_process_s_with_the_changes_made() => backend.Run(bench =>
    {
        Environment.SetEnvironmentVariable("IVY_TEST_SET", "by the host");
        Environment.SetEnvironmentVariable("IVY_TEST_GONE", "x");
        const string line = "echo \"$IVY_TEST_SET|$IVY_TEST_GONE|$IVY_TEST_NEW\"";
        IvProcess changed = bench.Own(Shell(line, IvStdio.Null));
        changed.Environment.Remove("IVY_TEST_GONE");
        changed.Environment["IVY_TEST_NEW"] = "ü=ü";
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Reader.OutputOf(bench.Loop, bench.Own(Shell(line, IvStdio.Null))), Is.EqualTo("by the host|x|\n"));
            Assert.That(Reader.OutputOf(bench.Loop, changed), Is.EqualTo("by the host||ü=ü\n"));
        }

        IvProcess bare = bench.Own(new IvProcess("env") { StandardOutput = IvStdio.Pipe, Environment = { ["ONLY"] = "1" } });
        foreach (string name in bare.Environment.Keys.Where(static name => name != "ONLY").ToList())
        {
            bare.Environment.Remove(name);
        }

        Assert.That(Reader.OutputOf(bench.Loop, bare), Is.EqualTo("ONLY=1\n"));
        Environment.SetEnvironmentVariable("IVY_TEST_SET", null);
        Environment.SetEnvironmentVariable("IVY_TEST_GONE", null);
    });

    [Test]
    public void A_relative_program_is_found_from_the_working_directory() => InFolder((bench, folder) =>
    {
        Script(folder, "tool", "#!/bin/sh\npwd\n");
        IvProcess child = bench.Own(new IvProcess("./tool") { WorkingDirectory = folder, StandardOutput = IvStdio.Pipe });
        Assert.That(Reader.OutputOf(bench.Loop, child), Is.EqualTo($"{folder}\n"));
        Assert.That(Environment.CurrentDirectory, Is.Not.EqualTo(folder));
    });

    [Test]
    public void A_name_is_looked_for_in_the_PATH_of_this_process() => InFolder((bench, folder) =>
    {
        Script(folder, "ivy-tool", "#!/bin/sh\necho \"$0 $PATH\"\n");
        string? path = Environment.GetEnvironmentVariable("PATH");
        Environment.SetEnvironmentVariable("PATH", $"/does/not/exist:{folder}:{path}");
        try
        {
            IvProcess child = bench.Own(new IvProcess("ivy-tool") { StandardOutput = IvStdio.Pipe, Environment = { ["PATH"] = "/child" } });
            Assert.That(Reader.OutputOf(bench.Loop, child), Is.EqualTo($"{folder}/ivy-tool /child\n"));
        }
        finally
        {
            Environment.SetEnvironmentVariable("PATH", path);
        }
    });

    [Test]
    public void A_group_of_its_own_is_signalled_as_a_whole() => backend.Run(bench =>
    {
        IvProcess child = bench.Own(new IvProcess("sh", ["-c", "sleep 1000 & echo started; wait"]) { StandardOutput = IvStdio.Pipe, NewProcessGroup = true });
        child.Start();
        var reader = new Reader(child.Output);
        bench.Until(() => reader.Text == "started\n", "started");
        Assert.That(child.KillGroup(System.Runtime.InteropServices.PosixSignal.SIGTERM), Is.EqualTo(IvError.None));
        bench.Loop.Run();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(reader.HasEnded, Is.True, "sleep had the pipe too");
            Assert.That(child.Status.ToString(), Is.EqualTo("killed by SIGTERM"));
            Assert.That(child.KillGroup(0), Is.EqualTo(IvError.ESRCH));
        }
    });

    [Test]
    public void Any_thread_may_kill() => backend.Run(bench =>
    {
        IvProcess child = bench.Own(Shell("exec sleep 1000"));
        child.Start();
        LoopThread.Elsewhere(() => Assert.That(child.Kill(Constants.SIGTERM), Is.EqualTo(IvError.None)));
        bench.Loop.Run();
        Assert.That(child.Status!.Value.Signal, Is.EqualTo(Constants.SIGTERM));
    });

    [Test]
    public void The_handler_may_start_another_child_and_dispose_its_own() => backend.Run(bench =>
    {
        void Next(int left)
        {
            IvProcess child = Shell($"exit {left}");
            child.HandlerExit = (process, status) =>
            {
                bench.Log.Add($"{status.ExitCode}");
                process.Dispose();
                if (left > 0)
                {
                    Next(left - 1);
                }
            };
            child.Start();
        }

        Next(3);
        bench.Loop.Run();
        Assert.That(bench.Log, Is.EqualTo(["3", "2", "1", "0"]));
    });

    [Test]
    public void A_child_whose_object_is_disposed_goes_on_and_leaves_no_zombie() => backend.Run(bench =>
    {
        IvProcess child = Shell("read line", IvStdio.Null, input: IvStdio.Pipe);
        child.HandlerExit = (_, _) => bench.Log.Add("told");
        child.Start();
        child.Dispose();
        bench.Loop.Run();
        Assert.That(ShellChild.StateOf(child.ProcessId), Is.Not.Null.And.Not.EqualTo('Z'));
        child.Input.Dispose();
        Wait.For(() => ShellChild.StateOf(child.ProcessId) is null);
        bench.Turn();
        Assert.That(bench.Log, Is.Empty);
    });

    [Test]
    public void A_loop_that_is_disposed_reports_the_object_and_the_child_leaves_no_zombie() => backend.Run(bench =>
    {
        IvProcess child = Shell("read line", IvStdio.Null, input: IvStdio.Pipe);
        child.Name = "left";
        child.Start();
        child.Close();
        bench.Loop.Dispose();
        Assert.That(bench.Leaks.Single().Objects, Is.EqualTo(new IvObject[] { child }));
        child.Input.Dispose();
        Wait.For(() => ShellChild.StateOf(child.ProcessId) is null);
    });

    [Test]
    public void The_dump_and_the_counters_show_it() => backend.Run(bench =>
    {
        IvProcess child = bench.Own(Shell("exec sleep 1000"));
        child.Name = "job";
        child.Start();
        Assert.That(bench.Loop.Counters.Processes, Is.EqualTo(1));
        child.Close();
        using var writer = new StringWriter();
        bench.Loop.Dump(writer);
        Assert.That(writer.ToString(), Does.Match($@"(?m)^  fd +[0-9]+  process +- +IN +pid={child.ProcessId} sh closing  ""job""\r?$"));
        Assert.That(child.ToString(), Is.EqualTo($"IvProcess sh ({child.ProcessId}, \"job\")"));
        bench.Loop.Run();
        Assert.That(bench.Loop.Counters.Processes, Is.Zero);
    });

    [Test]
    public void Each_of_many_children_sees_the_end_of_its_own_input_while_the_others_live() => backend.Run(bench =>
    {
        // An end that another child had inherited would keep the pipe open.
        const int count = 40;
        List<IvProcess> children = [];
        for (int i = 0; i < count; i++)
        {
            IvProcess child = bench.Own(new IvProcess("cat") { StandardInput = IvStdio.Pipe, StandardOutput = IvStdio.Pipe });
            child.Start();
            children.Add(child);
        }

        foreach (IvProcess child in children)
        {
            var reader = new Reader(child.Output);
            child.Input.Dispose();
            bench.Until(() => reader.HasEnded && !child.IsRegistered, "ended");
        }
    });

    internal static IvProcess Shell(string line, IvStdio error = default, IvStdio? input = null) => new("sh", ["-c", line])
    {
        StandardInput = input ?? IvStdio.Null,
        StandardOutput = error == default ? IvStdio.Null : IvStdio.Pipe,
        StandardError = error,
    };

    private static void Script(string folder, string name, string text)
    {
        string path = Path.Combine(folder, name);
        File.WriteAllText(path, text, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private void InFolder(Action<Bench, string> body)
    {
        string folder = Directory.CreateTempSubdirectory("ivy-process").FullName;
        try
        {
            backend.Run(bench => body(bench, folder));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
