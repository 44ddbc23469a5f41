namespace Ivy.Net.Tests.Polling;

/// <summary>Whose answer is expected where systems differ.</summary>
public enum PortRules
{
    Linux,
    Windows,
    Bsd,
}
