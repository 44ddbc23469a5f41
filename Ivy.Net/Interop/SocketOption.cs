namespace Ivy.Net.Interop;

/// <summary>The two numbers that name an option to getsockopt(2) and setsockopt(2).</summary>
internal readonly record struct SocketOption(int Level, int Name);
