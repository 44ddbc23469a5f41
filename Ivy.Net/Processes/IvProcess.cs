using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.InteropServices;
using Ivy.Net.Interop.Linux;
using Microsoft.Win32.SafeHandles;

namespace Ivy.Net;

/// <summary>Starts a program as a child of this process, with its three streams where one wants them, and waits for its end.</summary>
/// <remarks>
/// <para>A program that can't be started is an error at the call: the child does not begin to exist. It begins with no signal
/// blocked, ignored or caught, and with nothing open but its three streams. The ends of pipes that this process gets
/// (<see cref="Input"/>, <see cref="Output"/>, <see cref="Error"/>) are the caller's, to watch by an <see cref="IvFd"/> and to
/// dispose.</para>
/// <para>The object is registered, and keeps the loop alive, from <see cref="Start"/> until the child has ended;
/// <see cref="HandlerExit"/> is called after that. <see cref="Close"/> ends the child, by <see cref="KillLadder"/>.</para>
/// <para><see cref="Kill(int)"/> and <see cref="KillGroup(int)"/> are for any thread; everything else is for the loop's thread while
/// the child runs. Linux only (5.4 and later). Follows iv_popen(3); see IvProcess(3).</para>
/// </remarks>
public sealed partial class IvProcess : IvObject, IChildOwner
{
    private readonly List<string> _arguments;
    private Dictionary<string, string>? _environment;
    private volatile ChildWatch? _watch;
    private IvTimer? _ladder;
    private IvKillLadder? _closing;
    private SafeFileHandle? _input;
    private SafeFileHandle? _output;
    private SafeFileHandle? _error;
    private int _signalsSent;
    private bool _isStarted;

    /// <summary>Makes an object for a program; nothing is started before <see cref="Start"/>.</summary>
    /// <param name="program">
    /// A path, or a name without a slash that is looked for in this process's PATH. A relative path begins at
    /// <see cref="WorkingDirectory"/>.
    /// </param>
    /// <param name="arguments">The arguments after the name, each as it stands: no shell looks at them.</param>
    /// <exception cref="ArgumentException">The name is empty, or a text has a NUL or half of a surrogate pair.</exception>
    public IvProcess(string program, IEnumerable<string>? arguments = null)
        : base(ObjectKind.Process)
    {
        ArgumentException.ThrowIfNullOrEmpty(program);
        CheckText(program, nameof(program));
        Program = program;
        _arguments = arguments is null ? [] : [.. arguments];
        foreach (string argument in _arguments)
        {
            ArgumentNullException.ThrowIfNull(argument, nameof(arguments));
            CheckText(argument, nameof(arguments));
        }
    }

    /// <summary>The program, as it was given.</summary>
    public string Program { get; }

    /// <summary>The arguments after the name.</summary>
    public IReadOnlyList<string> Arguments => _arguments;

    /// <summary>
    /// The child's environment: at first a copy of this process's, to be changed before <see cref="Start"/>. PATH in it is the
    /// child's affair: the program is looked for in that of this process.
    /// </summary>
    public IDictionary<string, string> Environment => _environment ??= CopyEnvironment();

    /// <summary>The folder that the child begins in; null for that of this process.</summary>
    public string? WorkingDirectory
    {
        get => field;
        init
        {
            if (value is not null)
            {
                ArgumentException.ThrowIfNullOrEmpty(value);
                CheckText(value, nameof(value));
            }

            field = value;
        }
    }

    /// <summary>The child's standard input. Defaults to <see cref="IvStdio.Inherit"/>.</summary>
    public IvStdio StandardInput
    {
        get => field;
        init => field = CheckNotMerged(value);
    }

    /// <summary>The child's standard output. Defaults to <see cref="IvStdio.Inherit"/>.</summary>
    public IvStdio StandardOutput
    {
        get => field;
        init => field = CheckNotMerged(value);
    }

    /// <summary>The child's standard error. Defaults to <see cref="IvStdio.Inherit"/>; may be <see cref="IvStdio.SameAsOutput"/>.</summary>
    public IvStdio StandardError { get; init; }

    /// <summary>
    /// Whether the child leads a process group of its own: then <see cref="KillGroup(int)"/> and <see cref="Close"/> reach what it
    /// has started itself, and Ctrl-C at the terminal does not reach it. Defaults to false.
    /// </summary>
    public bool NewProcessGroup { get; init; }

