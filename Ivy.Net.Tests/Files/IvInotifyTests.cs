using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Files;

/// <summary>N1, N2: watches that end, share an inode, and are disposed anywhere; what comes, to whom, in which order.</summary>
[TestFixture("epoll")]
[TestFixture("poll")]
[TestFixture("io_uring")]
[Platform("Linux", Reason = "inotify(7)")]
[NonParallelizable] // the kernel's watches of the whole process are counted
internal sealed class IvInotifyTests(string method) : FileFixture(method)
{
    private readonly List<string> _log = [];

    [SetUp]
    public void ClearLog() => _log.Clear();

    [Test]
    public void Each_event_has_its_kind_its_name_and_whether_it_is_a_folder_iv_inotify_test() => Run(loop =>
    {
        using var inotify = Registered();
        string file = Write("file");
        string inner = Make("inner");
        inotify.Watch(Folder, Everything, Log);
        inotify.Watch(inner, IvFileEvents.SelfDeleted | IvFileEvents.SelfMoved, Log);
        File.AppendAllText(file, "y");
        Shell($"chmod 400 {file}");
        File.ReadAllText(file);
        Directory.Move(inner, In("other"));
        File.Move(file, In("renamed"));
        Directory.Delete(In("other"));
        File.Delete(In("renamed"));
        Turn(loop);
        string[] files =
        [
            "Opened file", "Modified file", "ClosedAfterWrite file", "AttributesChanged file", "Opened file", "Accessed file", "ClosedUnwritten file",
            "MovedFrom inner/", "MovedTo other/", "SelfMoved ", "MovedFrom file", "MovedTo renamed",
        ];

        // Kernels differ in who hears first of the deletion of a folder.
        string[] parentFirst = [.. files, "Deleted other/", "SelfDeleted ", "Ended ", "Deleted renamed"];
        string[] selfFirst = [.. files, "SelfDeleted ", "Ended ", "Deleted other/", "Deleted renamed"];
        Assert.That(_log, Is.EqualTo(parentFirst).Or.EqualTo(selfFirst));
    });

    [Test]
    public void The_halves_of_a_move_have_one_cookie_and_paths_are_the_watch_s_and_the_name() => Run(loop =>
    {
        using var inotify = Registered();
        List<(string Path, uint Cookie)> seen = [];
        inotify.Watch(Folder + "/", IvFileEvents.Moved, (_, e) => seen.Add((e.Path, e.Cookie)));
        File.Move(Write("a"), In("b"));
        Turn(loop);
        Assert.That(seen.Select(static e => e.Path), Is.EqualTo([In("a"), In("b")]));
        Assert.That(seen[0].Cookie, Is.EqualTo(seen[1].Cookie).And.Not.Zero);
    });

    [Test]
    public void A_name_is_given_as_it_is_on_the_disk() => Run(loop =>
    {
        using var inotify = Registered();
        List<byte[]> bytes = [];
        List<string> names = [];
        inotify.Watch(Folder, IvFileEvents.Created, (_, e) =>
        {
            bytes.Add(e.NameBytes.ToArray());
            string name = e.Name;
            names.Add(name);
            Assert.That(e.Name, Is.SameAs(name), "decoded once");
        });
        Shell($"cd {Folder}; touch 'äöü' \"$(printf 'a\\377')\"");
        Turn(loop);
        Assert.That(names, Is.EqualTo(["äöü", "a\uFFFD"]));
        Assert.That(bytes, Is.EqualTo((byte[][])["äöü"u8.ToArray(), [(byte)'a', 0xff]]));
        Shell($"rm {Folder}/*");
    });

