namespace Ivy.Net.Tests.Examples;

/// <summary>The test runs this example as a process: <see cref="ExampleCatalogTests"/> asks for one of each.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class ExampleAttribute(string name) : Attribute
{
    public string Name { get; } = name;
}
