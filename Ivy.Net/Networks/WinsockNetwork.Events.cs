using System.Collections.Concurrent;
using System.Net;

namespace Ivy.Net;

// What stands for an eventfd(2): a datagram socket that is connected to itself.
internal sealed partial class WinsockNetwork
{
    private readonly ConcurrentDictionary<nint, WinsockEventCounter> _events = new();

    // Windows watches sockets and nothing else. One that is connected to itself needs one handle, as an eventfd does, and hears
    // nobody else; it is readable while a datagram lies in it. The count itself is kept here, so that no post gets lost in a
    // full buffer, and a burst of them sends one datagram.
    internal override IvError OpenEvent(out nint handle)
    {
        SocketAddress address = AddressPool.Get();
        IvError error = OpenLoopbackDatagrams(address, out handle);
        error = error == IvError.None ? Connect(handle, address) : error;
        AddressPool.Return(address);
        if (error == IvError.None)
        {
            _events[handle] = new WinsockEventCounter();
        }
        else if (handle != -1)
        {
            Close(handle);
            handle = -1;
        }

        return error;
    }

    private WinsockEventCounter? FindEvent(nint handle) => _events.GetValueOrDefault(handle);

    private void ForgetEvent(nint handle)
    {
        if (!_events.IsEmpty)
        {
            _events.TryRemove(handle, out _);
        }
    }
}
