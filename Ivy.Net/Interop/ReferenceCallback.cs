using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Ivy.Net.Interop;

/// <summary>Calls an <see cref="Action{T}"/> of a reference type without knowing which.</summary>
internal static class ReferenceCallback
{
    /// <summary>As <c>((Action&lt;T&gt;)callback)((T)state)</c>.</summary>
    /// <param name="callback">An Action&lt;T&gt; whose T is a reference type.</param>
    /// <param name="state">A T, or null.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Call(object callback, object? state)
    {
        Debug.Assert(callback is MulticastDelegate, "An Action<T> of a reference type.");

        // SAFETY: the callers took callback and state from one generic method, so that the state is what the callback expects. A call
        // by Action<T> looks the same for all T that are references, which is also what makes delegates contravariant. Carrying T
        // along with each post made it a sixth slower: a third word, and a second call.
        Unsafe.As<Action<object?>>(callback)(state);
    }
}
