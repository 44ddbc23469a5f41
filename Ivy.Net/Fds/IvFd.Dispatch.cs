using System.Runtime.CompilerServices;
using Ivy.Net.Polling;

namespace Ivy.Net;

/// <content>From bands to handlers.</content>
public sealed partial class IvFd
{
    // Where the runtime puts the first and the last of what a dispatch reads. Were it otherwise, it would cost time only.
    internal const int HotBegin = 16;
    internal const int HotEnd = 48;

    /// <summary>Calls the handlers that the bands ask for.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Dispatch(IvLoop loop, IvBands bands)
    {
        // By far the most common: data has come.
        if (bands == IvBands.In && _in is { } handler)
        {
            loop.Invoke(handler, this);
            return;
        }

        DispatchBands(loop, bands);
    }

    /// <summary>The object is dispatched soon.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Prefetch()
    {
        Interop.Prefetch.At(this, HotBegin);
        Interop.Prefetch.At(this, HotEnd);
    }

    /// <summary>It is dispatched next, and its handler will want its socket and its state.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void PrefetchSource()
    {
        Interop.Prefetch.At(_source, IvSocket.HotBegin);
        Interop.Prefetch.At(_source, IvSocket.HotEnd);
        Interop.Prefetch.At(State, 0);
    }

    /// <summary>The poller refused a change: the descriptor is disarmed, and its error handler learns why.</summary>
    internal void DispatchRefused(IvLoop loop, IvError error)
    {
        Error = error;
        loop.Fds.Disarm(this);
        if (Sink is { } sink)
        {
            loop.Invoke(sink, this, IvBands.None, error);
            return;
        }

        if (_err is { } handler)
        {
            loop.Invoke(handler, this);
            return;
        }

        if (Interest == IvBands.None && HasBeenUnwanted && (error is IvError.EBADF or IvError.ENOENT))
        {
            // Closed behind the loop's back, and reported for the sake of a duplicate. Nobody waits for it: its reports are dropped from now on.
            return;
        }

        IvObject subject = IsInternal && State is IvObject owner ? owner : this;
        if (subject.OnRefused(error))
        {
            return;
        }

        IvFatal.Raise(
            FatalCondition.ChangeRefused,
            $"{subject}: the kernel refused a change of interest: {error.Describe()}. The descriptor was probably closed while it is registered: call Unregister before closing it, or set {(subject is IvListener ? nameof(IvListener.HandlerError) : nameof(HandlerErr))} to be told.",
            subject);
    }

    private void DispatchBands(IvLoop loop, IvBands bands)
    {
        if (Sink is { } sink)
        {
            loop.Invoke(sink, this, bands, IvError.None);
            return;
        }

        if (Interest == IvBands.None)
        {
            OnUnwanted(loop.Fds);
            return;
        }

        bool error = (bands & IvBands.Err) != 0;
        if ((bands & (IvBands.Err | IvBands.Closed)) != 0)
        {
            // Every handler that is set hears of it: one that is not called could not end the readiness.
            bands = IvBands.In | IvBands.Out | IvBands.Err | IvBands.Hangup | IvBands.Pri;
        }

        ulong token = Token;
        if (Planted.Active == PlantedBug.HangupBeforeData && (bands & IvBands.Hangup) != 0 && !Call(loop, _hangup, token))
        {
            return;
        }

        if (error && !Call(loop, _err, token))
        {
            return;
        }

        if (((bands & IvBands.Pri) != 0 && !Call(loop, _pri, token))
            || ((bands & IvBands.In) != 0 && !Call(loop, _in, token))
            || ((bands & IvBands.Out) != 0 && !Call(loop, _out, token))
            || ((bands & IvBands.Hangup) != 0 && !Call(loop, _hangup, token)))
        {
            return;
        }

        if (!error && (bands & IvBands.Err) != 0)
        {
            Call(loop, _err, token);
        }
    }

    // False if the next handler must not be called: this registration has ended, or Break was asked for.
    private bool Call(IvLoop loop, Action<IvFd>? handler, ulong token)
    {
        if (handler is null)
        {
            return true;
        }

        loop.Invoke(handler, this);
        // Another loop, whose thread may be using the object by now, numbers its tokens alike.
        return ((Loop == loop && Token == token) || Planted.Active == PlantedBug.CallAfterUnregister) && !loop.IsBroken;
    }
}
