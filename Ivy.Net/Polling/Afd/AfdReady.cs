using System.Runtime.InteropServices;
using Ivy.Net.Interop.Windows;

namespace Ivy.Net.Polling;

/// <summary>What the engine reports of a socket.</summary>
/// <param name="Data">What its registration was given.</param>
/// <param name="Events">What is wanted of it and has come.</param>
/// <param name="Error">Why it can't be polled, or None; then the registration has ended.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct AfdReady(ulong Data, AfdEvents Events, IvError Error = IvError.None);
