using Ivy.Net.Interop.Windows;

namespace Ivy.Net.Polling;

/// <summary>The handles of AFD that an engine has open.</summary>
/// <remarks>
/// The end of a poll is looked for among all that go through the same handle, so that thousands through one make each cancellation
/// slow; see <see cref="Capacity"/>. A handle whose last registration has left is closed, all but one: what comes and
/// goes at the edge would open and close one each time.
/// </remarks>
internal sealed class AfdDevices(IAfdApi api, nint port, bool skipsOnSuccess) : IDisposable
{
    /// <summary>What wepoll and mio take, too. A handle costs some hundred bytes of the kernel; more than 32 made no difference to them, thousands did.</summary>
    public const int Capacity = 32;

    private readonly List<AfdDevice> _withRoom = [];
    private readonly List<AfdDevice> _all = [];
    private int _empty;

    public int Count => _all.Count;

    /// <summary>Takes a place.</summary>
    public IvError TryRent(out AfdDevice device)
    {
        if (_withRoom.Count == 0)
        {
            IvError error = api.OpenDevice(port, skipsOnSuccess, out nint handle, out bool skips);
            if (error != IvError.None)
            {
                device = null!;
                return error;
            }

            var opened = new AfdDevice(handle, skips);
            _all.Add(opened);
            AddToRoom(opened);
            _empty++;
        }

        device = _withRoom[^1];
        if (device.Used++ == 0)
        {
            _empty--;
        }

        if (device.Used == Capacity)
        {
            RemoveFromRoom(device);
        }

        return IvError.None;
    }

    /// <summary>Gives a place back, through which no poll goes any more.</summary>
    public void Return(AfdDevice device)
    {
        if (device.Used-- == Capacity)
        {
            AddToRoom(device);
        }

        if (device.Used == 0 && ++_empty > 1)
        {
            _empty--;
            RemoveFromRoom(device);
            _all.Remove(device);
            api.Close(device.Handle);
        }
    }

    public void Dispose()
    {
        foreach (AfdDevice device in _all)
        {
            api.Close(device.Handle);
        }

        _all.Clear();
        _withRoom.Clear();
    }

    private void AddToRoom(AfdDevice device)
    {
        device.Position = _withRoom.Count;
        _withRoom.Add(device);
    }

    private void RemoveFromRoom(AfdDevice device)
    {
        AfdDevice last = _withRoom[^1];
        _withRoom[device.Position] = last;
        last.Position = device.Position;
        _withRoom.RemoveAt(_withRoom.Count - 1);
        device.Position = -1;
    }
}
