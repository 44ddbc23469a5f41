// dotnet tool restore && dotnet cake [--target=NAME] [--configuration=Release] [--tests=given]
//
// Without a target: all of the tasks below but Wine, in their order. `--tests=given` runs no test again: Test then reports on the results
// that an earlier `dotnet test` left in artifacts/tests (this is what .ci/run does).

using System.Text.RegularExpressions;

var target = Argument("target", "Default");
var configuration = Argument("configuration", "Release");
var given = Argument("tests", "run") == "given";

const string Solution = "Ivy.sln";
const string Results = "artifacts/tests";
const string CoverageReport = "artifacts/coverage";
const string ManPages = "artifacts/man";
const string Packages = "artifacts/packages";
const string Precompiled = "artifacts/precompiled";
const string Wine = "artifacts/wine";

// For these the package has the library compiled ahead of time, too, so that programs with it start sooner; elsewhere .NET compiles it as it runs.
var platforms = new[] { "linux-arm64", "linux-x64", "osx-arm64", "win-x64" };

Task("Clean").Does(() =>
{
    EnsureDirectoryExists("artifacts");
    Delete(Wine);
    var kept = given ? MakeAbsolute(Directory(Results)).FullPath : null;
    CleanDirectory("artifacts", entry => kept is null || !entry.Path.FullPath.StartsWith(kept, StringComparison.Ordinal));
});

Task("Restore").Does(() => DotNetRestore(Solution));

Task("Build").IsDependentOn("Restore").Does(() =>
    DotNetBuild(Solution, new DotNetBuildSettings { Configuration = configuration, NoRestore = true, NoLogo = true }));

Task("Format").IsDependentOn("Restore").Does(() =>
    Run("dotnet", $"format {Solution} --verify-no-changes --no-restore", "`dotnet format` mends what it can"));

Task("Test").IsDependentOn("Build").Does(() =>
{
    if (!given)
    {
        CleanDirectory(Results);
        RunTests(new DotNetTestSettings { Settings = "Ivy.Net.Tests/coverage.runsettings", ResultsDirectory = Results });
    }

    Run("dotnet", $"reportgenerator -verbosity:Warning -reporttypes:Html;TextSummary -reports:{Results}/**/coverage.cobertura.xml -targetdir:{CoverageReport}");
    var summary = System.IO.File.ReadAllText($"{CoverageReport}/Summary.txt");
    var percent = Regex.Match(summary, @"^\s*Line coverage: ([0-9.]+)%", RegexOptions.Multiline).Groups[1].Value;
    Console.WriteLine($"line coverage of Ivy.Net: {(percent.Length == 0 ? "0" : percent)} %");
});

Task("Man").Does(() =>
{
    var pages = GetFiles("docs/man/man*/*.*").OrderBy(page => page.FullPath, StringComparer.Ordinal).ToList();
    if (Context.Tools.Resolve("mandoc") is null)
    {
        throw new CakeException("mandoc is missing; on Debian: apt-get install mandoc");
    }

    CleanDirectory(ManPages);
    CopyFileToDirectory("docs/man/man.css", ManPages);

    var complaints = pages.SelectMany(page => Read("mandoc", $"-Tlint -Wwarning {Relative(page)}")).ToList();
    if (complaints.Count > 0)
    {
        throw new CakeException("mandoc -Tlint:\n" + string.Join("\n", complaints));
    }

    // mandoc links to the pages that lie in its working directory as ours, and to all others as the system's.
    const string Links = "man=../man%S/%N.%S.html;https://man7.org/linux/man-pages/man%S/%N.%S.html";
    var sources = $"{ManPages}/roff";
    EnsureDirectoryExists(sources);
    CopyFiles(pages, sources);
    foreach (var page in pages)
    {
        var folder = $"{ManPages}/{page.GetDirectory().GetDirectoryName()}";
        EnsureDirectoryExists(folder);
        System.IO.File.WriteAllLines($"{folder}/{page.GetFilename()}.html", Read("mandoc", $"-Thtml -O style=../man.css,{Links} {page.GetFilename()}", sources));
    }

    Console.WriteLine($"{pages.Count} man pages in {ManPages}");
});

Task("Api").IsDependentOn("Build").Does(() =>
    RunTests(new DotNetTestSettings { Filter = "TestCategory=Api" }));

Task("Precompile").IsDependentOn("Build").Does(() =>
{
    CleanDirectory(Precompiled);
    foreach (var platform in platforms)
    {
        DotNetPublish("Ivy.Net/Precompiled", new DotNetPublishSettings
        {
            Configuration = configuration,
            Runtime = platform,
            SelfContained = false,
            NoLogo = true,
            OutputDirectory = $"{Precompiled}/{platform}/lib/net10.0",
        });
    }
});

