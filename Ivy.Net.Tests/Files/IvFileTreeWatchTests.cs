using Ivy.Net.Interop.Linux;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Files;

/// <summary>A tree: what is new, what moves, what ends; the differential tests hold the rest.</summary>
[TestFixture("epoll")]
[TestFixture("poll")]
[TestFixture("io_uring")]
[Platform("Linux", Reason = "inotify(7)")]
[NonParallelizable] // the kernel's watches of the whole process are counted
internal sealed class IvFileTreeWatchTests(string method) : FileFixture(method)
{
    private const IvFileEvents Structure = IvFileEvents.Created | IvFileEvents.Deleted | IvFileEvents.Moved;

    private readonly List<string> _log = [];
    private string _root = string.Empty;

    [SetUp]
    public void MakeTree()
    {
        _root = Make("tree");
        _log.Clear();
    }

    [Test]
    public void What_is_made_in_a_new_folder_before_its_watch_begins_is_told() => Run(loop =>
    {
        using IvFileTreeWatch tree = Watch();
        Make("tree", "a", "b");
        Write("tree", "a", "b", "file");
        Until(loop, () => _log.Count == 3, "all three");
        Assert.That(_log, Is.EqualTo(["Created a/", "Created a/b/ inferred", "Created a/b/file inferred"]));
        _log.Clear();
        Write("tree", "a", "b", "second");
        Until(loop, () => _log.Count == 1, "by its watch");
        Assert.That(_log, Is.EqualTo(["Created a/b/second"]));
        Assert.That(KernelWatches(), Is.EqualTo(3));
    });

    [Test]
    public void A_move_within_is_one_event_and_the_paths_below_follow() => Run(loop =>
    {
        Make("tree", "a", "b", "c");
        Make("tree", "d");
        using IvFileTreeWatch tree = Watch();
        ReadFirst(loop);
        Directory.Move(In("tree", "a", "b"), In("tree", "d", "new"));
        Write("tree", "d", "new", "c", "file");
        Until(loop, () => _log.Count == 2, "both");
        Assert.That(_log, Is.EqualTo(["Moved d/new/ from a/b", "Created d/new/c/file"]));
        Assert.That(tree.Contains(In("tree", "d", "new", "c", "file")));
        Assert.That(tree.Contains(In("tree", "a", "b")), Is.False);
    });

    [Test]
    public void What_leaves_and_what_comes_is_told_with_all_that_is_in_it() => Run(loop =>
    {
        Make("tree", "a", "b");
        Make("outside");
        using IvFileTreeWatch tree = Watch();
        Directory.Move(In("tree", "a"), In("outside", "a"));
        Until(loop, () => _log.Count == 2, "gone");
        Assert.That(_log, Is.EqualTo(["Deleted a/b/ inferred", "MovedFrom a/"]));
        Assert.That(KernelWatches(), Is.EqualTo(1));
        _log.Clear();
        Write("outside", "a", "b", "file");
        Directory.Move(In("outside", "a"), In("tree", "back"));
        Until(loop, () => _log.Count == 3, "back");
        Assert.That(_log, Is.EqualTo(["MovedTo back/", "Created back/b/ inferred", "Created back/b/file inferred"]));
    });

    [Test]
    public void What_is_there_is_told_if_asked_for() => Run(loop =>
    {
        Write("tree", "file");
        using IvFileTreeWatch tree = Watch(reportsExisting: true);
        Assert.That(_log, Is.Empty, "not inside Register");
        Turn(loop);
        Assert.That(_log, Is.EqualTo(["Created file inferred"]));
        Assert.That(tree.Paths, Is.EqualTo([In("tree", "file")]));
        Assert.That((tree.FolderCount, tree.FileCount), Is.EqualTo((1, 1)));
    });

    [Test]
    public void Only_what_was_asked_for_is_told_but_all_is_followed() => Run(loop =>
    {
        using IvFileTreeWatch tree = Watch(IvFileEvents.ClosedAfterWrite);
        Make("tree", "a");
        Turn(loop);
        Write("tree", "a", "file");
        Turn(loop);
        Assert.That(_log, Is.EqualTo(["ClosedAfterWrite a/file"]));
        Assert.That(tree.Contains(In("tree", "a", "file")));
    });

    [Test]
    public void Links_are_entries_and_not_followed_but_the_path_itself_may_be_one() => Run(loop =>
    {
        Make("outside", "inner");
        Directory.CreateSymbolicLink(In("tree", "link"), In("outside"));
        Directory.CreateSymbolicLink(In("way"), _root);
        using var tree = new IvFileTreeWatch(In("way") + "/", Structure, (_, e) => _log.Add(e.ToString()));
        tree.Register();
        Write("outside", "file");
        Directory.CreateSymbolicLink(In("tree", "second"), In("outside"));
        Until(loop, () => _log.Count > 0, "the link");
        Assert.That(_log, Is.EqualTo([$"Created {In("way", "second")}"]));
        Assert.That((tree.FolderCount, tree.FileCount), Is.EqualTo((1, 2)));
    });

