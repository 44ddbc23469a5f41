using System.Globalization;
using System.Runtime.Loader;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Ivy.Net.Tests;

/// <summary>
/// A block of C# in a page: a program of its own. With the first line <c>// run</c> it is run too, and each line
/// <c>// prints: TEXT</c> in it is one line of what it must print.
/// </summary>
internal sealed record CodeBlock(string Source, int FirstLine, string Code, IReadOnlyList<string> Usings)
{
    // Far above what an example takes; a busy machine included.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private const string Prints = "// prints:";

    private bool Runs => Code.AsSpan().TrimStart().StartsWith("// run\n", StringComparison.Ordinal);

    /// <summary>All that is wrong with the block, a line for each; nothing if it does what it says.</summary>
    public IEnumerable<string> Check()
    {
        var options = new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable);
        var program = CSharpSyntaxTree.ParseText(Code, Roslyn.ParseOptions, Source);
        var compilation = CSharpCompilation.Create("Example", [Roslyn.GlobalUsings(Usings), program], Roslyn.Library, options);

        var errors = compilation.GetDiagnostics().Where(static d => d.Severity == DiagnosticSeverity.Error).Select(Describe).ToList();
        if (errors.Count > 0)
        {
            return errors;
        }

        var expected = Code.Split('\n').Where(IsPrints).Select(static line => line.Trim()[Prints.Length..].Trim()).ToList();
        return Runs ? Run(compilation, expected) : expected.Count > 0 ? [At(0, $"says what it prints, but does not begin with `// run`")] : [];
    }

    private static bool IsPrints(string line) => line.AsSpan().TrimStart().StartsWith(Prints, StringComparison.Ordinal);

    private IEnumerable<string> Run(CSharpCompilation compilation, IReadOnlyList<string> expected)
    {
        using var image = new MemoryStream();
        compilation.Emit(image);
        image.Position = 0;

        var context = new AssemblyLoadContext("example", isCollectible: true);
        var entry = context.LoadFromStream(image).EntryPoint!;
        object?[] arguments = entry.GetParameters().Length == 0 ? [] : [Array.Empty<string>()];

        // A thread of its own: a program may leave a loop behind on it.
        Exception? thrown = null;
        var thread = new Thread(() =>
        {
            try
            {
                entry.Invoke(null, System.Reflection.BindingFlags.DoNotWrapExceptions, null, arguments, CultureInfo.InvariantCulture);
            }
            catch (Exception exception)
            {
                thrown = exception;
            }
        })
        { IsBackground = true, Name = Source };

        var (console, consoleError) = (Console.Out, Console.Error);
        using var output = new StringWriter();
        using var error = new StringWriter();
        Console.SetOut(TextWriter.Synchronized(output));
        Console.SetError(TextWriter.Synchronized(error));
        try
        {
            thread.Start();
            if (!thread.Join(Patience))
            {
                return [At(0, $"still runs after {Patience.TotalSeconds} s")];
            }
        }
        finally
        {
            Console.SetOut(console);
            Console.SetError(consoleError);
            context.Unload();
        }

        if (thrown is not null)
        {
            return [At(0, $"throws {thrown}\n{error}")];
        }

        var printed = output.ToString().TrimEnd().Split('\n').Select(static line => line.Trim()).ToList();
        return expected.Count == 0 || printed.SequenceEqual(expected) ? [] : [At(0, $"prints:\n{string.Join('\n', printed)}")];
    }

    private string Describe(Diagnostic diagnostic) =>
        At(diagnostic.Location.GetLineSpan().StartLinePosition.Line, $"{diagnostic.Id} {diagnostic.GetMessage(CultureInfo.InvariantCulture)}");

    private string At(int line, string text) => $"{Source}({FirstLine + line}): {text}";
}
