using System.Runtime.ExceptionServices;

namespace Ivy.Net;

/// <content>The end of a loop, and what is still registered then.</content>
public sealed partial class IvLoop
{
    private bool _isEnding;

    /// <summary>
    /// Ends the loop's life: what is still registered is unregistered and reported to <see cref="IvLoopOptions.LeakReport"/>,
    /// posts that have not run are dropped, and later ones refused. Idempotent; a handler of the loop must not call it (IVF0006).
    /// Before all that the tear-downs of <c>IvLoopLocal</c> run; what one throws is thrown when the loop is disposed.
    /// </summary>
    public void Dispose()
    {
        if (_isDisposed || _isEnding)
        {
            return;
        }

        CheckThread(this, nameof(Dispose));
        if (_isRunning)
        {
            IvFatal.Raise(
                FatalCondition.DisposeWhileRunning,
                $"{this}: Dispose called by one of its own handlers. Call Quit there, and dispose the loop when Run has returned.",
                this);
        }

        // While the loop is whole: the hooks may call anything.
        _isEnding = true;
        List<Exception>? failures = Locals.TearDown(this);

        // Posts first: what an event that is registered still has posted is lost, what one has taken back is not.
        List<IvObject> left = CollectRegistered();
        int dropped = DropPosts();
        _isDisposed = true;
        foreach (IvObject item in left)
        {
            // One may end others: an object that owns some takes them along.
            if (item.IsRegistered)
            {
                item.EndRegistration();
            }
        }

        TellListeners();
        Fds.Pipes.Close();
        _poller.Dispose();
        _current = null;
        IvNetwork.OfThisThread = null;
        if (_options.LeakReport is { } report && (left.Count > 0 || dropped > 0))
        {
            report(new IvLeakReport(this, left, dropped));
        }

        ThrowFailures(failures);
    }

    /// <summary>All registered objects that a user made.</summary>
    internal List<IvObject> CollectRegistered()
    {
        List<IvObject> objects = [];
        Fds.ForEach(objects, static (list, fd) => AddVisible(list, fd));
        Timers.ForEach(objects, static (list, timer) => AddVisible(list, timer));
        Timeouts.ForEach(objects, static (list, timeout) => AddVisible(list, timeout));
        Tasks.ForEach(objects, static (list, task) => AddVisible(list, task));
        for (IvEvent? item = _firstEvent; item is not null; item = item.NextOfLoop)
        {
            AddVisible(objects, item);
        }

        return objects;
    }

    private void TellListeners()
    {
        IvEvent? item = _firstEvent;
        while (item is not null)
        {
            IvEvent? next = item.NextOfLoop;
            if (item is { IsInternal: true, State: ILoopEndListener listener })
            {
                listener.OnLoopEnded();
            }

            item = next;
        }
    }

    private static void AddVisible(List<IvObject> list, IvObject item)
    {
        if (Visible(item) is { } visible && (!item.IsInternal || !list.Contains(visible)))
        {
            list.Add(visible);
        }
    }

    private int DropPosts()
    {
        int dropped = 0;
        Posts.Close(target => dropped += target is PostNode node && !node.Drop() ? 0 : 1);
        return dropped;
    }

    private static void ThrowFailures(List<Exception>? failures)
    {
        if (failures is [var only])
        {
            ExceptionDispatchInfo.Throw(only);
        }

        if (failures is not null)
        {
            throw new AggregateException("Several tear-downs of loop locals failed; the loop is disposed all the same.", failures);
        }
    }
}
