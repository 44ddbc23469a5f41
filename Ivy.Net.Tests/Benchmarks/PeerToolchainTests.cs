using Ivy.Net.Benchmarks.Versus.Building;

namespace Ivy.Net.Tests.Benchmarks;

internal sealed class PeerToolchainTests
{
    private string _folder = string.Empty;

    [SetUp]
    public void MakeFolder()
    {
        _folder = Directory.CreateTempSubdirectory("ivy-peers-").FullName;
        File.WriteAllText(Path.Combine(_folder, "peer.h"), string.Empty);
        File.WriteAllText(Path.Combine(_folder, "timers_libev.c"), string.Empty);
    }

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void What_is_missing_is_named_with_the_package_that_brings_it_and_left_out()
    {
        PeerToolchain peers = Make(new FakeCompiler { Headers = ["ev.h"] });
        using (Assert.EnterMultipleScope())
        {
            Assert.That(peers.Build("timers_libev.c", Library.Libev), Is.Not.Null);
            Assert.That(peers.Build("timers_libuv.c", Library.Libuv), Is.Null);
            Assert.That(peers.Build("timers_ivykis.c", Library.Ivykis), Is.Null);
            Assert.That(peers.Missing, Is.EqualTo("libuv, ivykis are missing: on Debian, apt-get install libuv1-dev libivykis-dev. Going on without."));
        }
    }

    [Test]
    public void Nothing_is_said_where_nothing_is_missing()
    {
        PeerToolchain peers = Make(new FakeCompiler { Headers = ["ev.h"] });
        peers.Build("timers_libev.c", Library.Libev);
        Assert.That(peers.Missing, Is.Null);
    }

    [Test]
    public void Without_a_compiler_it_says_how_to_install_one_and_goes_on()
    {
        PeerToolchain peers = Make(new FakeCompiler { IsInstalled = false });
        using (Assert.EnterMultipleScope())
        {
            Assert.That(peers.Build("timers_libev.c", Library.Libev), Is.Null);
            Assert.That(peers.Missing, Does.Contain("gcc is missing").And.Contain("apt-get install gcc libc6-dev"));
        }
    }

    [Test]
    public void A_peer_is_built_when_a_source_is_newer_and_only_then()
    {
        var compiler = new FakeCompiler { Headers = ["ev.h"] };
        PeerToolchain peers = Make(compiler);
        string program = peers.Build("timers_libev.c", Library.Libev)!;
        peers.Build("timers_libev.c", Library.Libev);
        Assert.That(compiler.Compiled, Is.EqualTo(["timers_libev.c -lev"]));

        // A header that peers share has changed.
        File.SetLastWriteTimeUtc(Path.Combine(_folder, "peer.h"), File.GetLastWriteTimeUtc(program).AddSeconds(1));
        peers.Build("timers_libev.c", Library.Libev);
        Assert.That(compiler.Compiled, Has.Count.EqualTo(2));
    }

    private PeerToolchain Make(FakeCompiler compiler) => new(compiler, _folder, Path.Combine(_folder, "out"));
}
