namespace Ivy.Net.Tests.Conformance;

/// <summary>What a row of the suite needs of a backend beyond descriptors that become ready.</summary>
internal enum Need
{
    /// <summary>Descriptors of the operating system: pipes, files, numbers that the test closes and duplicates itself.</summary>
    Kernel,

    /// <summary>That a number which was closed and given out anew is seen to be another's.</summary>
    Identity,

    /// <summary>A kernel that keeps a duplicate's registration when the registered number is closed.</summary>
    OpenFileDescriptions,

    /// <summary>Threads that run when they like.</summary>
    Threads,

    /// <summary>A turn that costs the same however many descriptors are registered.</summary>
    ConstantCost,

    /// <summary>The loop's own cost, without that of a network written for tests.</summary>
    Measurable,

    /// <summary>Urgent data (MSG_OOB) that can be waited for.</summary>
    UrgentData,

    /// <summary>Virtual time.</summary>
    VirtualTime,
}
