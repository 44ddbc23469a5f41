using System.Globalization;
using System.Text;

namespace Ivy.Net;

/// <summary>What epoll(7) is to the kernel: the registrations of one poller, and which of them may be ready.</summary>
/// <remarks>
/// 1. A registration is keyed by open description and number. It lives until it is removed by that number while the number
///    still means that description, or until the description's last close; a close of the number alone does not end it.
/// 2. Whatever is ready is in the queue. What is in the queue may be ready; who finds that it is not takes it out.
///    An edge-triggered one leaves it when it is reported; what is news of its description puts it back.
/// 3. What was reported goes to the end of the queue, so that a small answer is fair; within one answer the seed picks the order.
/// </remarks>
internal sealed class SimulatedPollSet(SimulatedNetwork network)
{
    private readonly Dictionary<(SimulatedDescription Description, nint Handle), SimulatedWatch> _watches = [];
    private readonly LinkedList<SimulatedWatch> _queue = new();

    /// <summary>The next or current wait returns at once.</summary>
    public bool IsWoken { get; set; }

    public int Count => _watches.Count;

    /// <summary>EPOLL_CTL_ADD: EBADF, EPERM, EEXIST.</summary>
    public IvError Add(nint handle, SimulatedReadiness want, ulong token)
    {
        IvError error = network.Find(handle, out SimulatedDescription description);
        if (error == IvError.None && !description.Identity.IsPollable)
        {
            error = IvError.EPERM;
        }

        if (error == IvError.None && _watches.ContainsKey((description, handle)))
        {
            error = IvError.EEXIST;
        }

        if (error == IvError.None)
        {
            var watch = new SimulatedWatch(this, description, handle) { Want = want, Token = token };
            _watches.Add((description, handle), watch);
            description.Attach(watch);
            Enqueue(watch);
        }

        return error;
    }

    /// <summary>EPOLL_CTL_MOD: EBADF, ENOENT.</summary>
    public IvError Change(nint handle, SimulatedReadiness want, ulong token)
    {
        IvError error = network.Find(handle, out SimulatedDescription description);
        if (error != IvError.None)
        {
            return error;
        }

        if (!_watches.TryGetValue((description, handle), out SimulatedWatch? watch))
        {
            return IvError.ENOENT;
        }

        watch.Want = want;
        watch.Token = token;
        Enqueue(watch);
        return IvError.None;
    }

    /// <summary>EPOLL_CTL_DEL: EBADF, ENOENT. As in the kernel it asks the number what it means now, which may be a stranger.</summary>
    public IvError Remove(nint handle)
    {
        IvError error = network.Find(handle, out SimulatedDescription description);
        if (error != IvError.None)
        {
            return error;
        }

        if (!_watches.TryGetValue((description, handle), out SimulatedWatch? watch))
        {
            return IvError.ENOENT;
        }

        Forget(watch);
        return IvError.None;
    }

    /// <summary>Ends the registration with a token, if it is still there: its change was refused.</summary>
    public void Drop(ulong token)
    {
        foreach (SimulatedWatch watch in _watches.Values)
        {
            if (watch.Token == token)
            {
                Forget(watch);
                return;
            }
        }
    }

    public void Clear()
    {
        foreach (SimulatedWatch watch in _watches.Values)
        {
            watch.Description.Detach(watch);
            watch.Node = null;
        }

        _watches.Clear();
        _queue.Clear();
    }

    public void Forget(SimulatedWatch watch)
    {
        _watches.Remove((watch.Description, watch.Handle));
        watch.Description.Detach(watch);
        Dequeue(watch);
    }

    public void Enqueue(SimulatedWatch watch) => watch.Node ??= _queue.AddLast(watch);

    /// <summary>Whether there is something to report. Amortized: what is not ready leaves the queue.</summary>
    public bool HasReady()
    {
        while (_queue.First is { } first)
        {
            if (first.Value.Ready != SimulatedReadiness.None)
            {
                return true;
            }

            Dequeue(first.Value);
        }

        return false;
    }

    /// <summary>Takes as many as fit; level-triggered, unless edges are wanted.</summary>
    public int Collect(Span<(ulong Token, SimulatedReadiness Ready)> answers, SimulatedRandom order)
    {
        int count = 0;
        LinkedListNode<SimulatedWatch>? last = _queue.Last;
        LinkedListNode<SimulatedWatch>? node = _queue.First;
        while (node != null && count < answers.Length)
        {
            LinkedListNode<SimulatedWatch>? next = node == last ? null : node.Next;
            SimulatedWatch watch = node.Value;
            SimulatedReadiness ready = watch.Ready;
            Dequeue(watch);
            if (ready != SimulatedReadiness.None)
            {
                answers[count++] = (watch.Token, ready);

                // Level-triggered is: still in the queue. Without it a partial read waits for the next arrival.
                bool isLevel = (watch.Want & SimulatedReadiness.Edge) == 0;
                if (isLevel && (Planted.Active != PlantedBug.EdgeTriggeredRead || ready != SimulatedReadiness.In))
                {
                    Enqueue(watch);
                }
            }

            node = next;
        }

        for (int i = count - 1; i > 0; i--)
        {
            int other = order.Below(i + 1);
            (answers[i], answers[other]) = (answers[other], answers[i]);
        }

        return count;
    }

    /// <summary>Who is waited for, in the order of the numbers, for the message of a simulation that is stuck.</summary>
    public void Describe(StringBuilder text)
    {
        // A message that names some is read; one that names thousands is not.
        const int most = 16;
        var watches = new List<SimulatedWatch>(_watches.Values);
        watches.Sort(static (left, right) => left.Handle.CompareTo(right.Handle));
        for (int i = 0; i < watches.Count && i < most; i++)
        {
            text.Append(i == 0 ? " on descriptor " : ", ").Append(watches[i].Handle.ToString(CultureInfo.InvariantCulture)).Append(" for ").Append(watches[i].Want.ToString());
        }

        if (watches.Count == 0)
        {
            text.Append(" on no descriptor");
        }
        else if (watches.Count > most)
        {
            text.Append(CultureInfo.InvariantCulture, $" and {watches.Count - most} more");
        }
    }

    private void Dequeue(SimulatedWatch watch)
    {
        if (watch.Node is { } node)
        {
            _queue.Remove(node);
            watch.Node = null;
        }
    }
}
