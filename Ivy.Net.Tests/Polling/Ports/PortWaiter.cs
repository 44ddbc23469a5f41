using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Polling;

/// <summary>A thread that waits once.</summary>
internal sealed class PortWaiter : IDisposable
{
    private readonly EpollPort _port;
    private readonly int _inside;
    private readonly EpollPortEvent[] _room = new EpollPortEvent[16];
    private readonly Thread _thread;
    private EpollPortEvent[] _result = [];
    private Exception? _exception;

    public PortWaiter(EpollPort port, TimeSpan? timeout = null)
    {
        _port = port;
        _inside = port.CallsInside;
        _thread = new Thread(() =>
        {
            try
            {
                int count = port.Wait(_room, timeout ?? Timeout.InfiniteTimeSpan);
                _result = _room[..count];
            }
            catch (Exception e)
            {
                _exception = e;
            }
        })
        { IsBackground = true };
        _thread.Start();
    }

    public bool HasReturned => !_thread.IsAlive;

    /// <summary>Returns when the thread is inside, or has been.</summary>
    public void HasEntered() => Wait.For(() => _port.CallsInside > _inside || HasReturned);

    public EpollPortEvent[] Result()
    {
        Assert.That(_thread.Join(Wait.Deadline), "the wait has not returned");
        return _exception is null ? _result : throw _exception;
    }

    public void Dispose()
    {
        if (!HasReturned)
        {
            _port.Dispose();
        }

        Assert.That(_thread.Join(Wait.Deadline), "the wait has not returned");
    }
}
