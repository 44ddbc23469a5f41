using Ivy.Net.Tests.Conformance;

namespace Ivy.Net.Tests.Support;

/// <summary>The backends that wait in the kernel, for fixtures about what only a kernel has: signals, children, files.</summary>
internal static class RealBackends
{
    public static IEnumerable<ConformanceBackend> All => ConformanceBackend.OfTheKernel;
}
