namespace Ivy.Net.Benchmarks.Versus.Running;

/// <summary>The run can't go on; the message is one line for the one who started it.</summary>
internal sealed class VersusException(string message) : Exception(message);