    [Test]
    public void N1_The_watch_of_what_is_deleted_has_ended_before_its_handler_is_told_and_may_be_disposed() => Run(loop =>
    {
        using var inotify = Registered();
        string file = Write("file");
        inotify.Watch(file, IvFileEvents.SelfDeleted, (watch, e) =>
        {
            _log.Add($"{e.Events} {watch.IsActive} {inotify.WatchCount}");
            if (e.Events == IvFileEvents.Ended)
            {
                watch.Dispose();
                watch.Dispose();
                inotify.Watch(Write("file"), Everything, Log);
            }
        });
        File.Delete(file);
        Turn(loop);
        Assert.That(_log, Is.EqualTo(["SelfDeleted True 1", "Ended False 0"]));
        File.AppendAllText(file, "y");
        Turn(loop);
        Assert.That(_log, Has.Some.EqualTo("Modified "), "the new one's");
    });

    [Test]
    public void N1_A_one_shot_watch_has_ended_before_its_handler_is_told_and_others_of_the_inode_go_on() => Run(loop =>
    {
        using var inotify = Registered();
        IvInotifyWatch once = inotify.Watch(
            Folder,
            IvFileEvents.Created,
            (watch, e) =>
            {
                Log(watch, e);
                Assert.That(watch.IsActive, Is.False);
                watch.Dispose();
            },
            IvWatchOptions.OneShot);
        once.Name = "once";
        inotify.Watch(Folder, IvFileEvents.Created, Log).Name = "all";
        Write("a");
        Write("b");
        Turn(loop);
        Assert.That(_log, Is.EqualTo(["once: Created a", "all: Created a", "all: Created b"]));
        Assert.That(KernelWatches(), Is.EqualTo(1));
    });

    [Test]
    public void N1_An_instance_disposed_by_a_handler_tells_nothing_more() => Run(loop =>
    {
        var inotify = Registered();
        IvInotifyWatch watch = inotify.Watch(Folder, IvFileEvents.Created, (watch, e) =>
        {
            Log(watch, e);
            inotify.Dispose();
        });
        inotify.Watch(Folder, IvFileEvents.Created, Log);
        Write("a");
        Write("b");
        Turn(loop);
        Assert.That(_log, Is.EqualTo(["Created a"]));
        Assert.That(watch.IsActive, Is.False);
        watch.Dispose();
        Assert.That(loop.Run(), Is.False, "nothing is left");
    });

    [Test]
    public void N1_An_instance_unregistered_by_a_handler_tells_the_rest_when_it_is_registered_again() => Run(loop =>
    {
        using var inotify = Registered();
        bool stops = true;
        inotify.Watch(Folder, IvFileEvents.Created, (watch, e) =>
        {
            Log(watch, e);
            if (stops)
            {
                inotify.Unregister();
            }
        });
        Write("a");
        Write("b");
        Turn(loop);
        Write("c");
        Turn(loop);
        Assert.That(_log, Is.EqualTo(["Created a"]));
        stops = false;
        inotify.Register();
        Turn(loop);
        Assert.That(_log, Is.EqualTo(["Created a", "Created b", "Created c"]));
    });

    [Test]
    public void N1_Unregistered_and_registered_in_one_handler_it_goes_on_with_the_next_event() => Run(loop =>
    {
        using var inotify = Registered();
        inotify.Watch(Folder, IvFileEvents.Created, (watch, e) =>
        {
            Log(watch, e);
            inotify.Unregister();
            inotify.Register();
        });
        Write("a");
        Write("b");
        Turn(loop, 5);
        Assert.That(_log, Is.EqualTo(["Created a", "Created b"]));
    });

    [Test]
    public void N2_Watches_of_one_inode_get_the_events_of_their_own_masks_until_the_last_is_disposed() => Run(loop =>
    {
        using var inotify = Registered();
        IvInotifyWatch created = inotify.Watch(Folder, IvFileEvents.Created, Log);
        created.Name = "created";
        string link = In("link");
        Directory.CreateSymbolicLink(link, Folder);
        IvInotifyWatch deleted = inotify.Watch(link, IvFileEvents.Deleted, Log);
        deleted.Name = "deleted";
        Turn(loop);
        _log.Clear();
        Assert.That(KernelWatches(), Is.EqualTo(1));
        File.Delete(Write("a"));
        Turn(loop);
        Assert.That(_log, Is.EqualTo(["created: Created a", "deleted: Deleted a"]));

        _log.Clear();
        created.Dispose();
        created.Dispose();
        File.Delete(Write("b"));
        Turn(loop);
        Assert.That(_log, Is.EqualTo(["deleted: Deleted b"]));
        Assert.That(KernelWatches(), Is.EqualTo(1));

        _log.Clear();
        Write("c");
        deleted.Dispose();
        File.Delete(In("c"));
        Assert.That(KernelWatches(), Is.Zero);
        inotify.Watch(Folder, IvFileEvents.Created, Log);
        Turn(loop);
        Assert.That(_log, Is.Empty, "what the kernel still had for a watch that has been disposed");
    });

