using System.Net.Sockets;

namespace Ivy.Net;

/// <summary>The names of Unix sockets. An abstract one goes with its socket; a path stays until it is unlinked, and refuses.</summary>
internal sealed class SimulatedNames
{
    private readonly Dictionary<string, SimulatedUnixSocket> _names = [];
    private int _automatic;

    /// <summary>EADDRINUSE. Without a name the kernel finds an abstract one.</summary>
    public IvError Bind(SimulatedUnixSocket socket, SimulatedAddress address)
    {
        if (address.Name!.Length == 0)
        {
            // Five hexadecimal digits: unix(7), autobind.
            address = new SimulatedAddress(null, 0, $"\0{_automatic++:x5}");
        }

        if (!_names.TryAdd(address.Name!, socket))
        {
            return IvError.EADDRINUSE;
        }

        socket.Local = address;
        return IvError.None;
    }

    public void Unbind(SimulatedUnixSocket socket)
    {
        if (socket.Local is { IsAbstract: true } local && _names.TryGetValue(local.Name!, out SimulatedUnixSocket? owner) && owner == socket)
        {
            _names.Remove(local.Name!);
        }
    }

    public IvError Unlink(SimulatedAddress address) => !address.IsAbstract && _names.Remove(address.Name!) ? IvError.None : IvError.ENOENT;

    public bool Has(SimulatedAddress address) => _names.ContainsKey(address.Name!);

    public IvError Find(SimulatedAddress address, SocketType type, out SimulatedUnixSocket? socket)
    {
        if (address.Name!.Length == 0)
        {
            socket = null;
            return IvError.EINVAL;
        }

        if (!_names.TryGetValue(address.Name, out socket))
        {
            return address.IsAbstract ? IvError.ECONNREFUSED : IvError.ENOENT;
        }

        return !socket.IsOpen ? IvError.ECONNREFUSED
            : socket.Type == type ? IvError.None
            : address.IsAbstract ? IvError.ECONNREFUSED : IvError.EPROTOTYPE;
    }
}