    [TestCase("rm -r tree")]
    [TestCase("mv tree elsewhere")]
    public void When_the_root_goes_it_ends_before_the_handler_is_told_which_may_begin_anew(string command) => Run(loop =>
    {
        using var tree = new IvFileTreeWatch(_root, Structure, (tree, e) =>
        {
            _log.Add($"{e.Events} {tree.IsRegistered} {tree.FolderCount}");
            Make("tree");
            tree.Register();
        });
        tree.Register();
        Shell($"cd {Folder}; {command}");
        Until(loop, () => _log.Count > 0, "the end");
        Assert.That(_log, Is.EqualTo(["Ended False 0"]));
        Assert.That(tree.IsRegistered);
    });

    [Test]
    public void An_exception_a_Break_or_unregistering_in_a_handler_loses_nothing_that_should_come() => Run(loop =>
    {
        int calls = 0;
        using var tree = new IvFileTreeWatch(_root, Structure, (tree, e) =>
        {
            _log.Add(e.Path[(_root.Length + 1)..]);
            switch (++calls)
            {
                case 1:
                    throw new InvalidOperationException();
                case 2:
                    loop.Break();
                    break;
                case 3:
                    tree.Unregister();
                    break;
            }
        });
        tree.Register();
        foreach (string name in (string[])["a", "b", "c", "d"])
        {
            Write("tree", name);
        }

        Assert.That(() => Turn(loop), Throws.InvalidOperationException);
        Turn(loop);
        Assert.That(_log, Is.EqualTo(["a", "b"]));
        Turn(loop);
        Assert.That(_log, Is.EqualTo(["a", "b", "c"]));
        Assert.That(KernelWatches(), Is.Zero);
        Assert.That(loop.Run(), Is.False, "nothing is left");
    });

    [Test]
    public void A_limit_in_the_middle_refuses_the_tree_with_the_folder_s_path() => Run(_ =>
    {
        Make("tree", "a");
        using var tree = new IvFileTreeWatch(_root, Structure, static (_, _) => { });
        using var faults = new FailLater(SysCall.InotifyAddWatch, IvError.ENOSPC, after: 1);
        IvException? refused = Assert.Throws<IvException>(tree.Register);
        Assert.That(refused!.Message, Does.Contain($"watch {In("tree", "a")}: ENOSPC").And.Contain("max_user_watches"));
        Assert.That(tree.IsRegistered, Is.False);
        Assert.That(KernelWatches(), Is.Zero);
        Assert.That(tree.TryRegister(), Is.EqualTo(IvError.None), "once there is room");
    });

    [Test]
    public void A_new_folder_that_cannot_be_watched_is_told_or_warned_of() => Run(loop =>
    {
        using IvFileTreeWatch tree = Watch();
        Make("tree", "a");
        using (new ScriptedFaults(SysCall.InotifyAddWatch, IvError.ENOSPC))
        {
            Turn(loop);
        }

        Assert.That(Warnings.Single(), Does.Contain(In("tree", "a")).And.Contain("max_user_watches").And.Contain("HandlerError"));
        Warnings.Clear();
        List<string> errors = [];
        tree.HandlerError = (_, path, error) => errors.Add($"{path} {error}");
        Make("tree", "b");
        using (new ScriptedFaults(SysCall.InotifyAddWatch, IvError.EACCES))
        {
            Turn(loop);
        }

        Assert.That(errors, Is.EqualTo([$"{In("tree", "b")} EACCES"]));
        Assert.That(_log, Is.EqualTo(["Created a/", "Created b/"]));
    });

    [Test]
    public void After_an_overflow_it_looks_at_the_disk_and_tells_what_has_come_and_gone() => Run(loop =>
    {
        Write("tree", "old");
        using IvFileTreeWatch tree = Watch(Structure | IvFileEvents.Modified | IvFileEvents.AttributesChanged);
        tree.HandlerOverflow = _ => _log.Add("overflow");
        Overflow(In("tree", "noise"));
        File.Delete(In("tree", "old"));
        Make("tree", "new");
        Write("tree", "new", "file");
        Until(loop, () => _log.Contains("Created new/file inferred"), "found");
        List<string> after = _log[_log.IndexOf("overflow")..];
        Assert.That(after, Is.EqualTo(["overflow", "Deleted old inferred", "Created new/ inferred", "Created new/file inferred"]));
        Assert.That(tree.Overflows, Is.EqualTo(1));
        Write("tree", "new", "second");
        Until(loop, () => _log[^1].EndsWith("new/second", StringComparison.Ordinal), "and it goes on");
    });

    [Test]
    public void An_overflow_that_nobody_wants_to_hear_of_is_a_warning() => Run(loop =>
    {
        using IvFileTreeWatch tree = Watch(Structure | IvFileEvents.Modified | IvFileEvents.AttributesChanged);
        Overflow(In("tree", "noise"));
        Until(loop, () => tree.Overflows == 1, "overflow");
        Assert.That(Warnings.Single(), Does.Contain("HandlerOverflow").And.Contain("max_queued_events"));
        Warnings.Clear();
    });

