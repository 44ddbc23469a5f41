using NUnit.Framework.Interfaces;

namespace Ivy.Net.Tests.Wine;

/// <summary>Prints what fails while it runs, and ends the process, with the test's name, when one does not end.</summary>
internal sealed class TestProgress : ITestListener, IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly TextWriter _output;
    private readonly Timer _watchdog;
    private string? _running;

    public TestProgress(TextWriter output)
    {
        _output = TextWriter.Synchronized(output);
        _watchdog = new Timer(static state => ((TestProgress)state!).GiveUp(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void TestStarted(ITest test)
    {
        _running = test.FullName;
        _watchdog.Change(Patience, Timeout.InfiniteTimeSpan);
    }

    public void TestFinished(ITestResult result)
    {
        if (result.ResultState.Status == TestStatus.Failed && (!result.Test.IsSuite || result.ResultState.Site is FailureSite.SetUp or FailureSite.TearDown))
        {
            _output.WriteLine($"FAILED {result.FullName}\n{result.Message}\n{result.StackTrace}");
        }
    }

    public void TestOutput(TestOutput output)
    {
    }

    public void SendMessage(TestMessage message)
    {
    }

    public void Dispose() => _watchdog.Dispose();

    private void GiveUp()
    {
        _output.WriteLine($"FAILED {_running}: it did not end within {Patience.TotalMinutes} minutes, and with it ends the run");
        Environment.Exit(byte.MaxValue);
    }
}
