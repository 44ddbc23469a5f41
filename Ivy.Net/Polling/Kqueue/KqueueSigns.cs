namespace Ivy.Net.Polling;

/// <summary>What the events of one descriptor said, before they are merged into bands.</summary>
[Flags]
internal enum KqueueSigns : byte
{
    None = 0,
    Read = 1,
    ReadEnd = 2,
    Write = 4,
    WriteEnd = 8,
    Failed = 16,
    Urgent = 32,
}
