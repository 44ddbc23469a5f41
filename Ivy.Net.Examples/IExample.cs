using System.CommandLine;

namespace Ivy.Net.Examples;

/// <summary>One example: a subcommand of the program.</summary>
internal interface IExample
{
    /// <summary>What the user types, for instance <c>echo</c>.</summary>
    string Name { get; }

    /// <summary>One line for the list and for the help.</summary>
    string Summary { get; }

    /// <summary>Makes the command, with its options and its action; <see cref="ExampleCatalog"/> adds it to the root.</summary>
    Command Build();
}
