using Ivy.Net.Benchmarks.Versus.Running;

namespace Ivy.Net.Benchmarks.Versus.Building;

/// <summary>Builds the C peers that can be built here, and remembers what is missing for the others.</summary>
internal sealed class PeerToolchain
{
    private readonly ICompiler _compiler;
    private readonly string _sources;
    private readonly string _output;
    private readonly bool _hasCompiler;
    private readonly Dictionary<Library, bool> _libraries = [];

    public PeerToolchain()
        : this(new Gcc(), SourceTree.Peers, SourceTree.Output)
    {
    }

    public PeerToolchain(ICompiler compiler, string sources, string output)
    {
        _compiler = compiler;
        _sources = sources;
        _output = output;
        _hasCompiler = compiler.IsInstalled;
    }

    /// <summary>One line that says what is missing and how to install it; null if nothing was.</summary>
    public string? Missing
    {
        get
        {
            if (!_hasCompiler)
            {
                return "gcc is missing, and with it every C peer: on Debian, apt-get install gcc libc6-dev. Going on without.";
            }

            Library[] missing = [.. _libraries.Where(static l => !l.Value).Select(static l => l.Key)];
            return missing.Length == 0
                ? null
                : $"{string.Join(", ", missing.Select(static l => l.Name))} {(missing.Length == 1 ? "is" : "are")} missing: on Debian, apt-get install {string.Join(' ', missing.Select(static l => l.Package))}. Going on without.";
        }
    }

    /// <summary>The path of the program, built if it is not there or older than a source; null if something for it is missing.</summary>
    /// <exception cref="VersusException">It does not compile.</exception>
    public string? Build(string source, params Library[] libraries)
    {
        // All are asked, so that all that is missing is named.
        bool has = libraries.Select(Has).ToArray().All(static found => found);
        if (!_hasCompiler || !has)
        {
            return null;
        }

        string program = Path.Combine(_output, Path.GetFileNameWithoutExtension(source));
        if (!File.Exists(program) || File.GetLastWriteTimeUtc(program) < LastChange(source))
        {
            Directory.CreateDirectory(_output);
            string made = $"{program}.{Environment.ProcessId}";
            if (_compiler.Compile(Path.Combine(_sources, source), made, libraries.SelectMany(static l => l.Link)) is { } complaint)
            {
                throw new VersusException($"{source} does not compile:\n{complaint}");
            }

            // At once: a program that runs can't be written over, and another run may build the same.
            File.Move(made, program, overwrite: true);
        }

        return program;
    }

    // Of the source, and of the headers that peers share.
    private DateTime LastChange(string source) =>
        Directory.EnumerateFiles(_sources, "*.h").Append(Path.Combine(_sources, source)).Max(File.GetLastWriteTimeUtc);

    private bool Has(Library library)
    {
        if (_hasCompiler && !_libraries.ContainsKey(library))
        {
            _libraries[library] = _compiler.HasHeader(library.Header);
        }

        return _libraries.GetValueOrDefault(library);
    }
}
