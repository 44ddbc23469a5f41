using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Conformance;

/// <summary>Files and what else has no readiness: rows B15, F2.</summary>
[TestFixtureSource(typeof(ConformanceBackend), nameof(ConformanceBackend.All))]
internal sealed class AlwaysReadyTests(ConformanceBackend backend)
{
    [Test]
    [Category("B15")]
    public void A_regular_file_is_EPERM_and_always_ready_on_request() => backend.Run(bench =>
    {
        nint file = OpenFile(bench);
        Assert.That(new IvFd(file).TryRegister(), Is.EqualTo(IvError.EPERM));
        var fd = new IvFd(file) { AlwaysReady = true, HandlerIn = bench.Say("in") };
        fd.Register();
        bench.Turn(3);
        Assert.That(bench.Log, Has.Count.EqualTo(3));
        fd.HandlerIn = null;
        bench.AssertSleeps("not wanted");
        fd.HandlerOut = fd =>
        {
            bench.Log.Add("out");
            fd.Unregister();
        };
        Assert.That(bench.Loop.Run(), Is.False);
        Assert.That(bench.Log[^1], Is.EqualTo("out"));
    });

    [Test]
    [Category("B15")]
    public void A_regular_file_registered_twice_is_EEXIST_too() => backend.Run(bench =>
    {
        nint file = OpenFile(bench);
        using var first = new IvFd(file) { AlwaysReady = true };
        using var second = new IvFd(file) { AlwaysReady = true };
        first.Register();
        Assert.That(second.TryRegister(), Is.EqualTo(IvError.EEXIST));
        first.Unregister();
        Assert.That(second.TryRegister(), Is.EqualTo(IvError.None));
    });

    [Test]
    [Category("B15")]
    public void Always_ready_descriptors_are_called_once_a_turn_even_if_one_ends_others() => backend.Run(bench =>
    {
        List<IvFd> all = [];
        for (int i = 0; i < 5; i++)
        {
            string name = $"{i}";
            var fd = bench.Own(new IvFd(OpenFile(bench)) { AlwaysReady = true, HandlerIn = bench.Say(name) });
            fd.Register();
            all.Add(fd);
        }

        all[3].HandlerIn = _ =>
        {
            bench.Log.Add("3");
            all[0].Unregister();
            all[1].Unregister();
            all[3].HandlerIn = bench.Say("3");
        };
        bench.Turn();
        Assert.That(bench.Log, Is.Unique);
        bench.Log.Clear();
        bench.Turn();
        Assert.That(bench.Log, Is.EquivalentTo(["2", "3", "4"]));
    });

    [Test]
    [Category("B15")]
    [Category("F2")]
    public void An_always_ready_descriptor_registered_again_is_called_in_the_next_turn() => backend.Run(bench =>
    {
        using var first = new IvFd(OpenFile(bench)) { AlwaysReady = true };
        using var second = new IvFd(OpenFile(bench)) { AlwaysReady = true };
        first.HandlerIn = _ => Handle(second);
        second.HandlerIn = _ => Handle(first);
        first.Register();
        second.Register();
        bench.Turn();
        Assert.That(bench.Log, Has.Count.EqualTo(1));

        void Handle(IvFd other)
        {
            bench.Log.Add("in");
            other.Unregister();
            other.Register();
        }
    });

    [TestCase("/dev/null")]
    [TestCase("/dev/zero")]
    [TestCase("/")]
    [Category("B15")]
    public void What_has_no_readiness_is_EPERM(string path)
    {
        backend.Require(Need.Kernel);
        backend.Run(bench =>
        {
            int fd = Native.Open(path);
            bench.OwnNumber(fd);
            Assert.That(new IvFd(fd).TryRegister(), Is.EqualTo(IvError.EPERM));
        });
    }

    private static nint OpenFile(Bench bench)
    {
        nint handle;
        if (bench.Backend.IsSimulated)
        {
            Assert.That(bench.Simulation.OpenFile(out handle), Is.EqualTo(IvError.None));
        }
        else if (OperatingSystem.IsWindows())
        {
            return bench.Own(File.OpenHandle(Environment.ProcessPath!)).DangerousGetHandle();
        }
        else
        {
            handle = Native.Open("/proc/self/exe");
        }

        return bench.OwnNumber(handle);
    }
}
