using System.Net;
using Ivy.Net.Benchmarks.Versus.Running;

namespace Ivy.Net.Benchmarks.Versus.Workloads.Servers;

/// <summary>The line by which a server says that it can be connected to: <c>listening on 127.0.0.1:35791</c>, with or without more behind it.</summary>
internal static class Announcement
{
    /// <summary>The line of a server whose code is compiled for the last time.</summary>
    public const string Warm = "warm";

    private const string Text = "listening on ";
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    public static void Print(EndPoint? local)
    {
        Console.Out.Write($"{Text}{local}\n");
        Console.Out.Flush();
    }

    /// <summary>Says so when the runtime has compiled nothing new for a while; from a thread that then ends. Not at all with <c>warm=0</c>.</summary>
    public static void PrintWhenWarm(SubjectArguments arguments)
    {
        if (arguments.Number("warm") is 0)
        {
            return;
        }

        var warmUp = new WarmUp(arguments.Number("warm"));
        new Thread(() =>
        {
            while (!warmUp.IsOver)
            {
                Thread.Sleep(Look);
            }

            Console.Out.Write($"{Warm}\n");
            Console.Out.Flush();
        })
        { IsBackground = true }.Start();
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