    /// <summary>How <see cref="Close"/> ends the child. Defaults to <see cref="IvKillLadder.Default"/>; read when it is called.</summary>
    public IvKillLadder KillLadder
    {
        get => field;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            CheckedLoop(nameof(KillLadder));
            field = value;
        }
    } = IvKillLadder.Default;

    /// <summary>Told of the end, once, when the object is not registered any more; null if nobody needs to be.</summary>
    public Action<IvProcess, IvChildStatus>? HandlerExit
    {
        get => field;
        set
        {
            CheckedLoop(nameof(HandlerExit));
            field = value;
        }
    }

    /// <summary>The child's number; 0 before it is started. After its end the number may be another process's.</summary>
    public int ProcessId { get; private set; }

    /// <summary>How the child has ended; null before.</summary>
    public IvChildStatus? Status { get; private set; }

    /// <summary>Whether <see cref="Close"/> is ending the child.</summary>
    public bool IsClosing => _ladder is { IsRegistered: true };

    /// <summary>Where to write what the child reads: our end of the pipe, non-blocking, the caller's to dispose, which is the end for the child.</summary>
    /// <exception cref="InvalidOperationException"><see cref="StandardInput"/> is no pipe, or the child has not been started.</exception>
    public SafeFileHandle Input => _input ?? throw NoPipe(nameof(StandardInput));

    /// <summary>Where to read what the child writes: our end of the pipe, non-blocking, the caller's to dispose.</summary>
    /// <exception cref="InvalidOperationException"><see cref="StandardOutput"/> is no pipe, or the child has not been started.</exception>
    public SafeFileHandle Output => _output ?? throw NoPipe(nameof(StandardOutput));

    /// <summary>Where to read the child's messages: our end of the pipe, non-blocking, the caller's to dispose.</summary>
    /// <exception cref="InvalidOperationException"><see cref="StandardError"/> is no pipe, or the child has not been started.</exception>
    public SafeFileHandle Error => _error ?? throw NoPipe(nameof(StandardError));

    ChildWatch? IChildOwner.Watch => _watch;

    internal override string DumpKind => "process";

    internal override string DumpDetails => string.Create(
        CultureInfo.InvariantCulture,
        $"pid={ProcessId} {Program}{(IsClosing ? " closing" : string.Empty)}");

    /// <summary>
    /// Starts the program, and waits for its end on this thread's loop. An object starts one child: another call is a misuse (IVF0111).
    /// </summary>
    /// <exception cref="IvException">
    /// ENOENT, EACCES, ENOEXEC, E2BIG …: the program can't be started; the message says whether it is the folder, the program or its
    /// interpreter. EAGAIN, ENOMEM, EMFILE: a limit. SignalIgnored, ENOSYS: as for <see cref="IvWait.Register"/>, and found out before
    /// the program runs. Nothing is left behind.
    /// </exception>
    /// <exception cref="ArgumentException">A variable of <see cref="Environment"/> can't be one.</exception>
    /// <exception cref="PlatformNotSupportedException">Not on Linux.</exception>
    public void Start()
    {
        IvError error = StartChild(out string? advice);
        if (error != IvError.None)
        {
            throw new IvException(error, "start", this, advice);
        }
    }

    /// <summary>As <see cref="Start"/>, and returns the error instead of throwing it; the object may be started again then.</summary>
    /// <returns><see cref="IvError.None"/> if the child runs.</returns>
    /// <exception cref="ArgumentException">A variable of <see cref="Environment"/> can't be one.</exception>
    /// <exception cref="PlatformNotSupportedException">Not on Linux.</exception>
    public IvError TryStart() => StartChild(out _);

    /// <summary>Sends the child a signal, and never another process that has got its number; any thread.</summary>
    /// <param name="signal">The number of the signal, as in 15 for SIGTERM; 0 only asks whether there is somebody to get one.</param>
    /// <returns>ESRCH: the child has been reaped, which is so before the handler is told, or is not started. EINVAL: no such signal. EPERM: see kill(2).</returns>
    public IvError Kill(int signal) => _watch?.Kill(signal) ?? IvError.ESRCH;

    /// <summary>As <see cref="Kill(int)"/>; any thread.</summary>
    /// <param name="signal">A signal that .NET has a name for.</param>
    /// <returns>As for <see cref="Kill(int)"/>.</returns>
    public IvError Kill(PosixSignal signal) => Kill(ChildHandle.NumberOf(signal));

    /// <summary>As <see cref="Kill(int)"/>, to all of the child's group; any thread. Only with <see cref="NewProcessGroup"/>.</summary>
    /// <param name="signal">The number of the signal.</param>
    /// <returns>As for <see cref="Kill(int)"/>. What is left of the group when the child has ended can't be reached.</returns>
    /// <exception cref="InvalidOperationException">The child has no group of its own.</exception>
    public IvError KillGroup(int signal)
    {
        if (!NewProcessGroup)
        {
            throw new InvalidOperationException($"{ShortText}: KillGroup called, but the child is in the group of this process. Set NewProcessGroup.");
        }

        return _watch?.KillGroup(signal) ?? IvError.ESRCH;
    }

    /// <summary>As <see cref="KillGroup(int)"/>; any thread.</summary>
    /// <param name="signal">A signal that .NET has a name for.</param>
    /// <returns>As for <see cref="Kill(int)"/>.</returns>
    /// <exception cref="InvalidOperationException">The child has no group of its own.</exception>
    public IvError KillGroup(PosixSignal signal) => KillGroup(ChildHandle.NumberOf(signal));

    /// <summary>
    /// Ends the child, by the signals of <see cref="KillLadder"/>, the first one at once; its whole group if it has one of its own.
    /// Returns immediately; the loop is kept alive until the child has ended, and <see cref="HandlerExit"/> is called then.
    /// Nothing happens if the child does not run, or is being ended already.
    /// </summary>
    public void Close()
    {
        if (CheckedLoop(nameof(Close)) is null || IsClosing)
        {
            return;
        }

        KeepsLoopAlive = true;
        _signalsSent = 0;
        _closing = KillLadder;
        _ladder = new IvTimer(static timer => ((IvProcess)timer.State!).TakeStep()) { State = this, IsInternal = true };
        _ladder.Start(_closing.Interval, _closing.Interval);
        TakeStep();
    }

    /// <summary>The program, its number and the name, as in <c>IvProcess vmstat (4711, "load")</c>.</summary>
    /// <returns>A text for messages. Allocates.</returns>
    public override string ToString()
    {
        string? number = ProcessId == 0 ? null : ProcessId.ToString(CultureInfo.InvariantCulture);
        string? name = Name is null ? null : $"\"{Name}\"";
        return number is null && name is null ? $"IvProcess {Program}"
            : $"IvProcess {Program} ({number}{(number is null || name is null ? string.Empty : ", ")}{name})";
    }

    void IChildOwner.OnStatus(in IvChildStatus status)
    {
        Status = status;
        ChildWatch watch = _watch!;
        _watch = null;
        _ladder?.Stop();
        watch.Dispose();
        Unbind();
        HandlerExit?.Invoke(this, status);
    }

    // A Dispose can't wait: the child goes on, and is reaped by the library whenever it ends.
    internal override void EndRegistration()
    {
        ChildWatch watch = _watch!;
        _watch = null;
        _ladder?.Stop();
        Unbind();
        watch.Abandon();
    }

    private void TakeStep()
    {
        IvLoop loop = Loop!;
        int signal = _signalsSent < _closing!.Attempts ? _closing.Signal : Constants.SIGKILL;
        _signalsSent++;
        IvError error = NewProcessGroup ? KillGroup(signal) : IvError.ESRCH;

        // It may have left the group that it began with.
        error = error == IvError.ESRCH ? Kill(signal) : error;
        if (error is IvError.None or IvError.ESRCH)
        {
            return;
        }

        EndRegistration();
        loop.Warn($"{this}: Close can't end the child: {error.Describe()}. It has changed its user, probably, and goes on without being waited for.");
    }

    private static void CheckText(string text, string parameter)
    {
        if (!NativeStrings.IsValid(text))
        {
            throw new ArgumentException("A program can't be given a text with a NUL, or with half of a surrogate pair.", parameter);
        }
    }

    private static IvStdio CheckNotMerged(IvStdio stream) =>
        stream.Kind == IvStdio.SourceKind.SameAsOutput
            ? throw new ArgumentException("SameAsOutput is for StandardError.", nameof(stream))
            : stream;

    private InvalidOperationException NoPipe(string stream) =>
        new(_isStarted ? $"{this}: {stream} is not IvStdio.Pipe." : $"{this}: has not been started, so there is no pipe yet.");

    [DoesNotReturn]
    private void RaiseStartedTwice() => IvFatal.Raise(
        FatalCondition.ProcessStartedTwice,
        $"{this}: Start called, but it has been started before. Make a new object for another child.",
        this);
}