    [Test]
    public void N2_A_watch_that_another_handler_disposes_gets_nothing_of_the_batch() => Run(loop =>
    {
        using var inotify = Registered();
        IvInotifyWatch? victim = null;
        string inner = Make("inner");
        inotify.Watch(Folder, IvFileEvents.Created, (watch, e) =>
        {
            Log(watch, e);
            victim!.Dispose();
        });
        victim = inotify.Watch(Folder, IvFileEvents.Created, Log);
        IvInotifyWatch other = inotify.Watch(inner, Everything, Log);
        other.Name = "inner";
        Write("a");
        Write("inner", "b");
        other.Dispose();
        Turn(loop);
        Assert.That(_log, Is.EqualTo(["Created a"]));
    });

    [Test]
    public void A_handler_that_throws_loses_nothing_of_what_was_read() => Run(loop =>
    {
        using var inotify = Registered();
        inotify.Watch(Folder, IvFileEvents.Created, (watch, e) =>
        {
            Log(watch, e);
            if (e.Name == "a")
            {
                throw new InvalidOperationException("a");
            }
        });
        inotify.Watch(Folder, IvFileEvents.Created, Log).Name = "second";
        Write("a");
        Write("b");
        Assert.That(() => Turn(loop), Throws.InvalidOperationException);
        Assert.That(_log, Is.EqualTo(["Created a"]));
        Turn(loop);
        Assert.That(_log, Is.EqualTo(["Created a", "second: Created a", "Created b", "second: Created b"]));
    });

    [Test]
    public void After_Break_the_next_Run_tells_the_rest() => Run(loop =>
    {
        using var inotify = Registered();
        inotify.Watch(Folder, IvFileEvents.Created, (watch, e) =>
        {
            Log(watch, e);
            loop.Break();
        });
        Write("a");
        Write("b");
        Turn(loop, 1);
        Assert.That(_log, Is.EqualTo(["Created a"]));
        Assert.That(loop.NextDeadline, Is.EqualTo(IvTimestamp.MinValue), "there is something to do");
        Turn(loop);
        Assert.That(_log, Is.EqualTo(["Created a", "Created b"]));
    });

    [Test]
    public void With_a_hook_for_exceptions_the_rest_follows_by_itself()
    {
        int caught = 0;
        IvLoopOptions options = Options();
        var guarded = new IvLoopOptions { PollMethods = options.PollMethods, UnhandledException = _ => caught++ };
        LoopThread.Run(guarded, loop =>
        {
            using var inotify = Registered();
            inotify.Watch(Folder, IvFileEvents.Created, (watch, e) =>
            {
                Log(watch, e);
                throw new InvalidOperationException();
            });
            Write("a");
            Write("b");
            Until(loop, () => caught == 2, "both");
            Assert.That(_log, Is.EqualTo(["Created a", "Created b"]));
        });
    }

    [Test]
    public void N2_An_overflow_is_told() => Run(loop =>
    {
        using var inotify = Registered();
        inotify.HandlerOverflow = overflowed => _log.Add($"overflow {overflowed.Overflows}");
        int events = 0;
        inotify.Watch(Folder, Everything, (_, _) => events++);
        Overflow(In("noise"));
        Until(loop, () => _log.Count > 0, "overflow");
        Assert.That(_log, Is.EqualTo(["overflow 1"]));
        Assert.That(events, Is.GreaterThan(1000));
        Write("after");
        events = 0;
        Until(loop, () => events > 0, "and it goes on");
    });

