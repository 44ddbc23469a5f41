using Ivy.Net.Benchmarks.Versus.Running;
using Ivy.Net.Benchmarks.Versus.Workloads.Servers;

namespace Ivy.Net.Tests.Benchmarks;

/// <summary>What a load generator printed becomes figures, or the run does not count.</summary>
internal sealed class ServerLoadTests
{
    private const string Good =
        "messages=1000 bytes=64000 errors=0 missing_bytes=0 seconds=0.5 server_cpu_ns=475000000 client_cpu_ns=400000000 p50_us=170.5 p99_us=300.0 p999_us=400.0";

    private static readonly MessageLoad Messages =
        new("load_echo", connections: 4, size: 64, new RunSettings { Peers = new() }) { LeastBusy = 0.9 };

    [Test]
    public void A_run_without_fault_has_its_figures()
    {
        Sample sample = Messages.Judge(Good, string.Empty, 0);
        Assert.That(sample.Rejection, Is.Null);
        Assert.That(sample.Values[MessageLoad.Cpu], Is.EqualTo(475_000));
        Assert.That(sample.Values[MessageLoad.Rate], Is.EqualTo(2000));
        Assert.That(sample.Values[MessageLoad.P50], Is.EqualTo(170.5));
        Assert.That(sample.Values[MessageLoad.P99], Is.EqualTo(300));
        Assert.That(sample.Values[MessageLoad.P999], Is.EqualTo(400));
    }

    [TestCase("errors=0", "errors=2", 1, "the load saw 2 errors: load_echo: connection 3, byte 64: other bytes")]
    [TestCase("errors=0", "errors=2", 0, "the load saw 2 errors")]
    [TestCase("missing_bytes=0", "missing_bytes=64", 0, "64 bytes did not come back")]
    [TestCase("bytes=64000", "bytes=63000", 0, "1000 messages of 64 bytes do not make 63000 bytes")]
    [TestCase("messages=1000 bytes=64000", "messages=0 bytes=0", 0, "0 messages")]
    [TestCase("server_cpu_ns=475000000", "server_cpu_ns=440000000", 0, "the server was not saturated: it used 0.88 of its core, and the load 0.80 of its own")]
    public void A_run_that_is_not_what_it_claims_is_rejected_and_says_why(string good, string bad, int exitCode, string reason) =>
        Assert.That(
            Messages.Judge(Good.Replace(good, bad, StringComparison.Ordinal), "load_echo: connection 3, byte 64: other bytes came back than were sent", exitCode).Rejection,
            Does.StartWith(reason));

    [Test]
    public void The_window_may_cut_through_what_is_under_way_and_no_more()
    {
        Assert.That(Messages.Judge(Good.Replace("bytes=64000", "bytes=64256", StringComparison.Ordinal), string.Empty, 0).Rejection, Is.Null);
        Assert.That(Messages.Judge(Good.Replace("bytes=64000", "bytes=64257", StringComparison.Ordinal), string.Empty, 0).Rejection, Is.Not.Null);
    }

    [TestCase("", 1, "the load ended with code 1 and without figures: connect: Connection refused")]
    [TestCase("Segmentation fault", 139, "the load ended with code 139 and without figures: connect: Connection refused")]
    [TestCase(Good, null, "the load did not come to its end: connect: Connection refused")]
    public void A_load_that_breaks_off_is_rejected_with_its_complaint(string output, int? exitCode, string reason) =>
        Assert.That(Messages.Judge(output, "connect: Connection refused\n", exitCode).Rejection, Is.EqualTo(reason));

    [Test]
    public void Memory_is_counted_per_connection_after_the_first_ones_and_never_below_zero()
    {
        var load = new IdleLoad("load_idle", 100, first: 25, settle: 1, seconds: 2);
        const string Line = "connections=100 first=25 errors=0 seconds=2.0 server_cpu_ns=3000 resident_before=5000000 resident_after=5022500 anonymous_before=2000000 anonymous_after=1999000";
        Sample sample = load.Judge(Line, string.Empty, 0);
        Assert.That(sample.Rejection, Is.Null);
        Assert.That(sample.Values[IdleLoad.Resident], Is.EqualTo(300));
        Assert.That(sample.Values[IdleLoad.Anonymous], Is.Zero);
        Assert.That(sample.Values[IdleLoad.Cpu], Is.EqualTo(1.5));
        Assert.That(load.Judge(Line.Replace("connections=100", "connections=99", StringComparison.Ordinal), string.Empty, 0).Rejection, Is.Not.Null);
    }

    [TestCase("a=1 b=2.5", true)]
    [TestCase("a=1 a=2", false)]
    [TestCase("a=1 b", false)]
    [TestCase("a=one", false)]
    [TestCase("a=1=2", false)]
    [TestCase("", false)]
    public void Only_a_line_of_figures_is_a_report(string line, bool isReport) => Assert.That(LoadReport.Parse(line) is not null, Is.EqualTo(isReport));

    [Test]
    public void A_figure_that_is_missing_is_an_error() =>
        Assert.That(() => LoadReport.Parse("a=1")!["b"], Throws.TypeOf<VersusException>().With.Message.Contains("b"));

    [TestCase("listening on 127.0.0.1:7000", 7000)]
    [TestCase("listening on 127.0.0.1:35791 (epoll)", 35791)]
    [TestCase("I am listening on [::1]:80", 80)]
    [TestCase("listening on 127.0.0.1:0", null)]
    [TestCase("listening on 127.0.0.1", null)]
    [TestCase("listening on nothing", null)]
    [TestCase("bind: Address already in use", null)]
    [TestCase(null, null)]
    public void The_port_of_a_server_is_in_its_announcement(string? line, int? port) => Assert.That(Announcement.PortIn(line), Is.EqualTo(port));
}
