using System.Collections.Concurrent;

namespace Ivy.Net.Tests.Support;

/// <summary>Sees the fatal conditions of all threads, those of the library among them; for fixtures that do not run in parallel.</summary>
internal sealed class FatalWatch : IDisposable
{
    private readonly Action<IvFatalInfo>? _before;

    public FatalWatch() => _before = IvFatal.SetHandler(info =>
    {
        Seen.Enqueue(info);
        FatalScope.OnFatal(info);
    });

    public ConcurrentQueue<IvFatalInfo> Seen { get; } = [];

    public void Dispose() => IvFatal.SetHandler(_before);
}
