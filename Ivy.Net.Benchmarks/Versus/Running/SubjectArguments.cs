using System.Globalization;

namespace Ivy.Net.Benchmarks.Versus.Running;

/// <summary>The parameters of a subject, <c>KEY=VALUE</c> each; the C peers take the same.</summary>
internal sealed class SubjectArguments
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    /// <summary>Reads them.</summary>
    /// <exception cref="VersusException">A word has no equals sign.</exception>
    public SubjectArguments(IEnumerable<string> words)
    {
        foreach (string word in words)
        {
            int equals = word.IndexOf('=', StringComparison.Ordinal);
            _values[equals > 0 ? word[..equals] : throw new VersusException($"A parameter is KEY=VALUE, and not {word}.")] = word[(equals + 1)..];
        }
    }

    /// <summary>A parameter that is a number.</summary>
    /// <exception cref="VersusException">It is not given, or no number.</exception>
    public int Number(string key) =>
        int.TryParse(Text(key), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : throw new VersusException($"{key} is a number, and not {Text(key)}.");

    /// <summary>A parameter.</summary>
    /// <exception cref="VersusException">It is not given.</exception>
    public string Text(string key) => _values.TryGetValue(key, out string? value) ? value : throw new VersusException($"The parameter {key} is missing.");
}
