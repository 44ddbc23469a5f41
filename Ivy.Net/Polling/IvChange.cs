using System.Runtime.InteropServices;

namespace Ivy.Net.Polling;

/// <summary>A change of interest in a descriptor that was added before.</summary>
/// <param name="Handle">The descriptor.</param>
/// <param name="Token">The token of its registration.</param>
/// <param name="From">What the poller was told last.</param>
/// <param name="Want">What is wanted from now on; differs from <paramref name="From"/>.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct IvChange(nint Handle, ulong Token, IvBands From, IvBands Want);
