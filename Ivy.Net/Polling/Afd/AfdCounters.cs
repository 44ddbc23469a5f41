using System.Runtime.InteropServices;

namespace Ivy.Net.Polling;

/// <summary>What an engine has asked of the kernel so far, and what is under way.</summary>
/// <param name="Submits">Polls that were started, refused ones too.</param>
/// <param name="Inline">Of those: answered at once, without a packet.</param>
/// <param name="Cancels">Polls whose end was asked for.</param>
/// <param name="Packets">Packets of polls, taken out of the port.</param>
/// <param name="LocalCloses">Sockets that were closed while they were registered.</param>
/// <param name="InFlight">Polls whose packet has not been seen.</param>
/// <param name="Registered">Registrations.</param>
/// <param name="Devices">Open handles of AFD.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct AfdCounters(long Submits, long Inline, long Cancels, long Packets, long LocalCloses, int InFlight, int Registered, int Devices);
