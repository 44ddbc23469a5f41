using Ivy.Net.Tests.Conformance;

namespace Ivy.Net.Tests.Support;

/// <summary>The backends of this operating system, for fixtures about what only a kernel has: signals, children, files, threads.</summary>
internal static class RealBackends
{
    public static IEnumerable<ConformanceBackend> All => ConformanceBackend.OfTheKernel;

    public static string[] Names => [.. All.Select(static backend => backend.Name)];
}
