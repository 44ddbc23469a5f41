using System.Diagnostics;
using Ivy.Net.Benchmarks.Versus.Running;
using Ivy.Net.Polling;

namespace Ivy.Net.Benchmarks.Versus.Workloads.Chain;

/// <summary>
/// The chain and the cascade workload on Ivy.Net: IvFd and IvSocket, as in Peers/chain.h. With <c>mode=kept</c> the pairs of the cascade stay registered, and
/// their handlers are set and taken away.
/// </summary>
internal sealed class ChainProgram : IDisposable
{
    private readonly IvLoop _loop;
    private readonly Figures _figures = new();
    private readonly IvSocket[] _far;
    private readonly IvFd[] _near;
    private readonly Action<IvFd> _handler;
    private readonly bool _isCascade;
    private readonly bool _isKept;
    private readonly int _active;
    private readonly int _writes;
    private long _events;
    private long _expected;
    private long _bad;
    private int _writesLeft;

    public ChainProgram(SubjectArguments arguments, IvPollMethod method)
    {
        _loop = new IvLoop(new IvLoopOptions { PollMethods = [method] });
        _isKept = arguments.Text("mode") == "kept";
        _isCascade = _isKept || arguments.Text("mode") == "cascade";
        _active = _isCascade ? 0 : arguments.Number("active");
        _writes = _isCascade ? 0 : arguments.Number("writes");
        int pairs = arguments.Number("pairs");
        _far = new IvSocket[pairs];
        _near = new IvFd[pairs];
        _handler = OnReadable;
        for (int i = 0; i < pairs; i++)
        {
            (IvSocket near, _far[i]) = IvSocket.CreatePair();
            _near[i] = new IvFd(near) { State = i, HandlerIn = _isKept ? null : _handler };
            if (_isKept || !_isCascade)
            {
                _near[i].Register();
            }
        }

        int core = arguments.Number("core");
        var warmUp = new WarmUp(arguments.Number("warm"));
        Repeat(() => !warmUp.IsOver);
        _figures.Clear();
        Cores.PinProcess(core);
        long first = Stopwatch.GetTimestamp();
        int run = arguments.Number("run");
        Repeat(() => Stopwatch.GetElapsedTime(first).TotalMilliseconds < run);
        _figures.Check("missing", _expected - _events);
        _figures.Check("bad", _bad);
    }

    public void Print() => _figures.Print();

    public void Dispose() => _loop.Dispose();

    private void OnReadable(IvFd fd)
    {
        int i = (int)fd.State!;
        byte value = 0;
        if (fd.Socket!.Receive(new Span<byte>(ref value)).Bytes != 1)
        {
            _bad++;
            return;
        }

        _events++;
        if (_isCascade)
        {
            if (_isKept)
            {
                fd.HandlerIn = null;
            }
            else
            {
                fd.Unregister();
            }

            if (i + 1 < _far.Length)
            {
                SendTo(i + 1);
            }
        }
        else if (_writesLeft > 0)
        {
            _writesLeft--;
            SendTo(i + 1 < _far.Length ? i + 1 : 0);
        }

        if (_events == _expected)
        {
            _loop.Quit();
        }
    }

    private void SendTo(int i)
    {
        if (_far[i].Send("e"u8).Bytes != 1)
        {
            _bad++;
        }
    }

    // At least once.
    private void Repeat(Func<bool> goesOn)
    {
        do
        {
            int events = _isCascade ? _far.Length : _active + _writes;
            _expected += events;
            long begin = Stopwatch.GetTimestamp();
            if (_isCascade)
            {
                foreach (IvFd fd in _near)
                {
                    if (_isKept)
                    {
                        fd.HandlerIn = _handler;
                    }
                    else
                    {
                        fd.Register();
                    }
                }

                SendTo(0);
            }
            else
            {
                _writesLeft = _writes;
                for (int i = 0; i < _active; i++)
                {
                    SendTo(i * (_far.Length / _active));
                }
            }

            // OnReadable ends it.
            _loop.Run();
            _figures.Add("event", Figures.NanosecondsSince(begin) / events);
        }
        while (_events == _expected && goesOn());
    }
}
