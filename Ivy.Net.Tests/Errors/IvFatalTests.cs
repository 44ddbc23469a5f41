using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Errors;

/// <summary>X1: one replaceable handler; without one a misuse is written and thrown. The handler is the process's.</summary>
[NonParallelizable]
internal sealed class IvFatalTests
{
    private Action<IvFatalInfo>? _before;
    private TextWriter _error = null!;

    [SetUp]
    public void Remember()
    {
        _before = IvFatal.SetHandler(null);
        _error = Console.Error;
    }

    [TearDown]
    public void PutBack()
    {
        IvFatal.SetHandler(_before);
        Console.SetError(_error);
    }

    [Test]
    [Provokes("IVF0000")]
    public void By_default_a_misuse_is_written_with_the_dump_of_the_loop_and_thrown()
    {
        using var written = new StringWriter { NewLine = "\n" };
        Console.SetError(written);
        using var test = new TestLoop(method => new IvLoopOptions { Name = "main", PollMethods = [method] });
        IvFd fd = TestLoop.Fd(5);
        fd.Name = "accept";
        fd.Register();
        IvFatalException? thrown = Assert.Throws<IvFatalException>(() => IvFatal.Raise("the program is at its end", fd, new FormatException("why")));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(thrown!.Message, Is.EqualTo("IVF0000 the program is at its end"));
            Assert.That(thrown.Info, Is.EqualTo(new IvFatalInfo("IVF0000", thrown.Message, IvFatalReason.Misuse, fd, thrown.InnerException)));
            Assert.That(thrown.InnerException, Is.TypeOf<FormatException>());
            Assert.That(written.ToString(), Does.Match("^IVF0000 the program is at its end\nivy loop \\d+ \"main\" tid=.*\n  fd     5  fd .*\"accept\"\n  timer 0 .*\n$"));
        }

        fd.Unregister();
    }

    [Test]
    public void Without_a_loop_only_the_message_is_written()
    {
        using var written = new StringWriter { NewLine = "\n" };
        Console.SetError(written);
        Assert.That(() => IvFatal.Raise("no loop"), Throws.TypeOf<IvFatalException>());
        Assert.That(written.ToString(), Is.EqualTo("IVF0000 no loop\n"));
    }

    [Test]
    public void A_dump_that_fails_does_not_hide_what_it_was_for()
    {
        using var written = new FailingWriter { NewLine = "\n" };
        Console.SetError(written);
        using var test = new TestLoop();
        Assert.That(() => IvFatal.Raise("first things first"), Throws.TypeOf<IvFatalException>().With.Message.EqualTo("IVF0000 first things first"));
    }

    [Test]
    public void A_handler_gets_all_there_is_to_know_and_nothing_is_written()
    {
        using var written = new StringWriter();
        Console.SetError(written);
        IvFatalInfo? seen = null;
        Assert.That(IvFatal.SetHandler(info => seen = info), Is.Null);
        object subject = new();
        var cause = new FormatException();
        IvFatalException? thrown = Assert.Throws<IvFatalException>(() => IvFatal.Raise("message", subject, cause));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(seen, Is.SameAs(thrown!.Info));
            Assert.That(seen, Is.EqualTo(new IvFatalInfo("IVF0000", "IVF0000 message", IvFatalReason.Misuse, subject, cause)));
            Assert.That(written.ToString(), Is.Empty);
        }
    }

    [Test]
    public void A_handler_may_throw_what_it_likes()
    {
        IvFatal.SetHandler(_ => throw new NotSupportedException());
        Assert.That(() => IvFatal.Raise("message"), Throws.TypeOf<NotSupportedException>());
    }

    [Test]
    public void An_internal_failure_whose_handler_returns_is_thrown_and_the_process_lives()
    {
        IvFatal.SetHandler(_ => { });
        Assert.That(() => IvFatal.Raise(FatalCondition.PollerBroken, "broken"), Throws.TypeOf<IvFatalException>().With.Property("Info").Property("Reason").EqualTo(IvFatalReason.Internal));
    }

    [Test]
    public void SetHandler_gives_the_one_before_back()
    {
        Action<IvFatalInfo> first = _ => { };
        Action<IvFatalInfo> second = _ => { };
        Assert.That(IvFatal.SetHandler(first), Is.Null);
        Assert.That(IvFatal.SetHandler(second), Is.SameAs(first));
        Assert.That(IvFatal.SetHandler(null), Is.SameAs(second));
    }

    [Test]
    public void The_handler_runs_on_the_thread_that_met_the_condition()
    {
        int thread = 0;
        IvFatal.SetHandler(_ => thread = Environment.CurrentManagedThreadId);
        LoopThread.Elsewhere(() =>
        {
            Assert.That(() => IvFatal.Raise("message"), Throws.TypeOf<IvFatalException>());
            Assert.That(thread, Is.EqualTo(Environment.CurrentManagedThreadId));
        });
    }

    [Test]
    public void A_message_is_needed() => Assert.That(() => IvFatal.Raise(null!), Throws.ArgumentNullException);

    [Test]
    public void A_misuse_changes_nothing_before_it_is_raised()
    {
        Console.SetError(TextWriter.Null);
        using var test = new TestLoop();
        IvTimer timer = test.Timer(TimeSpan.FromSeconds(1), "timer");
        Assert.That(timer.Register, Throws.TypeOf<IvFatalException>());
        test.Loop.Run();
        Assert.That(test.Log, Is.EqualTo(["timer"]));
    }

    // Breaks on the second line: the message goes out, the dump does not (a disk that is full for a moment).
    private sealed class FailingWriter : StringWriter
    {
        private int _lines;

        public override void WriteLine(string? value)
        {
            if (++_lines == 2)
            {
                throw new IOException("no space left");
            }

            base.WriteLine(value);
        }
    }
}
