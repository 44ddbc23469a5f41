using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Ivy.Net.Interop;

/// <summary>Asks the processor to bring memory near that is about to be used; does nothing where .NET has no instruction for it.</summary>
internal static unsafe class Prefetch
{
    /// <summary>The line of an object that holds what stands at an offset from its beginning; does nothing with null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void At(object? target, int offset)
    {
        // Null would be no error, but the processor would look for its page each time, which is never found.
        if (Sse.IsSupported && target is not null)
        {
            // SAFETY: the address is a hint. The collector may move the object meanwhile: then the wrong line comes near.
            Sse.Prefetch0((byte*)Unsafe.As<object?, nint>(ref target) + offset);
        }
    }
}
