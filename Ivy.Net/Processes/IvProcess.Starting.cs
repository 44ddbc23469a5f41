using System.Collections;
using Ivy.Net.Interop.Linux;

namespace Ivy.Net;

/// <content>Starting.</content>
public sealed unsafe partial class IvProcess
{
    private static Dictionary<string, string> CopyEnvironment()
    {
        var copy = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (DictionaryEntry variable in System.Environment.GetEnvironmentVariables())
        {
            copy.Add((string)variable.Key, (string)variable.Value!);
        }

        return copy;
    }

    private IvError StartChild(out string? advice)
    {
        advice = null;
        CheckedLoop("Start");
        if (_isStarted)
        {
            RaiseStartedTwice();
        }

        IvLoop loop = LoopForRegister("Start");
        ChildErrors.CheckPlatform(this);
        List<string> environment = CheckedEnvironment();

        IvError error = ChildErrors.CheckSystem(loop);
        if (error != IvError.None)
        {
            advice = ChildErrors.Advice(error);
            return error;
        }

        using var streams = new ChildStreams();
        error = streams.TryOpen(StandardInput, StandardOutput, StandardError);
        if (error != IvError.None)
        {
            advice = error == IvError.EBADF ? "A descriptor that was given for a stream is not open" : ChildErrors.Advice(error);
            return error;
        }

        // Before the program runs, all that can be known of whether it can be watched, and let go of.
        error = RuntimeSignals.TryPrepare();
        DescriptorHandle? place = null;
        error = error == IvError.None ? ChildHandle.TryReserve(out place) : error;
        using DescriptorHandle? reserved = place;
        if (error != IvError.None)
        {
            advice = ChildErrors.Advice(error);
            return error;
        }

        error = ProgramSearch.TryFind(Program, WorkingDirectory, out string path);
        int process = 0;
        if (error == IvError.None)
        {
            process = Spawn(path, environment, streams);
            error = process < 0 ? Sys.Error(process) : IvError.None;
        }

        if (error != IvError.None)
        {
            advice = ProgramSearch.Advice(error, Program, path, WorkingDirectory) ?? ChildErrors.Advice(error);
            return error;
        }

        reserved!.Dispose();
        error = TryWatch(process, out ChildWatch? watch);
        if (error != IvError.None)
        {
            advice = ChildErrors.Advice(error);
            return error;
        }

        _isStarted = true;
        _watch = watch;
        ProcessId = process;
        (_input, _output, _error) = (streams.OurInput, streams.OurOutput, streams.OurError);
        streams.Release();
        Bind(loop);
        return IvError.None;
    }

    private List<string> CheckedEnvironment()
    {
        List<string> variables = [];
        foreach ((string name, string value) in _environment ?? CopyEnvironment())
        {
            variables.Add(Variable(name, value));
        }

        return variables;
    }

    private static string Variable(string name, string? value)
    {
        if (name.Length == 0 || name.Contains('=', StringComparison.Ordinal) || value is null
            || !NativeStrings.IsValid(name) || !NativeStrings.IsValid(value))
        {
            throw new ArgumentException($"The environment has a variable \"{name}\" that can't be one: a name is not empty and has no =, and neither a name nor a value has a NUL or half of a surrogate pair.", nameof(name));
        }

        return $"{name}={value}";
    }

    private int Spawn(string path, List<string> environment, ChildStreams streams)
    {
        using var strings = new NativeStrings();
        return Sys.Spawn(new SpawnRequest
        {
            Program = strings.Add(path),
            Arguments = strings.Add([Program, .. _arguments]),
            Environment = strings.Add(environment),
            WorkingDirectory = WorkingDirectory is null ? null : strings.Add(WorkingDirectory),
            NewGroup = NewProcessGroup,
            Input = streams.Input,
            Output = streams.Output,
            Error = streams.Error,
        });
    }

    // A child that can't be watched must not go on: nobody would ever hear of its end. Little is left that can go wrong here:
    // another thread has taken the last descriptor, or epoll has no room.
    private IvError TryWatch(int process, out ChildWatch? watch)
    {
        watch = null;
        IvError error = ChildHandle.TryOpenStarted(process, out ChildHandle? child);
        if (error != IvError.None)
        {
            Sys.KillAndReap(process);
            return error;
        }

        error = ChildWatch.TryStart(this, child!, tellsStops: false, out watch);
        if (error != IvError.None)
        {
            child!.Kill(Constants.SIGKILL);
            ChildSignals.Abandon(child);
        }

        return error;
    }
}
