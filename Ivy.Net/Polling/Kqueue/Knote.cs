using System.Runtime.InteropServices;

namespace Ivy.Net.Polling;

/// <summary>A knote as the kernel has it, or will have it once the changes that are pending are handed over.</summary>
[StructLayout(LayoutKind.Auto)]
internal record struct Knote(KnoteMode Mode, bool IsEnabled);
