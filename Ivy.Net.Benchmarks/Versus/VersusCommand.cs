using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Ivy.Net.Benchmarks.Versus.Running;

namespace Ivy.Net.Benchmarks.Versus;

/// <summary>The command <c>versus</c>.</summary>
internal static class VersusCommand
{
    public static Command Build()
    {
        var workloads = new Argument<string[]>("workload") { Description = $"One or more of {Names}; without: all.", Arity = ArgumentArity.ZeroOrMore };
        workloads.Validators.Add(CheckWorkloads);
        var quick = new Option<bool>("--quick") { Description = $"{VersusOptions.QuickRounds} short rounds: to see where one stands." };
        var smoke = new Option<bool>("--smoke") { Description = "One round of tiny sizes: to see that everything runs. The figures mean nothing." };
        var rounds = new Option<int?>("--rounds") { Description = $"How many rounds ({VersusOptions.FullRounds}).", CustomParser = ParseRounds };
        var cases = new Option<string[]>("--case") { Description = "Only cases whose parameters contain TEXT; may be given more than once.", HelpName = "TEXT" };
        var subjects = new Option<string[]>("--subject") { Description = "Only subjects whose name contains TEXT; may be given more than once.", HelpName = "TEXT" };
        var json = new Option<FileInfo?>("--json") { Description = "Write a line of JSON for each row of the tables.", HelpName = "FILE" };
        var markdown = new Option<FileInfo[]>("--markdown") { Description = "Write the tables as Markdown into a new FILE, or into the places that FILE has for them; what was not measured stays as it is. May be given more than once.", HelpName = "FILE" };
        var svg = new Option<DirectoryInfo?>("--svg") { Description = "Write a chart for each workload that is measured.", HelpName = "DIR" };
        var cores = new Option<(int Subject, int Load)>("--cores")
        {
            Description = "The core for what is measured, and that for what loads it (0,1).",
            HelpName = "A,B",
            CustomParser = ParseCores,
            DefaultValueFactory = static _ => (0, 1),
        };
        var list = new Option<bool>("--list") { Description = "List the workloads." };
        var command = new Command("versus", "Does the same work on Ivy.Net and on its peers in C and .NET, side by side, and compares what it costs.")
        {
            workloads, quick, smoke, rounds, cases, subjects, json, markdown, svg, cores, list,
        };
        command.SetAction((result, cancel) =>
        {
            if (result.GetValue(list))
            {
                PrintList(result.InvocationConfiguration.Output);
                return Task.FromResult(0);
            }

            var options = new VersusOptions
            {
                Workloads = result.GetValue(workloads) ?? [],
                Scale = result.GetValue(smoke) ? Scale.Smoke : result.GetValue(quick) ? Scale.Quick : Scale.Full,
                Rounds = result.GetValue(rounds),
                Cases = result.GetValue(cases) ?? [],
                Subjects = result.GetValue(subjects) ?? [],
                Json = result.GetValue(json),
                Markdown = result.GetValue(markdown) ?? [],
                Svg = result.GetValue(svg),
                Cores = result.GetValue(cores),
                Command = $"dotnet run -c Release --project Ivy.Net.Benchmarks -- {string.Join(' ', result.Tokens.Select(static token => Quoted(token.Value)))}",
            };
            return Task.FromResult(new VersusRun(options).Execute(cancel));
        });
        return command;
    }

    // As a shell reads it.
    private static string Quoted(string word) => word.Contains(' ', StringComparison.Ordinal) ? $"'{word}'" : word;

    private static string Names => string.Join(", ", WorkloadCatalog.All.Select(static w => w.Name));

    private static void PrintList(TextWriter output)
    {
        foreach (IWorkload workload in WorkloadCatalog.All)
        {
            output.WriteLine($"{workload.Name,-10}{workload.Summary}");
        }
    }

    private static void CheckWorkloads(ArgumentResult result)
    {
        if (result.Tokens.FirstOrDefault(static token => WorkloadCatalog.All.All(w => w.Name != token.Value)) is { } unknown)
        {
            result.AddError($"There is no workload {unknown.Value}; there are: {Names}.");
        }
    }

    private static int? ParseRounds(ArgumentResult result)
    {
        if (int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out int rounds) && rounds is >= 1 and <= 1000)
        {
            return rounds;
        }

        result.AddError("--rounds takes a number from 1 to 1000.");
        return null;
    }

    private static (int Subject, int Load) ParseCores(ArgumentResult result)
    {
        string[] words = result.Tokens[0].Value.Split(',');
        int[] allowed = Cores.OfThisThread();
        if (words.Length == 2 && int.TryParse(words[0], out int subject) && int.TryParse(words[1], out int load)
            && subject != load && allowed.Contains(subject) && allowed.Contains(load))
        {
            return (subject, load);
        }

        result.AddError($"--cores takes two different ones of the cores {string.Join(", ", allowed)}, as in 0,1.");
        return default;
    }
}
