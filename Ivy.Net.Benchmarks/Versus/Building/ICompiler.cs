namespace Ivy.Net.Benchmarks.Versus.Building;

/// <summary>A C compiler.</summary>
internal interface ICompiler
{
    bool IsInstalled { get; }

    bool HasHeader(string header);

    /// <returns>Null, or what the compiler has to say.</returns>
    string? Compile(string source, string output, IEnumerable<string> link);
}
