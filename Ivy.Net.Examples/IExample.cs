using System.CommandLine;

namespace Ivy.Net.Examples;

/// <summary>One example: a subcommand of the program.</summary>
internal interface IExample
{
    /// <summary>What the user types, for instance <c>echo</c>.</summary>
    string Name { get; }

    /// <summary>One line for the list and for the help.</summary>
    string Summary { get; }

    /// <summary>What else the help says: what to try, what it prints.</summary>
    string Details { get; }

    /// <summary>Adds the options and the action to the example's command.</summary>
    void AddTo(Command command);
}
