using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;

namespace Ivy.Net;

/// <summary>Why a socket can't be handed over to an engine.</summary>
internal static class CompletionRefusal
{
    public static IvError Of(IvLoop loop, IvSocket socket)
    {
        if (socket.IsDisposed)
        {
            return IvError.EBADF;
        }

        if (socket.Network != loop.Network)
        {
            IvFd.RaiseOtherNetwork(loop, socket, socket);
        }

        if (socket.Watcher is not null)
        {
            return IvError.EEXIST;
        }

        return socket.SocketType == SocketType.Stream && socket.Network == IvNetwork.System && loop.Completions is not null ? IvError.None : IvError.EOPNOTSUPP;
    }

    [DoesNotReturn]
    public static void Throw(IvError error, IvObject subject) => throw new IvException(error, "register", subject, error switch
    {
        IvError.EOPNOTSUPP => "Completions need a stream socket of the system, and a loop that waits by io_uring (IvLoopOptions.PollMethods) on Linux 6.1 or later: see ivy-pollers(7)",
        IvError.EEXIST => "Another object watches the socket: unregister that one first",
        IvError.EBADF => "The socket was disposed before",
        _ => null,
    });

    [DoesNotReturn]
    public static void RaiseNotRegistered(IvObject subject, string member) => IvFatal.Raise(
        FatalCondition.NotRegistered,
        $"{subject}: {member} called, but it is not registered. Register it first; after Unregister the socket itself sends.",
        subject);
}
