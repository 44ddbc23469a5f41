using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace Ivy.Net;

/// <summary>What everything that can be registered on a loop has in common: a name, a state of the user's, an owner.</summary>
/// <remarks>
/// An object that is not registered has no thread. Registering binds it to the loop of the calling thread, and until it is
/// unregistered only that thread may use it, except for the members that say that any thread may call them. Breaking that
/// rule is a misuse (IVF0001) that is found before anything changes. Not meant to be derived from.
/// </remarks>
[DebuggerDisplay("{ToString(),nq}")]
public abstract class IvObject : IDisposable
{
    // What is seldom touched comes first, so that the rest lies beside the fields of the derived class: with very many objects each
    // cache line counts.
    private string? _name;
    private object? _state;
    private volatile IvLoop? _loop;
    private readonly ObjectKind _kind;
    private ObjectFlags _flags;

    // Where the queue of its kind has the object. Here, where the layout has a gap beside the flags.
    private protected int _place;

    private protected IvObject(ObjectKind kind) => _kind = kind;

    [Flags]
    private enum ObjectFlags : byte
    {
        None = 0,
        Background = 1,
        Disposed = 2,
        Internal = 4,
        Socket = 8,
    }

    /// <summary>What messages, dumps and reports call the object.</summary>
    public string? Name
    {
        get => _name;
        set => _name = value;
    }

    /// <summary>The user's own: handlers find their context here and need no closure.</summary>
    public object? State
    {
        get => _state;
        set => _state = value;
    }

    /// <summary>The loop that the object is registered on, null if it is not. Any thread may read it.</summary>
    public IvLoop? Loop => _loop;

    /// <summary>Whether the object is registered. A timer or task that is about to run still is; inside its handler it no longer is.</summary>
    public bool IsRegistered => _loop is not null;

    /// <summary>
    /// Whether <see cref="IvLoop.Run()"/> goes on for as long as the object is registered. Defaults to true; false is for what
    /// only accompanies the program, as a statistics timer does.
    /// </summary>
    public bool KeepsLoopAlive
    {
        get => (_flags & ObjectFlags.Background) == 0;
        set
        {
            if (value == KeepsLoopAlive)
            {
                return;
            }

            IvLoop? loop = CheckedLoop("KeepsLoopAlive");
            _flags ^= ObjectFlags.Background;
            if (loop is not null)
            {
                loop.Active += value ? 1 : -1;
            }
        }
    }

    // For messages of other threads, which must not ask the socket: as ToString, without what it watches.
    internal string ShortText => Name is null ? $"Iv{_kind}" : $"Iv{_kind} \"{Name}\"";

    internal bool IsDisposed => (_flags & ObjectFlags.Disposed) != 0;

    // The library's own, which no counter, dump or leak report shows.
    internal bool IsInternal
    {
        get => (_flags & ObjectFlags.Internal) != 0;
        init => _flags = value ? _flags | ObjectFlags.Internal | ObjectFlags.Background : _flags;
    }

    // Of an IvFd: what it watches is an IvSocket. Here, beside what each dispatch reads: handlers ask for it at each event, and the type
    // of the socket itself, or the end of the object, would be one more line of memory to wait for.
    private protected bool HasSocket
    {
        get => (_flags & ObjectFlags.Socket) != 0;
        init => _flags = value ? _flags | ObjectFlags.Socket : _flags & ~ObjectFlags.Socket;
    }

    internal ObjectKind Kind => _kind;

    /// <summary>Unregisters the object if it is registered, and ends its use. Idempotent; on the loop's thread while it is registered.</summary>
    public void Dispose()
    {
        if (IsDisposed)
        {
            return;
        }

        CheckedLoop(nameof(Dispose));
        if (IsRegistered)
        {
            EndRegistration();
        }

        OnDisposed();
        _flags |= ObjectFlags.Disposed;
        GC.SuppressFinalize(this);
    }

