using Microsoft.Win32.SafeHandles;

namespace Ivy.Net.Interop.Bsd;

/// <summary>A queue of our own, which other threads may wake while its owner disposes it.</summary>
internal sealed class KqueueHandle : SafeHandleMinusOneIsInvalid
{
    private readonly IKqueueApi _api;

    private KqueueHandle(IKqueueApi api, int queue)
        : base(ownsHandle: true)
    {
        _api = api;
        SetHandle(queue);
    }

    /// <summary>Makes a queue.</summary>
    /// <exception cref="IvException">EMFILE, ENFILE, ENOMEM.</exception>
    public static KqueueHandle Create(IKqueueApi api)
    {
        int queue = api.Create();
        if (queue >= 0)
        {
            return new KqueueHandle(api, queue);
        }

        IvError error = api.Dialect.ToError(-queue);
        throw new IvException(error, "kqueue", subject: null, error is IvError.EMFILE or IvError.ENFILE ? "Raise the limit of open files (ulimit -n), or close some" : null);
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
