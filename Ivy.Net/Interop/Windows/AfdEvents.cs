namespace Ivy.Net.Interop.Windows;

/// <summary>What a poll of AFD asks for and answers (AFD_POLL_*).</summary>
[Flags]
internal enum AfdEvents : uint
{
    None = 0,
    Receive = 0x1,
    ReceiveExpedited = 0x2,
    Send = 0x4,

    /// <summary>The peer closed its sending side.</summary>
    Disconnect = 0x8,

    /// <summary>The connection was reset.</summary>
    Abort = 0x10,

    /// <summary>The last handle of the socket was closed. Answered whether or not it was asked for.</summary>
    LocalClose = 0x20,

    /// <summary>Set for the life of a connection, accepted ones too: never taken for a writability.</summary>
    Connect = 0x40,
    Accept = 0x80,
    ConnectFail = 0x100,

    /// <summary>How a connection or a connect ends: what is polled for along with every interest.</summary>
    Failure = Abort | ConnectFail,
}
