using System.Runtime.InteropServices;

namespace Ivy.Net.Polling;

/// <summary>A socket that is ready, as <see cref="EpollPort.Wait(Span{EpollPortEvent}, TimeSpan)"/> reports it.</summary>
/// <param name="Events">What for: nothing that was not asked for, but for <see cref="EpollEvents.Err"/> and <see cref="EpollEvents.Hup"/>.</param>
/// <param name="Data">What the program gave with the socket, unchanged.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct EpollPortEvent(EpollEvents Events, ulong Data);
