using System.Text.RegularExpressions;

namespace Ivy.Net.Tests;

/// <summary>A man page below docs/man, as far as the tests read mdoc(7).</summary>
internal sealed partial class ManPage
{
    private readonly string[] _lines;
    private readonly List<(string Title, int Line)> _sections = [];

    private ManPage(string path)
    {
        Path = path;
        Name = System.IO.Path.GetFileNameWithoutExtension(path);
        Volume = System.IO.Path.GetExtension(path)[1..];
        _lines = File.ReadAllLines(Repository.PathOf(path));
        for (var i = 0; i < _lines.Length; i++)
        {
            if (_lines[i].StartsWith(".Sh ", StringComparison.Ordinal))
            {
                _sections.Add((string.Join(' ', Arguments(_lines[i])), i));
            }
        }

        Words = Word().Matches(string.Join('\n', _lines.Select(Unescape))).Select(static m => m.Value).ToHashSet();
    }

    public static IReadOnlyList<ManPage> All { get; } = [.. Repository.Files("docs/man/man7", "*").Concat(Repository.Files("docs/man/man3", "*")).Select(static path => new ManPage(path))];

    public string Path { get; }

    public string Name { get; }

    /// <summary>3 or 7.</summary>
    public string Volume { get; }

    /// <summary>Every word of the page, to look up whether it speaks of something.</summary>
    public IReadOnlySet<string> Words { get; }

    /// <summary>The one line of .Nd.</summary>
    public string Summary => string.Join(' ', Section("NAME").Where(static line => line.StartsWith(".Nd ", StringComparison.Ordinal)).Select(static line => Unescape(line[4..])));

    public IEnumerable<string> Sections => _sections.Select(static s => s.Title);

    /// <summary>What the section NAME names.</summary>
    public IEnumerable<string> Names =>
        Section("NAME").Where(static line => line.StartsWith(".Nm ", StringComparison.Ordinal))
            .SelectMany(static line => Arguments(line)).Where(static name => char.IsLetter(name[0]));

    /// <summary>What the page refers to by .Xr, as in <c>epoll(7)</c>.</summary>
    public IEnumerable<string> References => Calls("Xr").Where(static call => call.Length > 1).Select(static call => $"{call[0]}({call[1]})");

    /// <summary>The types that the page names by .Vt: its own, and those of .NET.</summary>
    public IEnumerable<string> Types => Calls("Vt").Where(static call => call.Length > 0).Select(static call => call[0]);

    /// <summary>The functions and variables that the page names by .Fn and .Va.</summary>
    public IEnumerable<string> Members => Calls("Fn").Concat(Calls("Va")).Where(static call => call.Length > 0).Select(static call => call[0]);

    public string this[string section] => string.Join('\n', Section(section).Select(Unescape));

    public override string ToString() => $"{Name}({Volume})";

    /// <summary>The displays of a section: .Bd -literal, up to .Ed. What begins with a prompt is for the shell, and not C#.</summary>
    public IEnumerable<(string Code, int FirstLine)> Displays(string section)
    {
        var begin = _sections.Find(s => s.Title == section).Line;
        var lines = Section(section);
        for (var i = 0; i < lines.Length; i++)
        {
            if (!lines[i].StartsWith(".Bd -literal", StringComparison.Ordinal))
            {
                continue;
            }

            var end = Array.IndexOf(lines, ".Ed", i);
            var code = string.Concat(lines[(i + 1)..end].Select(static line => Unescape(line) + "\n"));
            if (!code.StartsWith("$ ", StringComparison.Ordinal))
            {
                yield return (code, begin + i + 3);
            }

            i = end;
        }
    }

    private string[] Section(string title)
    {
        var index = _sections.FindIndex(s => s.Title == title);
        if (index < 0)
        {
            return [];
        }

        var end = index + 1 < _sections.Count ? _sections[index + 1].Line : _lines.Length;
        return _lines[(_sections[index].Line + 1)..end];
    }

    // A macro stands at the begin of a line, or among the arguments of another.
    private IEnumerable<string[]> Calls(string macro) =>
        from line in _lines
        where line.StartsWith('.')
        let words = Arguments(". " + line[1..])
        from at in Enumerable.Range(0, words.Count)
        where words[at] == macro
        select words[(at + 1)..].ToArray();

    private static List<string> Arguments(string line) =>
        [.. Argument().Matches(line[(line.IndexOf(' ', StringComparison.Ordinal) is var space and >= 0 ? space : line.Length)..])
            .Select(static m => Unescape(m.Groups[1].Success ? m.Groups[1].Value : m.Value))];

    private static string Unescape(string text) => text.Contains('\\', StringComparison.Ordinal) ? Escape().Replace(text, static m => m.Value switch
    {
        "\\e" or "\\(rs" or "\\[rs]" => "\\",
        "\\(dq" or "\\[dq]" => "\"",
        "\\(aq" or "\\[aq]" => "'",
        "\\(ga" or "\\[ga]" => "`",
        "\\(ha" or "\\[ha]" => "^",
        "\\(ti" or "\\[ti]" => "~",
        "\\(em" or "\\[em]" => "—",
        "\\(en" or "\\[en]" => "–",
        "\\-" => "-",
        "\\ " or "\\~" => " ",
        _ => string.Empty,
    }) : text;

    // Two letters after "\(", a name in brackets, a font after "\f", or one character; a comment ends the line.
    [GeneratedRegex("""\\(?:\(..|\[[^]]*\]|f(?:\(..|\[[^]]*\]|.)|".*|.)""")]
    private static partial Regex Escape();

    [GeneratedRegex("""(?<= )(?:"((?:[^"]|"")*)"|[^ "]\S*)""")]
    private static partial Regex Argument();

    [GeneratedRegex(@"\w+")]
    private static partial Regex Word();
}
