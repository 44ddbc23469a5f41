using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Ivy.Net;

/// <summary>How often each kind of fault was injected: a test that counts none has proved nothing.</summary>
/// <remarks>
/// Live: it goes on counting. Any thread may read, but only in the program's own turn is a number reproducible. See
/// SimulatedNetwork(3).
/// </remarks>
[DebuggerDisplay("{ToString(),nq}")]
public sealed class SimulatedFaultCounts
{
    private readonly long[] _counts = new long[Enum.GetValues<SimulatedFault>().Length];

    internal SimulatedFaultCounts()
    {
    }

    /// <summary>All kinds together.</summary>
    public long Total
    {
        get
        {
            long total = 0;
            foreach (long count in _counts)
            {
                total += count;
            }

            return total;
        }
    }

    /// <summary>How often one kind was injected.</summary>
    /// <param name="fault">The kind.</param>
    /// <returns>0 or more.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such kind.</exception>
    public long this[SimulatedFault fault]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)fault, (uint)_counts.Length, nameof(fault));
            return _counts[(int)fault];
        }
    }

    /// <summary>As in <c>ShortRead 12, ShortWrite 9</c>: the kinds that happened, or <c>none</c>.</summary>
    /// <returns>A text for logs. Allocates.</returns>
    public override string ToString()
    {
        var text = new StringBuilder();
        for (int i = 0; i < _counts.Length; i++)
        {
            if (_counts[i] != 0)
            {
                text.Append(text.Length == 0 ? string.Empty : ", ").Append(((SimulatedFault)i).ToString()).Append(' ').Append(_counts[i].ToString(CultureInfo.InvariantCulture));
            }
        }

        return text.Length == 0 ? "none" : text.ToString();
    }

    internal void Add(SimulatedFault fault) => _counts[(int)fault]++;
}
