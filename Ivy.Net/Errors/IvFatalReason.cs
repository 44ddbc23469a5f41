namespace Ivy.Net;

/// <summary>Whose fault a fatal condition is.</summary>
public enum IvFatalReason
{
    /// <summary>The caller broke a rule. Nothing was changed; by default the call throws <see cref="IvFatalException"/>.</summary>
    Misuse,

    /// <summary>The library or the kernel is broken; by default the process ends.</summary>
    Internal,
}
