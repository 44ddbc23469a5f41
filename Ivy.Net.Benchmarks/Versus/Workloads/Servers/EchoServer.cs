using Ivy.Net.Benchmarks.Versus.Running;

namespace Ivy.Net.Benchmarks.Versus.Workloads.Servers;

/// <summary>An echo server: it prints its <see cref="Announcement"/>, and sends back what it gets until it is killed.</summary>
/// <param name="Name">As in the table.</param>
/// <param name="Kind">What it stands for.</param>
/// <param name="Command">The program and its arguments; it takes a free port.</param>
internal sealed record EchoServer(string Name, SubjectKind Kind, IReadOnlyList<string> Command)
{
    /// <summary>It has to be loaded before its code is the final one, and prints <see cref="Announcement.Warm"/> then.</summary>
    public bool SaysWhenWarm { get; init; }
}
