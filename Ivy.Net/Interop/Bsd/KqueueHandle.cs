using Microsoft.Win32.SafeHandles;

namespace Ivy.Net.Interop.Bsd;

/// <summary>A queue of our own, which other threads may wake while its owner disposes it.</summary>
internal sealed class KqueueHandle : SafeHandleMinusOneIsInvalid
{
    private readonly IKqueueApi _api;

    public KqueueHandle(IKqueueApi api, int queue)
        : base(ownsHandle: true)
    {
        _api = api;
        SetHandle(queue);
    }

    /// <summary>The number, for the thread that also disposes it.</summary>
    public int Fd => (int)handle;

    /// <summary>Hands over one change, from any thread; nothing happens once the queue is closed.</summary>
    /// <returns>0 or a negative errno.</returns>
    public int Change(KqueueEvent change)
    {
        bool referenced = false;
        try
        {
            // One change alone may go without room for an answer: if it fails, the call says so.
            return HandleReference.TryAdd(this, ref referenced) ? _api.Exchange(Fd, new ReadOnlySpan<KqueueEvent>(in change), [], 0) : 0;
        }
        finally
        {
            if (referenced)
            {
                DangerousRelease();
            }
        }
    }

    protected override bool ReleaseHandle()
    {
        _api.Close((int)handle);
        return true;
    }
}
