using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Files;

/// <summary>Whatever is done to a tree: in the end the view, and what the events alone have told, are what is on the disk.</summary>
[TestFixture("epoll")]
[TestFixture("poll")]
[TestFixture("io_uring")]
[Platform("Linux", Reason = "inotify(7)")]
[NonParallelizable] // the limits of inotify are the user's
internal sealed class TreeDifferentialTests(string method) : FileFixture(method)
{
    private const int Operations = 300;

    private string _root = string.Empty;
    private string _outside = string.Empty;

    [SetUp]
    public void MakeTree()
    {
        _root = Make("tree");
        _outside = Make("outside");
    }

    [Test]
    public void View_and_events_come_out_as_the_disk([Values(0, 3, 30, 300)] int pause, [Range(1, 3)] int seed) => Work(pause, seed);

    [Test]
    [Explicit("takes a minute")]
    [Category("Stress")]
    public void They_do_for_many_seeds([Values(0, 3, 30, 300)] int pause, [Range(101, 140)] int seed) => Work(pause, seed);

    [Test]
    public void They_do_while_others_are_at_work([Range(1, 2)] int seed) => Run(loop =>
    {
        var log = new List<string>();
        using Mirror mirror = Begin(log);
        int working = 1;
        Action wait = LoopThread.Begin(1, _ =>
        {
            var disk = new TreeDisk(_root, _outside, seed);
            try
            {
                for (int i = 0; i < Operations; i++)
                {
                    disk.Act();
                }
            }
            finally
            {
                Volatile.Write(ref working, 0);
                loop.Post(static _ => { }, state: null);
            }
        });
        loop.RunUntil(() => Volatile.Read(ref working) == 0, LoopThread.Patience);
        wait();
        AssertSame(loop, mirror, log);
    });

    [Test]
    public void They_do_after_an_overflow([Range(1, 2)] int seed) => Run(loop =>
    {
        var disk = new TreeDisk(_root, _outside, seed);
        List<string> log = Prepare(disk);
        using Mirror mirror = Begin(log);
        int overflows = 0;
        mirror.Tree.HandlerOverflow = _ => overflows++;
        for (int round = 0; round < 3; round++)
        {
            for (int i = 0; i < 20; i++)
            {
                log.Add(disk.Act());
            }

            Overflow(Path.Combine(_root, "noise"));
            for (int i = 0; i < 50; i++)
            {
                log.Add(disk.Act());
            }

            Turn(loop, round);
        }

        AssertSame(loop, mirror, log);
        Assert.That(overflows, Is.GreaterThan(0));
    });

    // Often: the events are of now; seldom: they are history, and the disk is far ahead of them.
    private void Work(int pause, int seed) => Run(loop =>
    {
        var random = new Random(seed);
        var disk = new TreeDisk(_root, _outside, (seed * 1000) + pause);
        List<string> log = Prepare(disk);
        using Mirror mirror = Begin(log);
        for (int i = 0; i < Operations; i++)
        {
            log.Add(disk.Act());
            if (random.Next(pause + 1) == 0)
            {
                Turn(loop, 1);
            }
        }

        AssertSame(loop, mirror, log);
    });

    private static List<string> Prepare(TreeDisk disk)
    {
        var log = new List<string>();
        for (int i = 0; i < Operations / 10; i++)
        {
            log.Add(disk.Act());
        }

        return log;
    }

    private Mirror Begin(List<string> log)
    {
        log.Add("-- registered");
        var mirror = new Mirror(_root, log);
        mirror.Tree.Register();
        return mirror;
    }

    private void AssertSame(IvLoop loop, Mirror mirror, List<string> log)
    {
        SortedSet<string> disk = TreeDisk.List(_root);
        loop.RunUntil(() => mirror.Paths.SetEquals(disk), TimeSpan.FromSeconds(5));

        // And it stays so: what is under way changes nothing any more.
        loop.Run(TimeSpan.FromMilliseconds(20));
        string history = string.Join('\n', log).Replace(Folder + "/", string.Empty, StringComparison.Ordinal);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(mirror.Tree.Paths.Order(StringComparer.Ordinal), Is.EqualTo(disk), history);
            Assert.That(mirror.Paths, Is.EqualTo(disk), history);
            Assert.That(mirror.Tree.FileCount + mirror.Tree.FolderCount, Is.EqualTo(disk.Count + 1));
            Assert.That(KernelWatches(), Is.EqualTo(mirror.Tree.FolderCount), "a watch for each folder, and no other");
        }
    }

    // What a program knows that listens to the events, and never looks itself.
    private sealed class Mirror : IDisposable
    {
        // Nothing that the test's own looking would cause.
        private const IvFileEvents Told =
            IvFileEvents.Created | IvFileEvents.Deleted | IvFileEvents.Moved | IvFileEvents.Modified | IvFileEvents.AttributesChanged;

        private readonly List<string> _log;

        public Mirror(string root, List<string> log)
        {
            _log = log;
            Tree = new IvFileTreeWatch(root, Told, (_, e) => Take(e)) { ReportsExisting = true };
        }

        public IvFileTreeWatch Tree { get; }

        public SortedSet<string> Paths { get; } = new(StringComparer.Ordinal);

        public void Dispose() => Tree.Dispose();

        private void Take(IvFileTreeEvent e)
        {
            if ((e.Events & (IvFileEvents.Modified | IvFileEvents.AttributesChanged)) == 0)
            {
                _log.Add($"    {e}{(e.IsInferred ? " (inferred)" : string.Empty)}");
            }

            switch (e.Events)
            {
                case IvFileEvents.Created or IvFileEvents.MovedTo:
                    Paths.Add(e.Path);
                    break;
                case IvFileEvents.Deleted or IvFileEvents.MovedFrom:
                    Paths.Remove(e.Path);
                    break;
                case IvFileEvents.Moved:
                    string below = e.OldPath + "/";
                    foreach (string path in Paths.Where(path => path == e.OldPath || path.StartsWith(below, StringComparison.Ordinal)).ToList())
                    {
                        Paths.Remove(path);
                        Paths.Add(e.Path + path[e.OldPath!.Length..]);
                    }

                    break;
            }
        }
    }
}
