namespace Ivy.Net.Tests.Support;

/// <summary>
/// Waits until the runtime has taken note of all signals that were sent to the process: one that it finds when nobody listens
/// any more has its default action, which is the end of all tests.
/// </summary>
internal static class SignalFence
{
    // Higher than the numbers that the tests send: of several the kernel delivers the lowest first, and the runtime queues them.
    private const int Number = 15;

    public static void Pass(IvLoop loop)
    {
        using var last = new IvSignal(Number, static _ => { });
        last.Register();
        Native.SendSignal(Number);
        Assert.That(loop.RunUntil(() => last.Count > 0, Wait.Deadline));
    }
}
