using System.Net.Sockets;

namespace Ivy.Net;

/// <summary>What all simulated sockets have in common; the rules of each kind are in the classes below this one.</summary>
internal abstract class SimulatedSocket : SimulatedDescription
{
    protected SimulatedSocket(SimulatedNetwork network, AddressFamily family, SocketType type, ProtocolType protocol)
        : base(network, DescriptorKind.Socket)
    {
        Family = family;
        Type = type;
        Protocol = protocol;
        Options = new SimulatedOptionTable(this);
    }

    public AddressFamily Family { get; }

    public SocketType Type { get; }

    public ProtocolType Protocol { get; }

    public SimulatedOptionTable Options { get; }

    /// <summary>Where it is bound; null where it is not.</summary>
    public SimulatedAddress? Local { get; set; }

    /// <summary>SO_ACCEPTCONN.</summary>
    public virtual bool IsListening => false;

    /// <summary>Whether a transfer may be cut short by a fault: a stream's may, a message's may not.</summary>
    public virtual bool IsStream => false;

    /// <summary>How many bytes a send would take now.</summary>
    public virtual int Writable => 0;

    /// <summary>SO_ERROR, until somebody is told.</summary>
    protected IvError PendingError { get; set; }

    protected bool ReadShut { get; set; }

    protected bool WriteShut { get; set; }

    public abstract IvError Bind(SimulatedAddress address);

    public virtual IvError Listen(int backlog) => IvError.EOPNOTSUPP;

    /// <summary>What connect(2) says before it looks at the address; null if it looks.</summary>
    public virtual IvError? AnswerConnect() => null;

    public abstract IvError Connect(SimulatedAddress address);

    /// <summary>connect(2) to AF_UNSPEC.</summary>
    public virtual IvError Disconnect() => IvError.EINVAL;

    public virtual IvError Accept(out SimulatedSocket? peer)
    {
        peer = null;
        return IvError.EOPNOTSUPP;
    }

    /// <summary>Takes bytes; 0 of them are the end on a stream.</summary>
    /// <param name="buffer">Where to.</param>
    /// <param name="flags">Peek and OutOfBand.</param>
    /// <param name="message">What came beside the bytes.</param>
    public abstract IvIoResult Receive(Span<byte> buffer, SocketFlags flags, ref SimulatedMessageInfo message);

    /// <summary>Gives bytes.</summary>
    /// <param name="buffer">Where from.</param>
    /// <param name="flags">OutOfBand.</param>
    /// <param name="to">Whom to; null for the peer.</param>
    /// <param name="rights">Descriptions that go with it; the message refers to them once it was taken.</param>
    public abstract IvIoResult Send(ReadOnlySpan<byte> buffer, SocketFlags flags, SimulatedAddress? to, SimulatedDescription[]? rights);

    public abstract IvError Shutdown(SocketShutdown how);

    public abstract IvError GetRemote(out SimulatedAddress? address);

    /// <summary>IP_ADD_MEMBERSHIP and its like.</summary>
    public virtual IvError SetMembership(SimulatedAddress group, bool member) => IvError.ENOPROTOOPT;

    public IvError TakeError()
    {
        IvError error = PendingError;
        PendingError = IvError.None;
        return error;
    }

    public override IvIoResult Read(Span<byte> buffer)
    {
        // read(2) of nothing never asks the socket.
        var message = default(SimulatedMessageInfo);
        return buffer.IsEmpty ? IvIoResult.Ok(0) : Receive(buffer, SocketFlags.None, ref message);
    }

    public override IvIoResult Write(ReadOnlySpan<byte> buffer) => Send(buffer, SocketFlags.None, to: null, rights: null);

    protected SimulatedReadiness ErrorReadiness => PendingError == IvError.None ? SimulatedReadiness.None : SimulatedReadiness.Err;
}