    [Test]
    public void N2_An_overflow_that_nobody_wants_to_hear_of_is_a_warning_the_first_time() => Run(loop =>
    {
        using var inotify = Registered();
        inotify.Watch(Folder, Everything, static (_, _) => { });
        for (int i = 1; i <= 2; i++)
        {
            Overflow(In("noise"));
            Until(loop, () => inotify.Overflows == i, "overflow");
        }

        Assert.That(Warnings, Has.Count.EqualTo(1));
        Assert.That(Warnings[0], Does.Contain("HandlerOverflow").And.Contain("max_queued_events"));
        Warnings.Clear();
    });

    [Test]
    public void What_happens_before_Register_waits() => Run(loop =>
    {
        using var inotify = new IvInotify();
        inotify.Watch(Folder, IvFileEvents.Created, Log);
        Write("a");
        inotify.Register();
        Turn(loop);
        Assert.That(_log, Is.EqualTo(["Created a"]));
    });

    [Test]
    public void Of_entries_that_are_deleted_and_still_open_ExcludeUnlinked_hears_nothing() => Run(loop =>
    {
        using var inotify = Registered();
        inotify.Watch(Folder, IvFileEvents.Modified, Log, IvWatchOptions.ExcludeUnlinked).Name = "without";
        inotify.Watch(Folder, IvFileEvents.Created, Log, IvWatchOptions.ExcludeUnlinked).Name = "second";
        using (FileStream stream = File.Create(In("a"), bufferSize: 0))
        {
            stream.WriteByte(1);
            File.Delete(In("a"));
            stream.WriteByte(1);
        }

        Turn(loop);
        Assert.That(_log, Is.EqualTo(["second: Created a", "without: Modified a"]));
        Assert.That(inotify.TryWatch(Folder, Everything, Log, out IvInotifyWatch? watch), Is.EqualTo(IvError.EBUSY), "it would miss some");
        Assert.That(watch, Is.Null);
    });

    [Test]
    public void A_link_is_followed_unless_it_shall_not_be() => Run(loop =>
    {
        using var inotify = Registered();
        string target = Make("target");
        Directory.CreateSymbolicLink(In("link"), target);
        inotify.Watch(In("link"), IvFileEvents.Created, Log);
        Assert.That(inotify.TryWatch(In("link"), Everything, Log, out _, IvWatchOptions.NoFollow | IvWatchOptions.DirectoryOnly), Is.EqualTo(IvError.ENOTDIR));
        Write("target", "a");
        Turn(loop);
        Assert.That(_log, Is.EqualTo(["Created a"]));
    });

    [Test]
    public void It_keeps_the_loop_alive_and_is_shown_and_reported_by_its_own_name()
    {
        IvInotify? inotify = null;
        Run(loop =>
        {
            inotify = new IvInotify { Name = "settings" };
            inotify.Register();
            inotify.Watch(Folder, Everything, Log);
            using var writer = new StringWriter();
            loop.Dump(writer);
            Assert.That(writer.ToString(), Does.Match(@"\n  fd +\d+  inotify   - +IN +watches=1  ""settings"""));
            Assert.That(loop.Counters.Inotifies, Is.EqualTo(1));
            Assert.That(loop.Counters.Active, Is.EqualTo(1));
        });
        Assert.That(Leaks.Single().Objects, Is.EqualTo((IvObject[])[inotify!]));
        inotify!.Dispose();
    }

    private IvInotify Registered()
    {
        var inotify = new IvInotify();
        inotify.Register();
        return inotify;
    }

    private void Log(IvInotifyWatch watch, IvFileEvent e) =>
        _log.Add($"{(watch.Name is null ? string.Empty : watch.Name + ": ")}{e.Events} {e.Name}{(e.IsDirectory ? "/" : string.Empty)}");
}
