using System.Runtime.InteropServices;

namespace Ivy.Net.Polling;

/// <summary>A descriptor that is ready, or whose change of interest was refused.</summary>
/// <param name="Token">The token of its registration, as the poller got it.</param>
/// <param name="Bands">What it is ready for; of no meaning when <paramref name="Error"/> is set.</param>
/// <param name="Error">
/// <see cref="IvError.None"/>, or why a change was refused; the poller has then dropped the descriptor from its set.
/// </param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct IvReady(ulong Token, IvBands Bands, IvError Error = IvError.None);
