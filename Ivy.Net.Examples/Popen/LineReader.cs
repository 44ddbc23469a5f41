// What a child writes comes in pieces; this makes lines of them.

namespace Ivy.Net.Examples;

internal sealed class LineReader(string prefix)
{
    private string _rest = string.Empty;

    public int Lines { get; private set; }

    public void Add(string text)
    {
        string[] lines = (_rest + text).Split('\n');
        foreach (string line in lines.AsSpan(..^1))
        {
            Lines++;
            Console.WriteLine($"{prefix}: {line}");
        }

        _rest = lines[^1];
    }
}
