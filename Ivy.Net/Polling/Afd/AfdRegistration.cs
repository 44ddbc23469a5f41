using System.Runtime.InteropServices;
using Ivy.Net.Interop.Windows;

namespace Ivy.Net.Polling;

/// <summary>A socket that is watched. Its index is also that of its block, which the kernel knows.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct AfdRegistration
{
    /// <summary>As the caller knows the socket.</summary>
    public nint Handle;

    /// <summary>As AFD does.</summary>
    public nint Socket;

    /// <summary>What is known of it, where the owner asked for names.</summary>
    public AfdSocketName Name;

    public ulong Data;
    public AfdDevice Device;

    /// <summary>What to report.</summary>
    public AfdEvents Want;

    /// <summary>What the poll in flight asks for.</summary>
    public AfdEvents Armed;

    /// <summary>What has come, and was not taken yet.</summary>
    public AfdEvents Ready;

    /// <summary>What has come is the answer to a poll for less than is wanted.</summary>
    public bool IsPartial;

    public AfdPollState State;

    /// <summary>Nothing but the end of the socket is watched for after a report.</summary>
    public bool IsOneShot;

    /// <summary>On the list of what has to be looked at before the next wait.</summary>
    public bool IsQueued;

    /// <summary>Of a zombie: the registration that waits for its packet, -1 for none.</summary>
    public int Heir;
}
