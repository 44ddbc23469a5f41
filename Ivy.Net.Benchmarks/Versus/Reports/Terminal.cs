using Spectre.Console;

namespace Ivy.Net.Benchmarks.Versus.Reports;

/// <summary>Tables for the terminal; plain and wide where the output goes to a file or another program.</summary>
internal static class Terminal
{
    // Wide enough for every table of ours.
    private const int PlainWidth = 200;

    public static IAnsiConsole Of(TextWriter writer, bool isRedirected)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = isRedirected ? AnsiSupport.No : AnsiSupport.Detect,
            ColorSystem = isRedirected ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
            Interactive = isRedirected ? InteractionSupport.No : InteractionSupport.Detect,
        });
        if (isRedirected)
        {
            console.Profile.Width = PlainWidth;
        }

        return console;
    }

    public static void Write(IAnsiConsole console, TextTable text)
    {
        var table = new Table
        {
            Border = console.Profile.Capabilities.Ansi ? TableBorder.Simple : TableBorder.Markdown,
            Title = null,
        };
        for (int i = 0; i < text.Head.Count; i++)
        {
            var column = new TableColumn(Markup.Escape(text.Head[i])) { NoWrap = i < text.Head.Count - 1 };
            table.AddColumn(IsNumber(text, i) ? column.RightAligned() : column);
        }

        foreach (IReadOnlyList<string> row in text.Rows)
        {
            table.AddRow([.. row.Select(static cell => Markup.Escape(cell))]);
        }

        console.WriteLine();
        console.WriteLine(text.Title);
        console.Write(table);
    }

    private static bool IsNumber(TextTable text, int column) => text.Rows.Any(row => row[column].Length > 0 && (char.IsAsciiDigit(row[column][0]) || row[column] == "–"));
}