Task("Pack").IsDependentOn("Precompile").Does(() =>
{
    CleanDirectory(Packages);
    DotNetPack("Ivy.Net", new DotNetPackSettings
    {
        Configuration = configuration,
        NoBuild = true,
        NoLogo = true,
        OutputDirectory = Packages,
        MSBuildSettings = new DotNetMSBuildSettings().WithProperty("PrecompiledPath", MakeAbsolute(Directory(Precompiled)).FullPath),
    });

    using var package = System.IO.Compression.ZipFile.OpenRead(GetFiles($"{Packages}/*.nupkg").Single().FullPath);
    var missing = platforms.Where(platform => package.GetEntry($"runtimes/{platform}/lib/net10.0/Ivy.Net.dll") is null).ToList();
    if (missing.Count > 0)
    {
        throw new CakeException($"the package has no library compiled for {string.Join(", ", missing)}");
    }
});

// The tests and examples on Windows' own code, where there is no Windows: published for it, and run by Wine in a folder of its own.
Task("Wine").Does(() =>
{
    const string Log = $"{Results}/wine/wine.xml";
    const int Hung = 255;
    var wine = new[] { "/usr/lib/wine/wine64", "/usr/bin/wine64", "/usr/bin/wine" }.FirstOrDefault(path => FileExists(path))
        ?? throw new CakeException("wine64 is missing; on Debian: apt-get install wine64");
    Delete(Wine);
    EnsureDirectoryExists($"{Wine}/home");
    EnsureDirectoryExists($"{Results}/wine");
    foreach (var project in new[] { "Ivy.Net.Tests", "Ivy.Net.Examples" })
    {
        DotNetPublish(project, new DotNetPublishSettings
        {
            Configuration = configuration,
            Runtime = "win-x64",
            SelfContained = true,
            NoLogo = true,
            OutputDirectory = $"{Wine}/tests",
            MSBuildSettings = new DotNetMSBuildSettings().WithProperty("RunsItself", "true").WithProperty("RunAnalyzers", "false"),
        });
    }

    // W^X: the runtime maps its code twice for it, and under Wine 8 one of the two goes stale (an internal error of the runtime).
    // HOME: Wine links the folders of its user (Documents, Desktop …) to it.
    var environment = new Dictionary<string, string>
    {
        ["HOME"] = MakeAbsolute(Directory($"{Wine}/home")).FullPath,
        ["WINEPREFIX"] = MakeAbsolute(Directory($"{Wine}/prefix")).FullPath,
        ["WINEDEBUG"] = "-all",
        ["DOTNET_EnableWriteXorExecute"] = "0",
    };
    StartProcess(wine, new ProcessSettings { Arguments = "wineboot -i", EnvironmentVariables = environment, RedirectStandardOutput = true, RedirectStandardError = true });
    var code = Start();
    if (code == Hung)
    {
        // Seen once in some twenty runs, in a test of a second: what hangs twice is no accident.
        Warning("A test did not come to its end under Wine: all of them once more.");
        code = Start();
    }

    StartProcess(wine, new ProcessSettings { Arguments = "wineboot -k", EnvironmentVariables = environment, RedirectStandardOutput = true, RedirectStandardError = true });
    if (code != 0)
    {
        throw new CakeException($"the tests under Wine: exit code {code}");
    }

    int Start() => StartProcess(wine, new ProcessSettings
    {
        Arguments = $@"{Wine}/tests/Ivy.Net.Tests.exe ""Z:{MakeAbsolute(File(Log)).FullPath.Replace('/', '\\')}""",
        EnvironmentVariables = environment,
        Timeout = 600_000, // ms
    });
});

Task("Default")
    .IsDependentOn("Clean")
    .IsDependentOn("Restore")
    .IsDependentOn("Build")
    .IsDependentOn("Format")
    .IsDependentOn("Test")
    .IsDependentOn("Man")
    .IsDependentOn("Api")
    .IsDependentOn("Pack");

RunTarget(target);

void RunTests(DotNetTestSettings settings)
{
    settings.Configuration = configuration;
    settings.NoBuild = true;
    settings.NoLogo = true;
    settings.ArgumentCustomization = arguments => arguments.Append("-- RunConfiguration.TreatNoTestsAsError=true");
    DotNetTest(Solution, settings);
}

void Run(string tool, string arguments, string hint = null)
{
    var code = StartProcess(tool, arguments);
    if (code != 0)
    {
        throw new CakeException($"{tool} {arguments}: exit code {code}{(hint is null ? "" : "; " + hint)}");
    }
}

IEnumerable<string> Read(string tool, string arguments, string workingDirectory = ".")
{
    var settings = new ProcessSettings { Arguments = arguments, WorkingDirectory = workingDirectory, RedirectStandardOutput = true };
    StartProcess(tool, settings, out var lines);
    return lines;
}

// Not CleanDirectory, which goes through links: a prefix of Wine has some to the home of whoever made it.
void Delete(string folder)
{
    if (System.IO.Directory.Exists(folder))
    {
        System.IO.Directory.Delete(folder, recursive: true);
    }
}

string Relative(FilePath path) => MakeAbsolute(Directory(".")).GetRelativePath(path).FullPath;
