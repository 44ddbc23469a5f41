namespace Ivy.Net;

/// <summary>What a <see cref="SimulatedNetwork"/> is like: how slow, how small, and how hostile.</summary>
/// <remarks>
/// <para>The defaults are a perfect machine: no latency, no faults, generous buffers. <see cref="Hostile"/> is the contrary, and
/// what most tests should use. Probabilities are from 0 (never) to 1 (always), each for one occasion.</para>
/// <para>Copied by the network when it is made: changes afterwards have no effect. See SimulatedNetwork(3).</para>
/// </remarks>
public sealed record SimulatedNetworkOptions
{
    // 64 KiB: some ten times what a test sends at once, so that full buffers are met where a test or Hostile wants them.
    private const int DefaultBufferSize = 65536;

    private readonly double[] _probabilities = new double[Enum.GetValues<SimulatedFault>().Length];

    /// <summary>A perfect machine.</summary>
    public SimulatedNetworkOptions()
    {
    }

    // The copy of a record shares what it refers to; this one must not.
    private SimulatedNetworkOptions(SimulatedNetworkOptions original)
    {
        _probabilities = (double[])original._probabilities.Clone();
        MinimumLatency = original.MinimumLatency;
        MaximumLatency = original.MaximumLatency;
        LongestDelay = original.LongestDelay;
        SystemCallCost = original.SystemCallCost;
        SendBufferSize = original.SendBufferSize;
        ReceiveBufferSize = original.ReceiveBufferSize;
        DescriptorLimit = original.DescriptorLimit;
    }

    /// <summary>
    /// Every kind of fault, often: one occasion in eight for the harmless ones, one in some hundreds for a reset; latency from
    /// 0 to 2 ms, delays to 50 ms, buffers of 4 KiB, calls that cost up to 5 µs. A new object at each call, to be adapted by <c>with</c>.
    /// </summary>
    public static SimulatedNetworkOptions Hostile => new SimulatedNetworkOptions
    {
        MinimumLatency = TimeSpan.Zero,
        MaximumLatency = TimeSpan.FromMilliseconds(2),
        LongestDelay = TimeSpan.FromMilliseconds(50),
        SystemCallCost = TimeSpan.FromMicroseconds(5),
        SendBufferSize = 4096,
        ReceiveBufferSize = 4096,
    }
        .With(SimulatedFault.ShortRead, 0.125)
        .With(SimulatedFault.ShortWrite, 0.125)
        .With(SimulatedFault.SpuriousReadiness, 0.125)
        .With(SimulatedFault.InterruptedWait, 0.125)
        .With(SimulatedFault.ConnectionReset, 0.002)
        .With(SimulatedFault.FailedConnect, 0.01)
        .With(SimulatedFault.DescriptorExhaustion, 0.02)
        .With(SimulatedFault.DelayedDelivery, 0.03)
        .With(SimulatedFault.DelayedWakeup, 0.03)
        .With(SimulatedFault.LostDatagram, 0.05)
        .With(SimulatedFault.DuplicatedDatagram, 0.05)
        .With(SimulatedFault.ReorderedDatagram, 0.05);

    /// <summary>How long what is sent over TCP and UDP takes at least. Default 0. Unix sockets take no time, as in the kernel.</summary>
    public TimeSpan MinimumLatency { get; init; }

    /// <summary>How long it takes at most, delays excepted; the seed picks. Default 0. Below the minimum, the minimum holds.</summary>
    public TimeSpan MaximumLatency { get; init; }

    /// <summary>
    /// How much longer a delivery or a wakeup takes at most if <see cref="SimulatedFault.DelayedDelivery"/>,
    /// <see cref="SimulatedFault.DelayedWakeup"/> or <see cref="SimulatedFault.ReorderedDatagram"/> hits it. Default 100 ms.
    /// </summary>
    public TimeSpan LongestDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// How much time a call of the network takes at most; the seed picks, from 0. Default 0: time stands still between two waits.
    /// </summary>
    public TimeSpan SystemCallCost { get; init; }

    /// <summary>What a socket may have under way, in bytes, until SO_SNDBUF says otherwise. Default 65,536.</summary>
    public int SendBufferSize { get; init; } = DefaultBufferSize;

    /// <summary>What a socket may have waiting to be read, in bytes, until SO_RCVBUF says otherwise. Default 65,536.</summary>
    public int ReceiveBufferSize { get; init; } = DefaultBufferSize;

    /// <summary>How many descriptors may be open at once; one more is EMFILE. Default 65,536.</summary>
    public int DescriptorLimit { get; init; } = 65536;

    /// <summary>The probability of a fault.</summary>
    /// <param name="fault">The kind.</param>
    /// <returns>From 0 to 1.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such kind.</exception>
    public double this[SimulatedFault fault]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)fault, (uint)_probabilities.Length, nameof(fault));
            return _probabilities[(int)fault];
        }
    }

    /// <summary>The same options with another probability of one fault.</summary>
    /// <param name="fault">The kind.</param>
    /// <param name="probability">From 0 (never) to 1 (at every occasion).</param>
    /// <returns>A copy.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such kind, or the probability is none.</exception>
    public SimulatedNetworkOptions With(SimulatedFault fault, double probability)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)fault, (uint)_probabilities.Length, nameof(fault));
        if (!(probability is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(probability), probability, "A probability is from 0 to 1.");
        }

        var copy = new SimulatedNetworkOptions(this);
        copy._probabilities[(int)fault] = probability;
        return copy;
    }

    /// <summary>Whether two are the same in everything.</summary>
    /// <param name="other">The other.</param>
    /// <returns>True if they are.</returns>
    public bool Equals(SimulatedNetworkOptions? other) => other is not null
        && _probabilities.AsSpan().SequenceEqual(other._probabilities)
        && (MinimumLatency, MaximumLatency, LongestDelay, SystemCallCost, SendBufferSize, ReceiveBufferSize, DescriptorLimit)
            == (other.MinimumLatency, other.MaximumLatency, other.LongestDelay, other.SystemCallCost, other.SendBufferSize, other.ReceiveBufferSize, other.DescriptorLimit);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(MaximumLatency, LongestDelay, SystemCallCost, SendBufferSize, ReceiveBufferSize, DescriptorLimit);

    // The name of the parameter is that of the network's constructor.
    internal static SimulatedNetworkOptions Checked(SimulatedNetworkOptions options)
    {
        bool isPossible = options.MinimumLatency >= TimeSpan.Zero && options.MaximumLatency >= TimeSpan.Zero && options.LongestDelay >= TimeSpan.Zero
            && options.SystemCallCost >= TimeSpan.Zero && options.SendBufferSize > 0 && options.ReceiveBufferSize > 0 && options.DescriptorLimit >= 0;
        return isPossible ? options : throw new ArgumentOutOfRangeException(nameof(options), options, "Times and limits are 0 or more, buffers have at least one byte.");
    }
}