    /// <summary>The kind and the name, as in <c>IvTimer "tick"</c>.</summary>
    /// <returns>A text for messages. Allocates.</returns>
    public override string ToString() => ShortText;

    // What a line of the loop's dump says of the object: its kind in one word, null for that of its descriptor, and what else
    // there is to know. An object without a descriptor has a line if one of its internal events is registered.
    internal virtual string? DumpKind => null;

    internal virtual string DumpDetails => string.Empty;

    // The kernel refused a change of interest in the descriptor that the library watches for this object. False: nobody to tell.
    internal virtual bool OnRefused(IvError error) => false;

    // Takes the object off its loop, on the loop's thread, whatever state it is in there.
    internal abstract void EndRegistration();

    private protected virtual void OnDisposed()
    {
    }

    /// <summary>The loop to register on, or the misuse that forbids it.</summary>
    private protected IvLoop LoopForRegister(string member = "Register")
    {
        if (IsDisposed)
        {
            RaiseDisposed(member);
        }

        if (_loop is { } bound)
        {
            bound.CheckThread(this, member);
            RaiseAlreadyRegistered(bound);
        }

        return IvLoop.Current ?? RaiseNoLoop(member);
    }

    /// <summary>Binds the object to a loop and counts it.</summary>
    private protected void Bind(IvLoop loop)
    {
        _loop = loop;
        if (!IsInternal)
        {
            loop.Count(_kind, 1);
        }

        if (KeepsLoopAlive)
        {
            loop.Active++;
        }
    }

    /// <summary>Frees the object from its loop and uncounts it.</summary>
    private protected void Unbind()
    {
        if (_loop is { } loop)
        {
            Unbind(loop, _kind);
        }
    }

    /// <summary>As <see cref="Unbind()"/>, for who knows what is written in the object.</summary>
    private protected void Unbind(IvLoop loop, ObjectKind kind)
    {
        _loop = null;
        if (!IsInternal)
        {
            loop.Count(kind, -1);
        }

        if (KeepsLoopAlive)
        {
            loop.Active--;
        }
    }

    /// <summary>The loop of a registered object on its own thread; null if it is not registered; a misuse elsewhere.</summary>
    private protected IvLoop? CheckedLoop(string member)
    {
        if (_loop is not { } loop)
        {
            return null;
        }

        // Of the two that are the same one it is the thread's, whose address is known already: with very many objects, that of this
        // one is yet to come from memory, and each count that is kept there would wait for it, and the next call for the count.
        IvLoop? current = IvLoop.Current;
        if (loop == current)
        {
            return current;
        }

        loop.CheckThread(this, member);
        return loop;
    }

    /// <summary>As <see cref="CheckedLoop"/>, and a misuse if the object is not registered.</summary>
    private protected IvLoop LoopForUnregister()
    {
        IvLoop? loop = CheckedLoop("Unregister");
        if (loop is null)
        {
            IvFatal.Raise(
                FatalCondition.NotRegistered,
                $"{this}: Unregister called, but it is not registered. Check IsRegistered first, or use Dispose, which may be called at any time.",
                this);
        }

        return loop;
    }

    [DoesNotReturn]
    private protected void RaiseDisposed(string member) => IvFatal.Raise(
        FatalCondition.DisposedObject,
        $"{this}: {member} called after Dispose. Make a new object instead.",
        this);

    [DoesNotReturn]
    private void RaiseAlreadyRegistered(IvLoop loop) => IvFatal.Raise(
        FatalCondition.AlreadyRegistered,
        $"{this}: Register called, but it is registered on {loop} already. Unregister it first; a timer that may be running is re-armed by Start.",
        this);

    [DoesNotReturn]
    private IvLoop RaiseNoLoop(string member)
    {
        IvFatal.Raise(
            FatalCondition.NoLoop,
            $"{this}: {member} called on thread {Environment.CurrentManagedThreadId}, which has no loop. Make one there (new IvLoop()), or register inside loop.Post(…); see ivy-threads(7).",
            this);
        return null;
    }
}
