using System.Runtime.InteropServices;

namespace Ivy.Net.Interop.Linux;

/// <summary>sigset_t of the C library: 1024 bits, of which the kernel knows 64. Bit n-1 is signal n, on both architectures.</summary>
[StructLayout(LayoutKind.Sequential, Size = 128)]
internal struct SignalSet
{
    /// <summary>The signals 1 to 64.</summary>
    public ulong Bits;

    /// <summary>A set of one signal.</summary>
    public static SignalSet Of(int signal) => new() { Bits = 1UL << (signal - 1) };

    public static SignalSet operator |(SignalSet left, SignalSet right) => new() { Bits = left.Bits | right.Bits };

    public readonly SignalSet Without(int signal) => new() { Bits = Bits & ~(1UL << (signal - 1)) };

    public readonly bool Contains(int signal) => (Bits & (1UL << (signal - 1))) != 0;
}
