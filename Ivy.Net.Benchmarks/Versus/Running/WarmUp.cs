using System.Diagnostics;
using System.Runtime;

namespace Ivy.Net.Benchmarks.Versus.Running;

/// <summary>The time before a subject of this assembly measures: until the runtime has compiled what is hot, for the last time.</summary>
/// <remarks>
/// The runtime compiles in the background, in several tiers, and starts over with its delays whenever something new is called. On a core that the
/// work keeps busy a second was often not enough, and unoptimized code then measured, at twice the time or worse.
/// </remarks>
/// <param name="milliseconds">At least; less than 100 only for a look whether it works.</param>
internal sealed class WarmUp(int milliseconds)
{
    // Far more than the delays of the runtime (100 ms).
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    private readonly TimeSpan _least = TimeSpan.FromMilliseconds(milliseconds);
    private readonly long _begin = Stopwatch.GetTimestamp();
    private long _lastChange = Stopwatch.GetTimestamp();
    private long _compiled;

    /// <summary>Asked between two repetitions of the work.</summary>
    public bool IsOver
    {
        get
        {
            long compiled = JitInfo.GetCompiledMethodCount();
            if (compiled != _compiled)
            {
                _compiled = compiled;
                _lastChange = Stopwatch.GetTimestamp();
            }

            TimeSpan elapsed = Stopwatch.GetElapsedTime(_begin);
            return elapsed >= _least && (_least < Look || elapsed >= Most || Stopwatch.GetElapsedTime(_lastChange) >= Quiet);
        }
    }
}
