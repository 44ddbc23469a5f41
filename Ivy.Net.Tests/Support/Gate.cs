namespace Ivy.Net.Tests.Support;

/// <summary>Lets a number of threads through when all have come, and fails the test when they do not come at the same time.</summary>
internal sealed class Gate(int count) : IDisposable
{
    private readonly Barrier _barrier = new(count);

    public void SignalAndWait()
    {
        if (!_barrier.SignalAndWait(Wait.Deadline))
        {
            throw new TimeoutException($"{_barrier.ParticipantsRemaining} of {count} threads did not come");
        }
    }

    public void Dispose() => _barrier.Dispose();
}
