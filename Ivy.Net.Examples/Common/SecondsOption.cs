// An option that is a time in seconds, such as `--timeout 2.5`, checked before the example runs.

using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Ivy.Net.Examples;

internal sealed class SecondsOption : Option<TimeSpan>
{
    private const double Longest = 86_400; // a day: nobody waits longer for an example

    public SecondsOption(string name, string description, double defaultSeconds)
        : base(name)
    {
        Description = description;
        HelpName = "SECONDS";
        CustomParser = Parse;
        DefaultValueFactory = _ => TimeSpan.FromSeconds(defaultSeconds);
    }

    private TimeSpan Parse(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds) && seconds is >= 0.001 and <= Longest)
        {
            return TimeSpan.FromSeconds(seconds);
        }

        result.AddError($"{Name} {text}: not a time. Give seconds from 0.001 to {Longest}, such as 2.5.");
        return default;
    }
}
