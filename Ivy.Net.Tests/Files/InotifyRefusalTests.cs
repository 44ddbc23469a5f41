using Ivy.Net.Interop.Linux;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Files;

/// <summary>What the system refuses is said where it is asked, with the path and what to do; and the loop goes on.</summary>
[TestFixture("epoll")]
[Platform("Linux", Reason = "inotify(7)")]
[NonParallelizable] // faults are the process's
internal sealed class InotifyRefusalTests(string method) : FileFixture(method)
{
    [Test]
    public void A_path_that_does_not_exist_is_ENOENT_with_the_path() => Run(_ =>
    {
        using var inotify = new IvInotify { Name = "settings" };
        IvException? refused = Assert.Throws<IvException>(() => inotify.Watch(In("none"), Everything, static (_, _) => { }));
        Assert.That(refused!.Error, Is.EqualTo(IvError.ENOENT));
        Assert.That(refused.Message, Does.StartWith($"IvInotify \"settings\": watch {In("none")}: ENOENT (2)").And.Contain("make it first"));
        Assert.That(inotify.TryWatch(In("none"), Everything, static (_, _) => { }, out IvInotifyWatch? watch), Is.EqualTo(IvError.ENOENT));
        Assert.That(watch, Is.Null);
        Assert.That(inotify.WatchCount, Is.Zero);
    });

    [Test]
    public void A_file_where_only_a_folder_will_do_and_a_name_too_long_have_their_errors() => Run(loop =>
    {
        using var inotify = new IvInotify();
        string file = Write("file");
        Assert.That(inotify.TryWatch(file, Everything, static (_, _) => { }, out IvInotifyWatch? none, IvWatchOptions.DirectoryOnly), Is.EqualTo(IvError.ENOTDIR));
        Assert.That(none, Is.Null);
        Assert.That(inotify.TryWatch(file + "/x", Everything, static (_, _) => { }, out none), Is.EqualTo(IvError.ENOTDIR));
        Assert.That(inotify.TryWatch(In(new string('x', 256)), Everything, static (_, _) => { }, out none), Is.EqualTo(IvError.ENAMETOOLONG));
        Assert.That(loop.Counters.Active, Is.Zero);
    });

    [TestCase(IvError.ENOSPC, "/proc/sys/fs/inotify/max_user_watches")]
    [TestCase(IvError.EACCES, "the right to read")]
    public void Limits_and_rights_are_named(IvError error, string advice) => Run(loop =>
    {
        using var inotify = new IvInotify();
        inotify.Register();
        using (new ScriptedFaults(SysCall.InotifyAddWatch, error))
        {
            Assert.That(
                () => inotify.Watch(Folder, Everything, static (_, _) => { }),
                Throws.TypeOf<IvException>().With.Property(nameof(IvException.Error)).EqualTo(error).And.Message.Contains(advice));
        }

        int events = 0;
        inotify.Watch(Folder, Everything, (_, _) => events++);
        Write("a");
        Turn(loop);
        Assert.That(events, Is.GreaterThan(0), "it goes on");
    });

    [Test]
    public void Too_many_instances_is_EMFILE_with_the_limit() => Run(_ =>
    {
        using var faults = new ScriptedFaults(SysCall.InotifyInit, IvError.EMFILE, 4);
        Assert.That(() => new IvInotify(), Throws.TypeOf<IvException>().With.Message.Contains("/proc/sys/fs/inotify/max_user_instances"));
        Assert.That(IvInotify.TryCreate(out IvInotify? none), Is.EqualTo(IvError.EMFILE));
        Assert.That(none, Is.Null);
        using var tree = new IvFileTreeWatch(Folder, Everything, static (_, _) => { });
        Assert.That(tree.TryRegister(), Is.EqualTo(IvError.EMFILE));
        Assert.That(tree.Register, Throws.TypeOf<IvException>().With.Message.Contains("max_user_instances"));
    });

