namespace Ivy.Net.Benchmarks.Versus.Running;

/// <summary>How much work a run does.</summary>
internal enum Scale
{
    /// <summary>Figures to publish.</summary>
    Full,

    /// <summary>Fewer rounds, and shorter ones: to see where one stands.</summary>
    Quick,

    /// <summary>Tiny sizes, to see that everything runs; the figures mean nothing.</summary>
    Smoke,
}
