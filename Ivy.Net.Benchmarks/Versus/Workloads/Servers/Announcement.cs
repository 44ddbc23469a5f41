using System.Net;

namespace Ivy.Net.Benchmarks.Versus.Workloads.Servers;

/// <summary>The line by which a server says that it can be connected to: <c>listening on 127.0.0.1:35791</c>, with or without more behind it.</summary>
internal static class Announcement
{
    private const string Text = "listening on ";

    public static void Print(EndPoint? local)
    {
        Console.Out.Write($"{Text}{local}\n");
        Console.Out.Flush();
    }

    /// <summary>The port; null if it is another line, or no port that can be connected to.</summary>
    public static int? PortIn(string? line)
    {
        int begin = line?.IndexOf(Text, StringComparison.Ordinal) ?? -1;
        return begin >= 0 && IPEndPoint.TryParse(line.AsSpan(begin + Text.Length).SliceToBlank(), out IPEndPoint? address) && address.Port != 0 ? address.Port : null;
    }

    private static ReadOnlySpan<char> SliceToBlank(this ReadOnlySpan<char> text)
    {
        int blank = text.IndexOf(' ');
        return blank < 0 ? text.TrimEnd() : text[..blank];
    }
}
