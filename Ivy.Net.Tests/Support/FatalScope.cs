namespace Ivy.Net.Tests.Support;

/// <summary>
/// Catches this thread's fatal conditions: <see cref="IvFatal"/>'s handler is the process's, so it is set once for all tests, and
/// looks for a scope on the thread that met the condition. Whether there is one or not, the call throws and the process lives.
/// </summary>
internal sealed class FatalScope : IDisposable
{
    [ThreadStatic]
    private static FatalScope? _ofThisThread;

    private readonly FatalScope? _outer = _ofThisThread;

    public FatalScope() => _ofThisThread = this;

    public List<IvFatalInfo> Seen { get; } = [];

    /// <summary>The handler that <see cref="FatalHandlerSetUp"/> gives to the process.</summary>
    public static void OnFatal(IvFatalInfo info) => _ofThisThread?.Seen.Add(info);

    /// <summary>Runs what must be fatal, and checks the condition, the reason and the text.</summary>
    public static IvFatalInfo Expect(FatalCondition condition, Action action)
    {
        using var scope = new FatalScope();
        IvFatalException? thrown = Assert.Throws<IvFatalException>(() => action());
        Assert.That(scope.Seen, Has.Count.EqualTo(1), "the handler is called once");
        IvFatalInfo info = scope.Seen[0];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(info.Id, Is.EqualTo(condition.Id));
            Assert.That(info.Reason, Is.EqualTo(condition.Reason));
            Assert.That(info.Message, Does.StartWith(condition.Id + " "));
            Assert.That(info.Message, Does.Not.Contain('\n'));
            Assert.That(thrown!.Info, Is.SameAs(info));
            Assert.That(thrown.Message, Is.EqualTo(info.Message));
        }

        return info;
    }

    public void Dispose() => _ofThisThread = _outer;
}