    [Test]
    public void A_file_written_over_another_one_is_a_move_and_leaves_one() => Run(loop =>
    {
        Write("tree", "file");
        using IvFileTreeWatch tree = Watch();
        Write("tree", "file.new");
        Assert.That(Native.Rename(In("tree", "file.new"), In("tree", "file")));
        Until(loop, () => _log.Count == 2, "both");
        Assert.That(_log, Is.EqualTo(["Created file.new", "Moved file from file.new"]));
        Assert.That(tree.FileCount, Is.EqualTo(1));
    });

    [Test]
    public void Two_folders_that_change_places_are_both_followed() => Run(loop =>
    {
        Make("tree", "a", "inner");
        Make("tree", "b");
        using IvFileTreeWatch tree = Watch();
        Assert.That(Native.Exchange(In("tree", "a"), In("tree", "b")));
        Turn(loop);
        Write("tree", "b", "inner", "file");
        Until(loop, () => tree.Contains(In("tree", "b", "inner", "file")), "the watch is the right one");
        Assert.That(tree.Paths, Is.EquivalentTo([In("tree", "a"), In("tree", "b"), In("tree", "b", "inner"), In("tree", "b", "inner", "file")]));
        Assert.That(KernelWatches(), Is.EqualTo(4));
    });

    [Test]
    public void A_folder_that_was_watched_by_a_path_that_led_elsewhere_by_then_is_watched_anew() => Run(loop =>
    {
        Make("tree", "a");
        using IvFileTreeWatch tree = Watch();
        ReadFirst(loop);

        // When the first `n` is worked in, its path is already that of the second one.
        Make("tree", "a", "n");
        Directory.Move(In("tree", "a"), In("tree", "b"));
        Make("tree", "a", "n");
        Turn(loop);
        Write("tree", "b", "n", "first");
        Write("tree", "a", "n", "second");
        Until(loop, () => _log.Count(static line => line is "Created b/n/first" or "Created a/n/second") == 2, "each by its own watch");
        Assert.That(tree.Paths, Is.EquivalentTo(TreeDisk.List(_root)));
    });

    [Test]
    public void A_name_that_could_not_be_looked_at_because_a_folder_above_had_moved_is_looked_at_then() => Run(loop =>
    {
        Make("tree", "a", "x", "inner");
        Make("tree", "a", "y");
        using IvFileTreeWatch tree = Watch();
        ReadFirst(loop);
        Assert.That(Native.Exchange(In("tree", "a", "x"), In("tree", "a", "y")));
        Directory.Move(In("tree", "a"), In("tree", "b"));
        Until(loop, () => tree.Contains(In("tree", "b", "y", "inner")), "all of it");
        Assert.That(tree.Paths, Is.EquivalentTo(TreeDisk.List(_root)));
        Assert.That(KernelWatches(), Is.EqualTo(tree.FolderCount));
    });

    [Test]
    public void It_is_shown_and_reported_and_counted_as_itself()
    {
        IvFileTreeWatch? tree = null;
        Run(loop =>
        {
            tree = Watch();
            tree.Name = "content";
            using var writer = new StringWriter();
            loop.Dump(writer);
            Assert.That(writer.ToString(), Does.Match($@"\n  fd +\d+  tree      - +IN +{_root} folders=1 files=0  ""content"""));
            Assert.That((loop.Counters.Inotifies, loop.Counters.Active), Is.EqualTo((1, 1)));
            Make("tree", "a");
        });
        Assert.That(Leaks.Single().Objects, Is.EqualTo((IvObject[])[tree!]));
        Assert.That(tree!.IsRegistered, Is.False);
    }

    // A move that is read together with the first events may have been there when the tree was listed, so that it is listed again.
    private void ReadFirst(IvLoop loop)
    {
        Write("tree", "first");
        Until(loop, () => _log.Count == 1, "first");
        _log.Clear();
    }

    private IvFileTreeWatch Watch(IvFileEvents events = Structure, bool reportsExisting = false)
    {
        var tree = new IvFileTreeWatch(_root, events, (_, e) => Log(e)) { ReportsExisting = reportsExisting };
        tree.Register();
        return tree;
    }

    private void Log(IvFileTreeEvent e)
    {
        if (e.Path != In("tree", "noise"))
        {
            _log.Add($"{e}{(e.IsInferred ? " inferred" : string.Empty)}".Replace(_root + "/", string.Empty, StringComparison.Ordinal));
        }
    }

    // Not the first calls of a kind, but the next one.
    private sealed class FailLater : SysFaults, IDisposable
    {
        private readonly SysCall _call;
        private readonly IvError _error;
        private int _left;

        public FailLater(SysCall call, IvError error, int after)
        {
            (_call, _error, _left) = (call, error, after);
            Current = this;
        }

        public void Dispose() => Current = null;

        public override int Fail(SysCall call, int fd) => call == _call && _left-- == 0 ? -(int)_error : 0;
    }
}
