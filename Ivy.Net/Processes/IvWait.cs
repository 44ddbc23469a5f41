using System.Globalization;
using System.Runtime.InteropServices;

namespace Ivy.Net;

/// <summary>Waits for a child of this process: calls its handler when the child ends, and, if asked, when it stops and continues.</summary>
/// <remarks>
/// <para>For children that were started by other means; <see cref="IvProcess"/> starts one and waits for it. It waits for this
/// child and no other: those of System.Diagnostics.Process and of other libraries are left alone, and a child that
/// System.Diagnostics.Process has started must not be waited for here. One object at a time waits for a child (IVF0110).</para>
/// <para>When the child ends it is reaped first, so that its number is free and <see cref="Kill(int)"/> answers ESRCH, and then the
/// handler is called. The object stays registered, and keeps the loop alive, until it is unregistered.</para>
/// <para><see cref="Kill(int)"/> is for any thread; everything else is for the loop's thread while the object is registered. Linux
/// only (5.4 and later). Follows iv_wait(3); see IvWait(3).</para>
/// </remarks>
public sealed class IvWait : IvObject, IChildOwner
{
    private volatile ChildWatch? _watch;

    /// <summary>Makes an object for a child; nothing is told before <see cref="Register"/>.</summary>
    /// <param name="processId">The child's number, more than 0.</param>
    /// <param name="handler">Gets each change, in order, on the loop's thread.</param>
    public IvWait(int processId, Action<IvWait, IvChildStatus> handler)
        : base(ObjectKind.Wait)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(processId);
        ArgumentNullException.ThrowIfNull(handler);
        ProcessId = processId;
        Handler = handler;
    }

    /// <summary>The child's number.</summary>
    public int ProcessId { get; }

    /// <summary>Gets each change; may be replaced at any time.</summary>
    public Action<IvWait, IvChildStatus> Handler
    {
        get => field;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            CheckedLoop(nameof(Handler));
            field = value;
        }
    }

    /// <summary>
    /// Whether the handler is also told when a signal stops the child, and when it continues. Defaults to false: the handler is
    /// called once, at the end. Costs a look at the child whenever any child of the process changes.
    /// </summary>
    public bool TellsStops { get; init; }

    ChildWatch? IChildOwner.Watch => _watch;

    internal override string DumpKind => "child";

    internal override string DumpDetails => string.Create(
        CultureInfo.InvariantCulture,
        $"pid={ProcessId}{(_watch?.End is { } end ? $" {end}" : string.Empty)}");

    /// <summary>
    /// Begins to wait, on this thread's loop. A child that has ended already, and has not been reaped, is told of in the next turn.
    /// An object that is registered is a misuse (IVF0020), and so is a child that another object waits for (IVF0110).
    /// </summary>
    /// <exception cref="IvException">
    /// ESRCH: no such process. ECHILD: not a child of this process. SignalIgnored: SIGCHLD was ignored when the program was
    /// started, so that the kernel keeps no status. ENOSYS: Linux before 5.4. EMFILE, ENFILE: no descriptor is left.
    /// </exception>
    /// <exception cref="PlatformNotSupportedException">Not on Linux.</exception>
    public void Register()
    {
        IvError error = TryRegister();
        if (error != IvError.None)
        {
            throw new IvException(error, "wait", this, Advice(error));
        }
    }

    /// <summary>As <see cref="Register"/>, and returns the error instead of throwing it.</summary>
    /// <returns><see cref="IvError.None"/> if the object is registered.</returns>
    /// <exception cref="PlatformNotSupportedException">Not on Linux.</exception>
    public IvError TryRegister()
    {
        IvLoop loop = LoopForRegister();
        ChildErrors.CheckPlatform(this);
        IvError error = ChildErrors.CheckSystem(loop);
        if (error != IvError.None)
        {
            return error;
        }

        error = ChildHandle.TryOpen(ProcessId, out ChildHandle? child, out bool isHeld);
        if (isHeld)
        {
            IvFatal.Raise(
                FatalCondition.ChildWatchedTwice,
                $"{this}: Register called, but another object waits for this child already, an IvWait, or the IvProcess that started it. A child ends once: wait for it in one place, and tell the others from there.",
                this);
        }

        if (error != IvError.None)
        {
            return error;
        }

        error = ChildWatch.TryStart(this, child!, TellsStops, out ChildWatch? watch);
        if (error != IvError.None)
        {
            child!.Dispose();
            return error;
        }

        _watch = watch;
        Bind(loop);
        return IvError.None;
    }

    /// <summary>
    /// Ends the wait: nothing is told any more. A child that lives goes on, and is its parent's again to reap. An object that is
    /// not registered is a misuse (IVF0021).
    /// </summary>
    public void Unregister()
    {
        LoopForUnregister();
        EndRegistration();
    }

    /// <summary>Sends the child a signal, and never another process that has got its number; any thread.</summary>
    /// <param name="signal">The number of the signal, as in 15 for SIGTERM; 0 only asks whether there is somebody to get one.</param>
    /// <returns>ESRCH: the child has been reaped, which is so before the handler is told, or the object is not registered. EINVAL: no such signal. EPERM: see kill(2).</returns>
    public IvError Kill(int signal) => _watch?.Kill(signal) ?? IvError.ESRCH;

    /// <summary>As <see cref="Kill(int)"/>; any thread.</summary>
    /// <param name="signal">A signal that .NET has a name for.</param>
    /// <returns>As for <see cref="Kill(int)"/>.</returns>
    public IvError Kill(PosixSignal signal) => Kill(ChildHandle.NumberOf(signal));

    /// <summary>The number and the name, as in <c>IvWait 4711 ("backup")</c>.</summary>
    /// <returns>A text for messages. Allocates.</returns>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"IvWait {ProcessId}{(Name is null ? string.Empty : $" (\"{Name}\")")}");

    void IChildOwner.OnStatus(in IvChildStatus status) => Handler(this, status);

    internal override void EndRegistration()
    {
        ChildWatch watch = _watch!;
        _watch = null;
        watch.Dispose();
        Unbind();
    }

    private string? Advice(IvError error) => error switch
    {
        IvError.ESRCH => string.Create(CultureInfo.InvariantCulture, $"There is no process {ProcessId}: it has ended, and its status has been taken, or it never was"),
        IvError.ECHILD => string.Create(CultureInfo.InvariantCulture, $"Process {ProcessId} is not a child of this process, and only a parent can wait for it"),
        _ => ChildErrors.Advice(error),
    };
}
