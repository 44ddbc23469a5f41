using System.Runtime.InteropServices;

namespace Ivy.Net.Interop;

/// <summary>The one place that references a SafeHandle: for the length of a call, never for that of a registration.</summary>
internal static class HandleReference
{
    /// <summary>Keeps the handle open until it is released; false if it is closed already.</summary>
    /// <param name="handle">The handle; another thread may be closing it.</param>
    /// <param name="referenced">Set if the caller has to call DangerousRelease.</param>
    public static bool TryAdd(SafeHandle handle, ref bool referenced)
    {
        if (handle.IsClosed)
        {
            return false;
        }

        try
        {
#pragma warning disable RS0030 // banned elsewhere: held for long, it makes Socket.Dispose spin for ever
            handle.DangerousAddRef(ref referenced);
#pragma warning restore RS0030
            return true;
        }
        catch (ObjectDisposedException)
        {
            // Closed between the look and the reference: the same answer as before it.
            return false;
        }
    }
}
