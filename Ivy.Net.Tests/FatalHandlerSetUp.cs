using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests;

/// <summary>For the whole assembly: an internal failure fails the test that met it instead of the process.</summary>
[SetUpFixture]
internal sealed class FatalHandlerSetUp
{
    private Action<IvFatalInfo>? _before;

    [OneTimeSetUp]
    public void SetHandler() => _before = IvFatal.SetHandler(FatalScope.OnFatal);

    [OneTimeTearDown]
    public void PutBack() => IvFatal.SetHandler(_before);
}
