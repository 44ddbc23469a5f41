namespace Ivy.Net;

/// <summary>What a loop keeps for others by number, and the order in which it came.</summary>
/// <remarks>
/// L1: a slot is set up at most once in a loop's life. From its set-up to its tear-down it is in <c>_order</c>.
/// L2: what a set-up uses is set up before it, and so torn down after it.
/// L3: tearing down ends: whatever is set up meanwhile is torn down next, and what has been torn down stays so.
/// </remarks>
internal sealed class LoopLocals
{
    // Null: not set up yet. Numbers are handed out for the life of the process, and are few.
    private LoopLocalSlot?[] _slots = [];
    private readonly List<LoopLocalSlot> _order = [];

    public LoopLocalSlot? Find(int index)
    {
        LoopLocalSlot?[] slots = _slots;
        return (uint)index < (uint)slots.Length ? slots[index] : null;
    }

    /// <summary>Before the set-up runs, so that one that asks for itself is found out.</summary>
    public void Begin(int index, LoopLocalSlot slot)
    {
        if (index >= _slots.Length)
        {
            Array.Resize(ref _slots, Math.Max(index + 1, _slots.Length * 2));
        }

        _slots[index] = slot;
    }

    /// <summary>The set-up has thrown: the next one begins anew.</summary>
    public void Forget(int index) => _slots[index] = null;

    public void Complete(LoopLocalSlot slot) => _order.Add(slot);

    /// <summary>Runs all tear-downs, the latest first, and returns what they have thrown.</summary>
    public List<Exception>? TearDown(IvLoop loop)
    {
        List<Exception>? failures = null;
        while (_order.Count > 0)
        {
            LoopLocalSlot slot = _order[^1];
            _order.RemoveAt(_order.Count - 1);
            try
            {
                slot.TearDown(loop);
            }
#pragma warning disable CA1031 // the others have their turn first
            catch (Exception exception)
#pragma warning restore CA1031
            {
                (failures ??= []).Add(exception);
            }
        }

        return failures;
    }
}
