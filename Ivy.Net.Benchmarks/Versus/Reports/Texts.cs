using System.Globalization;

namespace Ivy.Net.Benchmarks.Versus.Reports;

/// <summary>Numbers as people read them.</summary>
internal static class Texts
{
    /// <summary>Three or four digits that count, thousands apart.</summary>
    public static string Number(double value) => Math.Abs(value) switch
    {
        0 => "0",
        < 0.001 => value.ToString("0.#####", CultureInfo.InvariantCulture),
        < 1 => value.ToString("0.####", CultureInfo.InvariantCulture),
        < 10 => value.ToString("0.00", CultureInfo.InvariantCulture),
        < 1000 => value.ToString("0.0", CultureInfo.InvariantCulture),
        _ => value.ToString("#,0", CultureInfo.InvariantCulture),
    };

    /// <summary>To the minute, and below one and a half to ten seconds.</summary>
    public static string Duration(TimeSpan duration) => duration.TotalSeconds <= 90
        ? $"about {Math.Max(1, Math.Ceiling(duration.TotalSeconds / 10)) * 10:0} s"
        : $"about {Math.Round(duration.TotalMinutes):0} minutes";

    public static string Ratio(double value) => value.ToString(value < 10 ? "0.000" : "0.0", CultureInfo.InvariantCulture);
}
