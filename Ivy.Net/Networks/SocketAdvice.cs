using System.Net.Sockets;

namespace Ivy.Net;

/// <summary>What to do about an error: the last sentence of an <see cref="IvException"/>'s message.</summary>
internal static class SocketAdvice
{
    public static string? For(IvError error, string operation, AddressFamily family) =>
        (OperatingSystem.IsWindows() ? ForWindows(error, operation, family) : null) ?? ForAll(error, operation, family);

    // Where what Linux needs would lead astray.
    private static string? ForWindows(IvError error, string operation, AddressFamily family) => error switch
    {
        IvError.EMFILE => "The process is out of handles: close what is no longer used",
        IvError.EADDRINUSE when family != AddressFamily.Unix && operation != "connect" =>
            "Another process listens there: choose another port (see netstat -ano)",
        IvError.EACCES when operation is "bind" or "listen" =>
            "Another process has the port for itself, or Windows keeps it (netsh int ipv4 show excludedportrange tcp): choose another one",
        IvError.EADDRNOTAVAIL when operation != "connect" => "No interface of this machine has the address: see ipconfig",
        IvError.ENETUNREACH or IvError.EHOSTUNREACH => "No route leads there: see route print",
        IvError.EAFNOSUPPORT when family == AddressFamily.Unix => "Unix sockets need Windows 10 1803 or later: use a port of 127.0.0.1",
        IvError.ENOTSOCK => "The handle is open, but it is no socket, and Windows watches nothing else: read it on another thread, and loop.Post what came",
        IvError.EBADF => "The number is not an open handle: somebody closed it",
        IvError.ESOCKTNOSUPPORT => "Windows has pairs of Stream and Dgram only",
        IvError.ENOPROTOOPT when operation == "set an option" =>
            "Windows has neither ReusePort nor DeferAccept: leave them out; a group shares its connections by IvAcceptMode.RoundRobin or LeastConnections",
        IvError.ENOPROTOOPT or IvError.EOPNOTSUPP => "Windows, or a socket of this kind, does not have it",
        IvError.ENOMEM or IvError.ENOBUFS => "Windows is out of ports or of memory for sockets: see netsh int ipv4 show dynamicport tcp",
        _ => null,
    };

    private static string? ForAll(IvError error, string operation, AddressFamily family) => error switch
    {
        IvError.Disposed => "Make a new socket: a disposed one has given its descriptor back",
        IvError.EMFILE => "Raise the limit (ulimit -n, LimitNOFILE= of the unit) or close what is no longer used",
        IvError.ENFILE => "The whole system is out of open files: raise fs.file-max or find who holds them",
        IvError.EADDRINUSE when family == AddressFamily.Unix =>
            "Another process listens there, or left its file behind: choose another path, or set UnlinkExisting",
        IvError.EADDRINUSE when operation == "connect" => "Every local port towards this address is taken: spread over more addresses",
        IvError.EADDRINUSE => "Another process listens there: choose another port, or set ReusePort on both",
        IvError.EACCES when family == AddressFamily.Unix => "Check the permissions of the path and of its directories",
        IvError.EACCES when operation is "bind" or "listen" =>
            "Ports below net.ipv4.ip_unprivileged_port_start (1024) need CAP_NET_BIND_SERVICE: choose a higher one",
        IvError.EACCES => "A broadcast address needs Broadcast; else a firewall said no",
        IvError.EPERM => "A firewall, or a missing capability, said no",
        IvError.EADDRNOTAVAIL when operation == "connect" => "No such address, or no local port is left towards it",
        IvError.EADDRNOTAVAIL => "No interface of this machine has the address: see ip addr",
        IvError.EAFNOSUPPORT => "The family of the address is not that of the socket, or is switched off here",
        IvError.ECONNREFUSED when family == AddressFamily.Unix => "Nobody listens there: start the server first",
        IvError.ECONNREFUSED => "Nobody listens on the port: start the server first",
        IvError.ENETUNREACH or IvError.EHOSTUNREACH => "No route leads there: see ip route",
        IvError.EAGAIN when operation == "connect" => "The backlog of the listener is full: try again later, or raise its Backlog",
        IvError.ENAMETOOLONG => "A Unix path has at most 107 bytes: choose a shorter one",
        IvError.ENOENT when operation is "connect" => "Nobody has made the path: start the server first",
        IvError.ENOENT => "The directory of the path does not exist: make it first",
        IvError.ENOTSOCK => "The descriptor is open, but it is no socket: IvFd takes descriptors of any kind",
        IvError.EBADF => "The number is not an open descriptor: somebody closed it",
        IvError.ENOSYS => "Ivy.Net has no backend for this operating system yet; a simulated network works everywhere",
        IvError.EISCONN => "A socket connects once: make a new one",
        IvError.ENOTCONN => "Connect first, and wait until the socket is writable",
        IvError.ENOPROTOOPT or IvError.EOPNOTSUPP => "A socket of this kind does not have it",
        IvError.ENOMEM or IvError.ENOBUFS => "The kernel is out of memory for sockets: see net.ipv4.tcp_mem and net.core.rmem_max",
        _ => null,
    };
}
