namespace Ivy.Net.Tests.Support;

/// <summary>The test provokes the fatal condition of this id; each condition needs one.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class ProvokesAttribute(string id) : Attribute
{
    public string Id { get; } = id;
}
