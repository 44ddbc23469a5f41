using System.Globalization;
using System.Runtime.InteropServices;

namespace Ivy.Net;

/// <summary>One thing that happened in a simulation: what <see cref="SimulatedNetwork.Trace"/> gets.</summary>
/// <remarks>The text of two runs with the same seed is the same to the last byte. See SimulatedNetwork(3).</remarks>
/// <param name="Sequence">Its number, from 1.</param>
/// <param name="Elapsed">Virtual time since the simulation began.</param>
/// <param name="Thread">The thread that did it; <c>network</c> for what happens between the threads, as a delivery.</param>
/// <param name="Operation">As in <c>send</c>, <c>accept</c>, <c>deliver</c>, <c>wait</c>, <c>run</c> or <c>fault</c>.</param>
/// <param name="Handle">The descriptor, or the inode of the socket for what the network does; -1 where there is none.</param>
/// <param name="Count">Bytes, or what the operation counts: descriptors that are ready, nanoseconds of a delay.</param>
/// <param name="Error">What the call answered.</param>
/// <param name="Fault">The fault, if it is one.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct SimulatedEvent(
    long Sequence, TimeSpan Elapsed, string Thread, string Operation, long Handle, long Count, IvError Error, SimulatedFault? Fault)
{
    /// <summary>One line, without its end, as in <c>17 0.0012504s main send 5 128</c>.</summary>
    /// <returns>The text. Allocates.</returns>
    public override string ToString()
    {
        string line = string.Create(CultureInfo.InvariantCulture, $"{Sequence} {Elapsed.TotalSeconds:F7}s {Thread} {Operation}");
        if (Handle >= 0)
        {
            line = string.Create(CultureInfo.InvariantCulture, $"{line} {Handle}");
        }

        line = string.Create(CultureInfo.InvariantCulture, $"{line} {Count}");
        return (Error, Fault) switch
        {
            (IvError.None, null) => line,
            (IvError.None, { } fault) => $"{line} {fault}",
            _ => $"{line} {Error}",
        };
    }
}
