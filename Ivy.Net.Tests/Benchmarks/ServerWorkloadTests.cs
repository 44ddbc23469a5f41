using Ivy.Net.Benchmarks.Versus.Building;
using Ivy.Net.Benchmarks.Versus.Running;
using Ivy.Net.Benchmarks.Versus.Workloads.Servers;

namespace Ivy.Net.Tests.Benchmarks;

/// <summary>The workloads with servers, with tiny sizes; their processes are real.</summary>
[Platform("Linux", Reason = "starts servers that are compiled by gcc")]
[NonParallelizable]
internal sealed class ServerWorkloadTests
{
    // Echoes to one client; what is done to the bytes, the tests say.
    private const string WrongServer =
        """
        #include "server.h"
        #include <poll.h>

        int main(int argc, char **argv)
        {
            static char buffer[BUFFER];
            int listener = open_listener(argc, argv), number = 0;
            announce(listener);
            struct pollfd wait = { .fd = listener, .events = POLLIN };
            poll(&wait, 1, -1);
            int fd = accept(listener, NULL, NULL);
            for (ssize_t n; (n = recv(fd, buffer, sizeof buffer, 0)) > 0;) {
                if (++number == 10) { WRONG; }
                send(fd, buffer, (size_t)n, MSG_NOSIGNAL);
            }
            return 0;
        }
        """;

    private static readonly RunSettings Settings = new()
    {
        Scale = Scale.Smoke,
        SubjectCore = Cores.OfThisThread()[0],
        LoadCore = Cores.OfThisThread()[^1],
        Peers = new PeerToolchain(),
    };

    private static IEnumerable<IWorkload> Workloads => [new EchoWorkload(), new ChurnWorkload(), new IdleWorkload(), new StartWorkload()];

    [TestCaseSource(nameof(Workloads))]
    public void Every_subject_that_can_run_here_gives_figures(IWorkload workload)
    {
        WorkloadCase item = workload.Cases(Settings).FirstOrDefault() ?? Missing();
        Assert.That(item.Subjects.Select(static s => s.Name), Is.SupersetOf((string[])["epoll+idle", EchoServers.Sockets, "sockets-inline", EchoServers.IvyOnEpoll, "ivy-poll"]));
        Assert.That(item.Targets.Select(static t => t.Subject).Distinct(), Is.SubsetOf(item.Subjects.Select(static s => s.Name)));
        foreach (Subject subject in item.Subjects)
        {
            Sample sample = subject.Measure(CancellationToken.None).Checked(item);
            Assert.That(sample.Rejection, Is.Null, subject.Name);
            Assert.That(sample.Values.Keys, Is.EquivalentTo(item.Metrics.Select(static m => m.Name)), subject.Name);
        }
    }

    [TestCase("buffer[7] ^= 1", "other bytes came back than were sent")]
    [TestCase("send(fd, buffer, 1, 0)", "more came back than was sent")]
    [TestCase("close(fd)", "the server has closed")]
    public void A_server_that_is_wrong_once_is_rejected(string wrong, string reason)
    {
        string program = Settings.Peers.Build("load_echo.c") ?? Missing<string>();
        string folder = Directory.CreateTempSubdirectory("ivy-versus-").FullName;
        try
        {
            string source = Path.Combine(folder, "wrong.c");
            string server = Path.Combine(folder, "wrong");
            File.WriteAllText(source, WrongServer.Replace("WRONG", wrong, StringComparison.Ordinal));
            Assert.That(new Gcc().Compile(source, server, ["-I", SourceTree.Peers]), Is.Null);

            var load = new MessageLoad(program, connections: 1, size: 64, Settings);
            var subject = new ServerSubject(new EchoServer("wrong", SubjectKind.Bare, [server, "--port", "0"]), load, Settings);
            Assert.That(subject.Measure(CancellationToken.None).Rejection, Does.Contain(reason));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Test]
    public void A_server_that_does_not_start_is_rejected_with_its_complaint()
    {
        string program = Settings.Peers.Build("echo_epoll.c") ?? Missing<string>();
        var load = new MessageLoad("load_echo", connections: 1, size: 64, Settings);
        var subject = new ServerSubject(new EchoServer("wrong", SubjectKind.Bare, [program, "--what"]), load, Settings);
        Assert.That(subject.Measure(CancellationToken.None).Rejection, Does.StartWith("the server did not say what it is listening on").And.Contains("--what"));
    }

    [Test]
    public void A_server_that_does_not_become_warm_is_rejected_with_what_it_says_instead()
    {
        var load = new MessageLoad(Settings.Peers.Build("load_echo.c") ?? Missing<string>(), connections: 1, size: 64, Settings);
        var server = new EchoServer("wrong", SubjectKind.Ivy, ["sh", "-c", "echo listening on 127.0.0.1:1; echo cold; exec sleep 60"]) { SaysWhenWarm = true };
        Assert.That(new ServerSubject(server, load, Settings).Measure(CancellationToken.None).Rejection, Is.EqualTo("the server did not become warm, but says: cold"));
    }

    [Test]
    public void A_server_that_does_not_close_its_side_is_rejected_by_churn()
    {
        string program = Settings.Peers.Build("load_churn.c") ?? Missing<string>();
        string folder = Directory.CreateTempSubdirectory("ivy-versus-").FullName;
        try
        {
            string source = Path.Combine(folder, "lazy.c");
            string server = Path.Combine(folder, "lazy");
            File.WriteAllText(source, WrongServer.Replace("if (++number == 10) { WRONG; }", "(void)number;", StringComparison.Ordinal).Replace("return 0;", "pause(); return 0;", StringComparison.Ordinal));
            Assert.That(new Gcc().Compile(source, server, ["-I", SourceTree.Peers]), Is.Null);
            var subject = new ServerSubject(new EchoServer("lazy", SubjectKind.Bare, [server, "--port", "0"]), new MessageLoad(program, connections: 1, size: 64, Settings), Settings);
            Assert.That(subject.Measure(CancellationToken.None).Rejection, Does.Contain("has left 1 open"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static WorkloadCase Missing() => Missing<WorkloadCase>();

    private static T Missing<T>()
    {
        Assert.Ignore(Settings.Peers.Missing ?? "a library is missing");
        return default!;
    }
}
