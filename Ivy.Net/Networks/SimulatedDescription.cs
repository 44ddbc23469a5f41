namespace Ivy.Net;

/// <summary>
/// An open file description: what one or more numbers, and messages on their way that carry it, refer to. As in the kernel
/// it is this, and not the number, that ends with the last close, and that a registration lives as long as.
/// </summary>
internal abstract class SimulatedDescription(SimulatedNetwork network, DescriptorKind kind)
{
    // Anonymous descriptors share one inode, as those of anon_inodefs do.
    private const ulong AnonymousInode = 1;

    private readonly List<SimulatedWatch> _watches = [];
    private int _references;

    public SimulatedNetwork Network { get; } = network;

    public DescriptorIdentity Identity { get; } = new(kind, Device: (ulong)kind, kind == DescriptorKind.Anonymous ? AnonymousInode : network.NextInode());

    public bool IsBlocking { get; set; }

    public bool IsOpen => _references > 0;

    /// <summary>What poll(2) would say, asked for everything.</summary>
    public abstract SimulatedReadiness Readiness { get; }

    /// <summary>How many bytes a read would give at least 1 of; 0 where a read gives none. For the faults.</summary>
    public virtual int Readable => 0;

    public abstract IvIoResult Read(Span<byte> buffer);

    public abstract IvIoResult Write(ReadOnlySpan<byte> buffer);

    public void Refer() => _references++;

    public void Release()
    {
        if (--_references == 0)
        {
            OnLastClose();
            foreach (SimulatedWatch watch in _watches.ToArray())
            {
                watch.Set.Forget(watch);
            }
        }
    }

    public void Attach(SimulatedWatch watch) => _watches.Add(watch);

    public void Detach(SimulatedWatch watch) => _watches.Remove(watch);

    /// <summary>Readiness may have begun: whoever waits looks again.</summary>
    public void Changed()
    {
        foreach (SimulatedWatch watch in _watches)
        {
            watch.Set.Enqueue(watch);
        }
    }

    /// <summary>A call was cut short by a fault: who waits for edges is told of the rest as if it came only then. Who waits for levels sees it.</summary>
    public void RepeatEdges()
    {
        foreach (SimulatedWatch watch in _watches)
        {
            if ((watch.Want & SimulatedReadiness.Edge) != 0)
            {
                watch.Set.Enqueue(watch);
            }
        }
    }

    protected abstract void OnLastClose();
}
