namespace Ivy.Net;

/// <summary>
/// One row of ivy-fatal(7). Ids are never reused and never change their meaning: people paste them into search boxes.
/// A test holds that each has its row in the page and a test that provokes it.
/// </summary>
/// <param name="Id">As in <c>IVF0012</c>.</param>
/// <param name="Reason">Misuse or Internal.</param>
/// <param name="Rule">The rule in one line.</param>
internal sealed record FatalCondition(string Id, IvFatalReason Reason, string Rule)
{
    // The process.
    public static readonly FatalCondition Application = Misuse(0, "raised by the program itself");

    // Loops and threads: 1–19.
    public static readonly FatalCondition WrongThread = Misuse(1, "a loop and what is registered on it belong to the thread that made the loop");
    public static readonly FatalCondition NoLoop = Misuse(2, "registering needs a loop on this thread");
    public static readonly FatalCondition SecondLoop = Misuse(3, "a thread has at most one loop");
    public static readonly FatalCondition NestedRun = Misuse(4, "a handler must not run its own loop again");
    public static readonly FatalCondition DisposedLoop = Misuse(5, "a disposed loop can't be used");
    public static readonly FatalCondition DisposeWhileRunning = Misuse(6, "a loop can't be disposed by its own handler");
    public static readonly FatalCondition BreakOutsideRun = Misuse(7, "Break is for a handler of the running loop");

    // Registered objects: 20–39.
    public static readonly FatalCondition AlreadyRegistered = Misuse(20, "an object is registered at most once at a time");
    public static readonly FatalCondition NotRegistered = Misuse(21, "only what is registered can be unregistered");
    public static readonly FatalCondition ImmutableWhileRegistered = Misuse(23, "what a registration is made from can't change under it");
    public static readonly FatalCondition DisposedObject = Misuse(24, "a disposed object can't be used");
    public static readonly FatalCondition OtherNetwork = Misuse(25, "a socket is registered on a loop of its own network");
    public static readonly FatalCondition ChangeRefused = Misuse(26, "the kernel refused a change of interest and there is no HandlerErr to tell");
    public static readonly FatalCondition SocketHandedOver = Misuse(27, "a socket that was handed over to an engine is not read or written itself");

    // The library and the kernel: 60–79.
    public static readonly FatalCondition PollFailed = Internal(60, "waiting for events failed");
    public static readonly FatalCondition WakeFailed = Internal(61, "a loop could not be woken");
    public static readonly FatalCondition PollerBroken = Internal(62, "a poller broke its contract");
    public static readonly FatalCondition HeapBroken = Internal(63, "the timer heap lost its order");

    // The simulated network: 80–89.
    public static readonly FatalCondition SimulationStuck = Misuse(80, "every loop of a simulation waits and nothing is left to happen");
    public static readonly FatalCondition SimulationThread = Misuse(81, "the threads of a simulation are started by it");

    // Children: 110–119.
    public static readonly FatalCondition ChildWatchedTwice = Misuse(110, "one object at a time waits for a child");
    public static readonly FatalCondition ProcessStartedTwice = Misuse(111, "a process is started once");

    // Threads, work pools and what each loop has of its own: 120–139.
    public static readonly FatalCondition LoopLocalInSetUp = Misuse(120, "the set-up of a loop local must not ask for it");
    public static readonly FatalCondition LoopLocalTornDown = Misuse(121, "a loop local can't be used after its tear-down");
    public static readonly FatalCondition ThreadStartedTwice = Misuse(122, "a thread is started once");
    public static readonly FatalCondition LostException = Misuse(123, "an exception on a thread of the library needs somebody to tell");
    public static readonly FatalCondition ClosedPool = Misuse(124, "a closed work pool takes no work");
    public static readonly FatalCondition WaitHandleDisposed = Misuse(130, "a WaitHandle must outlive the registration that waits for it");

    // Loop groups: 140–149.
    public static readonly FatalCondition GroupStarted = Misuse(140, "a loop group is set up before it starts, and starts once");
    public static readonly FatalCondition GroupWait = Misuse(141, "a handler must not wait for a loop group");

    // Files: 150–154.
    public static readonly FatalCondition InotifyFailed = Internal(150, "reading an inotify descriptor failed");

    private static FatalCondition Misuse(int number, string rule) => new(Format(number), IvFatalReason.Misuse, rule);

    private static FatalCondition Internal(int number, string rule) => new(Format(number), IvFatalReason.Internal, rule);

    private static string Format(int number) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"IVF{number:D4}");
}
