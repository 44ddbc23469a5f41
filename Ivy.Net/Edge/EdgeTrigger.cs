namespace Ivy.Net.Edge;

/// <summary>When a callback that has been called is called again.</summary>
public enum EdgeTrigger
{
    /// <summary>Not before the descriptor was drained (a read or a write would have blocked), and is ready anew; it stays armed.</summary>
    Edge,

    /// <summary>Not before the direction is armed again. What was armed beside it stays so.</summary>
    OneShot,
}