    [Test]
    public void Arguments_are_checked() => Run(_ =>
    {
        using var inotify = new IvInotify();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => inotify.Watch(string.Empty, Everything, static (_, _) => { }), Throws.ArgumentException);
            Assert.That(() => inotify.Watch("a\0b", Everything, static (_, _) => { }), Throws.ArgumentException);
            Assert.That(() => inotify.Watch(Folder, IvFileEvents.None, static (_, _) => { }), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(() => inotify.Watch(Folder, IvFileEvents.Ended, static (_, _) => { }), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(() => inotify.Watch(Folder, Everything, null!), Throws.ArgumentNullException);
            Assert.That(() => new IvFileTreeWatch(string.Empty, Everything, static (_, _) => { }), Throws.ArgumentException);
            Assert.That(() => new IvFileTreeWatch(Folder, IvFileEvents.None, static (_, _) => { }), Throws.InstanceOf<ArgumentOutOfRangeException>());
        }
    });

    [Test]
    public void Interrupted_calls_are_not_noticed() => Run(loop =>
    {
        using var inotify = new IvInotify();
        inotify.Register();
        int events = 0;
        using (var faults = new ScriptedFaults(SysCall.InotifyAddWatch, IvError.EINTR, 3))
        {
            inotify.Watch(Folder, Everything, (_, _) => events++);
            Assert.That(faults.Count, Is.EqualTo(3));
        }

        Write("a");
        using (var faults = new ScriptedFaults(SysCall.Read, IvError.EINTR, 3))
        {
            Turn(loop);
            Assert.That(faults.Count, Is.EqualTo(3));
        }

        Assert.That(events, Is.GreaterThan(0));
    });

    [Test]
    [Provokes("IVF0150")]
    public void A_descriptor_that_cannot_be_read_is_fatal() => Run(loop =>
    {
        using var inotify = new IvInotify();
        inotify.Register();
        inotify.Watch(Folder, Everything, static (_, _) => { });
        Write("a");
        using var faults = new ScriptedFaults(SysCall.Read, IvError.EBADF);
        IvFatalInfo info = FatalScope.Expect(FatalCondition.InotifyFailed, () => Turn(loop));
        Assert.That(info.Subject, Is.SameAs(inotify));
    });

    [Test]
    public void Misuse_is_found() => Run(_ =>
    {
        var inotify = new IvInotify();
        inotify.Register();
        IvInotifyWatch watch = inotify.Watch(Folder, Everything, static (_, _) => { });
        FatalScope.Expect(FatalCondition.AlreadyRegistered, inotify.Register);
        LoopThread.Elsewhere(() =>
        {
            FatalScope.Expect(FatalCondition.WrongThread, watch.Dispose);
            FatalScope.Expect(FatalCondition.WrongThread, () => watch.Handler = static (_, _) => { });
            FatalScope.Expect(FatalCondition.WrongThread, () => inotify.Watch(Folder, Everything, static (_, _) => { }));
        });
        inotify.Unregister();
        FatalScope.Expect(FatalCondition.NotRegistered, inotify.Unregister);
        inotify.Dispose();
        FatalScope.Expect(FatalCondition.DisposedObject, () => inotify.Watch(Folder, Everything, static (_, _) => { }));
        FatalScope.Expect(FatalCondition.DisposedObject, inotify.Register);
        watch.Dispose();
    });

    [Test]
    public void A_simulated_loop_has_no_files()
    {
        using var loop = new IvLoop(new IvLoopOptions { Network = new SimulatedNetwork(1) });
        using var inotify = new IvInotify();
        using var tree = new IvFileTreeWatch(Folder, Everything, static (_, _) => { });
        FatalScope.Expect(FatalCondition.OtherNetwork, inotify.Register);
        FatalScope.Expect(FatalCondition.OtherNetwork, tree.Register);
    }

    [Test]
    public void Instances_and_trees_leave_no_descriptor_behind() => Run(loop =>
    {
        Make("a", "b");
        using var first = new IvInotify();
        SortedDictionary<string, int> before = Native.OpenDescriptors();
        for (int i = 0; i < 20; i++)
        {
            using var inotify = new IvInotify();
            inotify.Watch(Folder, Everything, static (_, _) => { });
            inotify.Register();
            using var tree = new IvFileTreeWatch(Folder, Everything, static (_, _) => { });
            tree.Register();
            using var refused = new IvFileTreeWatch(In("none"), Everything, static (_, _) => { });
            Assert.That(refused.TryRegister(), Is.EqualTo(IvError.ENOENT));
            Turn(loop, 1);
        }

        Assert.That(Native.OpenDescriptors(), Is.EqualTo(before));
    });
}
