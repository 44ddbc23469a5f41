namespace Ivy.Net.Benchmarks.Allocations;

/// <summary>What handlers count down; they find it in their State, and need no closure.</summary>
internal sealed class Counter
{
    public int Left;
}
