using System.Runtime.InteropServices;

namespace Ivy.Net.Polling;

/// <summary>A descriptor that a <see cref="UringPoller"/> watches.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct UringWatch
{
    public ulong Token;
    public int Fd;

    // Of the poll that is armed or was last: an answer of another generation is of one that has been taken back.
    public uint Generation;

    public IvBands Want;

    // What the armed poll asks for, in the kernel's bits.
    public uint ArmedMask;
    public State Flags;

    [Flags]
    public enum State : byte
    {
        None = 0,
        InUse = 1,

        // The kernel holds a poll of it.
        Armed = 2,

        // On the list of those to be armed by the next wait.
        Queued = 4,

        // The armed poll goes on after an answer.
        Many = 8,

        // The peer has closed its side, which nobody wants to know and no poll leaves out.
        HalfClosed = 16,
    }

    public readonly bool Is(State state) => (Flags & state) != 0;

    public void Set(State state) => Flags |= state;

    public void Clear(State state) => Flags &= ~state;
}
