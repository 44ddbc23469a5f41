using Ivy.Net.Interop.Linux;

namespace Ivy.Net.Tests.Support;

/// <summary>Refuses one kind of system call a number of times, or makes it shorter; counts what it did. Dispose to end it.</summary>
internal sealed class ScriptedFaults : SysFaults, IDisposable
{
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private readonly SysCall? _call;
    private readonly IvError _error;
    private readonly int _limit;
    private int _left;

    public ScriptedFaults(SysCall? call, IvError error, int times = 1)
    {
        _call = call;
        _error = error;
        _left = times;
        _limit = -1;
        Current = this;
    }

    public ScriptedFaults(SysCall call, int limit)
    {
        _call = call;
        _limit = limit;
        Current = this;
    }

    public int Count { get; private set; }

    public void Dispose() => Current = null;

    public override int Fail(SysCall call, int fd)
    {
        if (_left == 0 || !Matches(call))
        {
            return 0;
        }

        _left--;
        Count++;
        return -(int)_error;
    }

    public override nuint Limit(SysCall call, nuint length)
    {
        if (_limit < 0 || !Matches(call) || length <= (nuint)_limit)
        {
            return length;
        }

        Count++;
        return (nuint)_limit;
    }

    // A finalizer of an earlier test must not eat the fault.
    private bool Matches(SysCall call) => (_call is null || call == _call) && Environment.CurrentManagedThreadId == _thread;
}
