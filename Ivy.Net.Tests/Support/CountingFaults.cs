using Ivy.Net.Interop.Linux;

namespace Ivy.Net.Tests.Support;

/// <summary>Counts the process's system calls, and has those fail that the script picks. Only in fixtures that don't run in parallel.</summary>
internal sealed class CountingFaults : SysFaults, IDisposable
{
    private readonly SysFaults? _before = Current;
    private readonly int[] _counts = new int[Enum.GetValues<SysCall>().Length];
    private int _injected;

    public CountingFaults()
    {
        // The finalizers of an earlier test shall not be counted here.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Current = this;
    }

    /// <summary>Gets the call, its descriptor and its how-manieth use it is, from 1; answers the error, or None to go on.</summary>
    public Func<SysCall, int, int, IvError>? Script { get; set; }

    /// <summary>How many bytes a call moves at most, given how many it was asked to.</summary>
    public Func<SysCall, nuint, nuint>? Shortens { get; set; }

    /// <summary>What an operation that the kernel did by itself answers instead; counted in <see cref="Injected"/> only.</summary>
    public Func<SysCall, IvError>? Answers { get; set; }

    public int Injected => Volatile.Read(ref _injected);

    public int Total
    {
        get
        {
            int total = 0;
            foreach (int count in _counts)
            {
                total += count;
            }

            return total;
        }
    }

    public int this[SysCall call] => Volatile.Read(ref _counts[(int)call]);

    public int Waits => this[SysCall.EpollWait] + this[SysCall.EpollPwait2] + this[SysCall.Ppoll] + this[SysCall.IoUringEnter];

    /// <summary>The next call of a kind on a descriptor fails, once.</summary>
    public void FailOnce(SysCall call, IvError error, int? fd = null)
    {
        bool done = false;
        Script = (seen, descriptor, _) =>
        {
            if (done || seen != call || (fd ?? descriptor) != descriptor)
            {
                return IvError.None;
            }

            done = true;
            return error;
        };
    }

    public void FailAlways(SysCall call, IvError error) => Script = (seen, _, _) => seen == call ? error : IvError.None;

    public void Clear()
    {
        Array.Clear(_counts);
        _injected = 0;
    }

    /// <summary>What was called, as in <c>Recv 1, EpollWait 1</c>.</summary>
    public override string ToString()
    {
        List<string> parts = [];
        for (int i = 0; i < _counts.Length; i++)
        {
            if (_counts[i] != 0)
            {
                parts.Add($"{(SysCall)i} {_counts[i]}");
            }
        }

        return string.Join(", ", parts);
    }

    public override int Fail(SysCall call, int fd)
    {
        int use = Interlocked.Increment(ref _counts[(int)call]);
        IvError error = Script?.Invoke(call, fd, use) ?? IvError.None;
        if (error == IvError.None)
        {
            return 0;
        }

        Interlocked.Increment(ref _injected);
        return -(int)error;
    }

    public override int Answer(SysCall call, int fd, int result)
    {
        IvError error = Answers?.Invoke(call) ?? IvError.None;
        if (error == IvError.None)
        {
            return result;
        }

        Interlocked.Increment(ref _injected);
        return -(int)error;
    }

    public override nuint Limit(SysCall call, nuint length) => Shortens?.Invoke(call, length) ?? length;

    public void Dispose() => Current = _before;
}
