// Prints what happens to files and folders, by inotify; with --recursive also in the folders below, those that are made later too.
//
//   dotnet run -c Release --project Ivy.Net.Examples -- watch [--recursive] PATH…
//   dotnet run -c Release --project Ivy.Net.Examples -- watch --recursive /tmp
//
// It prints `watching /tmp`, then a line for each event, such as `created  /tmp/new/`, `moved  /tmp/a -> /tmp/b`, and when it is
// ended by Ctrl-C or TERM, `7 events: 2 created, 4 modified, 1 moved`.

using System.CommandLine;

namespace Ivy.Net.Examples;

internal sealed class WatchExample : IExample
{
    private const IvFileEvents Wanted =
        IvFileEvents.Created | IvFileEvents.Deleted | IvFileEvents.Modified | IvFileEvents.Moved | IvFileEvents.AttributesChanged;

    private static readonly SortedDictionary<string, int> Totals = [];

    public string Name => "watch";

    public string Summary => "Prints what happens to files and folders.";

    public string Details => "Make, write, move and delete something there; Ctrl-C ends it with the totals.";

    public void AddTo(Command command)
    {
        var paths = new Argument<string[]>("PATH") { Description = "A file or folder.", Arity = ArgumentArity.OneOrMore };
        var recursive = new Option<bool>("--recursive") { Description = "Also all folders below." };
        command.Arguments.Add(paths);
        command.Options.Add(recursive);
        command.SetAction(result => Run(result.GetValue(paths)!, result.GetValue(recursive)));
    }

    private static void Run(string[] paths, bool recursive)
    {
        using var loop = new IvLoop();
        QuitSignals.Register();
        using var inotify = new IvInotify { HandlerOverflow = static _ => Console.WriteLine("overflow  some events were lost") };
        inotify.Register();
        foreach (string path in paths)
        {
            if (recursive)
            {
                Tree(path).Register();
            }
            else
            {
                inotify.Watch(path, Wanted, static (_, e) => Print(e.Events, e.Path, oldPath: null, e.IsDirectory));
            }

            Console.WriteLine($"watching {path}");
        }

        loop.Run();
        Console.WriteLine($"{Totals.Values.Sum()} events: {string.Join(", ", Totals.Select(static total => $"{total.Value} {total.Key}"))}");
    }

    private static IvFileTreeWatch Tree(string path) => new(path, Wanted, static (_, e) => Print(e.Events, e.Path, e.OldPath, e.IsDirectory))
    {
        HandlerOverflow = static _ => Console.WriteLine("overflow  some events were lost; the folders are looked at"),
        HandlerError = static (_, folder, error) => Console.WriteLine($"not watched  {folder}: {error.Describe()}"),
    };

    private static void Print(IvFileEvents what, string path, string? oldPath, bool isDirectory)
    {
        string kind = what switch
        {
            IvFileEvents.AttributesChanged => "attributes",
            IvFileEvents.MovedFrom => "moved-away",
            IvFileEvents.MovedTo => "moved-here",
            _ => what.ToString().ToLowerInvariant(),
        };
        Totals[kind] = Totals.GetValueOrDefault(kind) + 1;
        Console.WriteLine($"{kind}  {(oldPath is null ? string.Empty : $"{oldPath} -> ")}{path}{(isDirectory ? "/" : string.Empty)}");
    }
}
