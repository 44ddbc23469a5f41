namespace Ivy.Net.Tests.Examples;

/// <summary>The example that watches files.</summary>
[Platform("Linux", Reason = "starts the examples by a shell")]
internal sealed class WatchExampleTests
{
    private string _folder = string.Empty;

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("ivy-watch-").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    [Example("watch")]
    public void Watch_prints_a_line_for_each_event_and_the_totals([Values("epoll", "poll", "io_uring")] string backend)
    {
        using ExampleProcess process = ExampleProcess.StartOn(backend, "watch", "--recursive", _folder);
        process.WaitForLine($"^watching {_folder}$");
        string inner = Path.Combine(_folder, "a", "b");
        Directory.CreateDirectory(inner);
        File.WriteAllText(Path.Combine(inner, "file"), "x");
        process.WaitForLine($"^created  {inner}/file$");
        File.Move(Path.Combine(inner, "file"), Path.Combine(_folder, "moved"));
        process.WaitForLine($"^moved  {inner}/file -> {_folder}/moved$");
        File.Delete(Path.Combine(_folder, "moved"));
        process.WaitForLine($"^deleted  {_folder}/moved$");
        process.EndsWith("^[0-9]+ events: 3 created, 1 deleted, .*1 moved$", ExampleProcess.SigInt);
    }

    [Test]
    public void Watch_without_recursion_sees_the_folder_itself_only()
    {
        using ExampleProcess process = ExampleProcess.Start("watch", _folder, "/etc");
        process.WaitForLine("^watching /etc$");
        Directory.CreateDirectory(Path.Combine(_folder, "a", "b"));
        process.WaitForLine($"^created  {_folder}/a/$");
        process.EndsWith("^1 events: 1 created$");
    }

    [TestCase]
    [TestCase("--recursive")]
    public void Watch_says_in_one_line_what_is_wrong_with_a_path(params string[] options)
    {
        using ExampleProcess process = ExampleProcess.Run(["watch", .. options, "/no/such/folder"]);
        Assert.That(process.WaitForExit(), Is.EqualTo(2));
        Assert.That(process.Errors.Single(), Does.Contain("watch /no/such/folder: ENOENT").And.Contain("make it first"));
    }
}
