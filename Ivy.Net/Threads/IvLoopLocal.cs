using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

#pragma warning disable MA0048 // IvLoopLocal<T>: the file system has no angle brackets

namespace Ivy.Net;

/// <summary>Something of which each loop has its own: a cache, a pool of buffers, a connection to a server.</summary>
/// <remarks>
/// <para>Set up when a loop's thread first asks for it, and torn down by <see cref="IvLoop.Dispose"/>: in the opposite order, so
/// that what a set-up has used is still there in the tear-down. In both the loop is in working order, and may be called
/// in any way. No lock, and no look into a table: asking costs an index into an array of the loop.</para>
/// <para>Make it once, as a static field: its number in the loops' arrays is never handed out again. Any thread may make one.
/// Follows iv_tls(3); see IvLoopLocal(3).</para>
/// </remarks>
/// <typeparam name="T">What each loop has.</typeparam>
public sealed class IvLoopLocal<T>
{
    private readonly int _index = LoopLocalNumber.Next();
    private readonly Func<IvLoop, T> _setUp;
    private readonly Action<IvLoop, T>? _tearDown;

    /// <summary>Declares it; nothing is set up yet.</summary>
    /// <param name="setUp">Makes what one loop has, on its thread. What it throws goes to whoever asked, and the next one to ask tries again.</param>
    /// <param name="tearDown">Ends it, when the loop is disposed, on its thread. Null: there is nothing to end.</param>
    public IvLoopLocal(Func<IvLoop, T> setUp, Action<IvLoop, T>? tearDown = null)
    {
        ArgumentNullException.ThrowIfNull(setUp);
        _setUp = setUp;
        _tearDown = tearDown;
    }

    private enum Stage : byte
    {
        SettingUp,
        Ready,
        TornDown,
    }

    /// <summary>
    /// What this thread's loop has; set up if need be. Without a loop it is a misuse (IVF0002); in its own set-up too (IVF0120),
    /// and after its tear-down (IVF0121).
    /// </summary>
    public T Value
    {
        get
        {
            IvLoop loop = IvLoop.Current ?? RaiseNoLoop();
            return loop.Locals.Find(_index) is Slot { Stage: Stage.Ready } slot ? slot.Value! : SetUp(loop);
        }
    }

    /// <summary>Whether this thread has a loop for which it is set up. Any thread.</summary>
    public bool IsSetUp => IvLoop.Current?.Locals.Find(_index) is Slot { Stage: Stage.Ready };

    /// <summary>As <see cref="Value"/>, of a loop that is at hand; the loop's thread (IVF0001), and not after its Dispose (IVF0005).</summary>
    /// <param name="loop">The loop of this thread.</param>
    /// <returns>What it has; set up if need be.</returns>
    public T Get(IvLoop loop)
    {
        ArgumentNullException.ThrowIfNull(loop);
        loop.CheckThread(this, nameof(Get));
        loop.CheckNotDisposed(nameof(IvLoopLocal<>));
        return loop.Locals.Find(_index) is Slot { Stage: Stage.Ready } slot ? slot.Value! : SetUp(loop);
    }

    /// <summary>For code that runs with and without loops: what this thread's loop has, set up if need be.</summary>
    /// <param name="value">What the loop has.</param>
    /// <returns>False on a thread without a loop, and after the tear-down.</returns>
    public bool TryGet([MaybeNullWhen(false)] out T value)
    {
        if (IvLoop.Current is not { } loop || loop.Locals.Find(_index) is Slot { Stage: Stage.TornDown })
        {
            value = default;
            return false;
        }

        value = Value;
        return true;
    }

    /// <summary>As in <c>IvLoopLocal&lt;Cache&gt;</c>.</summary>
    /// <returns>A text for messages. Allocates.</returns>
    public override string ToString() => $"IvLoopLocal<{typeof(T).Name}>";

    [MethodImpl(MethodImplOptions.NoInlining)]
    private T SetUp(IvLoop loop)
    {
        if (loop.Locals.Find(_index) is Slot known)
        {
            RaiseOutOfOrder(loop, known.Stage);
        }

        var slot = new Slot(this);
        loop.Locals.Begin(_index, slot);
        try
        {
            slot.Value = _setUp(loop);
            slot.Stage = Stage.Ready;
        }
        finally
        {
            if (slot.Stage != Stage.Ready)
            {
                loop.Locals.Forget(_index);
            }
        }

        loop.Locals.Complete(slot);
        return slot.Value;
    }

    [DoesNotReturn]
    private void RaiseOutOfOrder(IvLoop loop, Stage stage)
    {
        if (stage == Stage.SettingUp)
        {
            IvFatal.Raise(
                FatalCondition.LoopLocalInSetUp,
                $"{this}: asked for in its own set-up on {loop}, perhaps by way of another one. Let one of them do without the other, or pass the loop's parts on.",
                this);
        }

        IvFatal.Raise(
            FatalCondition.LoopLocalTornDown,
            $"{this}: asked for after its tear-down on {loop}. Tear-downs run in the opposite order of the set-ups: ask for it in the set-up of what still needs it, or use TryGet.",
            this);
    }

    [DoesNotReturn]
    private IvLoop RaiseNoLoop()
    {
        IvFatal.Raise(
            FatalCondition.NoLoop,
            $"{this}: Value read on thread {Environment.CurrentManagedThreadId}, which has no loop. Make one there (new IvLoop()), read it inside loop.Post(…), or use TryGet; see IvLoopLocal(3).",
            this);
        return null;
    }

    private sealed class Slot(IvLoopLocal<T> owner) : LoopLocalSlot
    {
        public Stage Stage { get; set; }

        public T? Value { get; set; }

        public override void TearDown(IvLoop loop)
        {
            Stage = Stage.TornDown;
            T value = Value!;
            Value = default;
            owner._tearDown?.Invoke(loop, value);
        }
    }
}
