namespace Ivy.Net.Polling;

/// <summary>A socket of a port.</summary>
internal struct PortEntry
{
    public nint Socket;
    public EpollEvents Events;

    /// <summary>Goes up with each registration and removal in this slot, and where an engine asks for it.</summary>
    public uint Generation;

    public ulong Data;
}
