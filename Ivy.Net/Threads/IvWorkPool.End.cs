using System.Collections.Concurrent;

namespace Ivy.Net;

/// <content>What the pool's loop has to be told of its threads, and the end: closed, disposed, or by the end of the loop.</content>
public sealed partial class IvWorkPool
{
    private readonly Queue<WorkPoolThread> _ended = new();
    private readonly ConcurrentQueue<(Exception Exception, bool IsStart)> _failures = new();
    private readonly IvEvent _news;

    // Under the gate, as the queue that it ends.
    private bool _isClosed;
    private bool _isFinished;
    private bool _holdsLoop;
    private volatile bool _isAbandoned;

    /// <summary>Disposed: what runs is finished, and nothing else.</summary>
    internal bool IsAbandoned => _isAbandoned;

    /// <summary>The last thing that a thread does.</summary>
    internal void OnEnded(WorkPoolThread thread)
    {
        lock (_gate)
        {
            _ended.Enqueue(thread);
        }

        _news.Post();
    }

    internal void Report(Exception exception, bool isStart)
    {
        _failures.Enqueue((exception, isStart));
        _news.Post();
    }

    // By Dispose, of the pool or of its loop: what waits is cancelled, what runs comes home if there still is a loop.
    internal override void EndRegistration()
    {
        _isAbandoned = true;

        // Nobody's any more, as far as reports go: but the loop's end still concerns those who wait for a drain.
        _news.State = new Remnant(this);
        CloseQueue();
        List<WorkItem> cancelled = [];
        WorkPoolThread[] threads;
        lock (_gate)
        {
            while (_queue.Take(long.MaxValue) is { } item)
            {
                cancelled.Add(item);
            }

            threads = [.. _all];
        }

        foreach (WorkItem item in cancelled)
        {
            item.MarkCancelled();
            SendHome(item);
        }

        foreach (WorkPoolThread thread in threads)
        {
            thread.Quit();
        }

        if (_owner.IsDisposed)
        {
            _news.EndRegistration();
            AbandonDrains();
        }
        else if (KeepsLoopAlive)
        {
            // Not registered any more; but Run waits for the completions and the threads all the same.
            _holdsLoop = true;
            _owner.Active++;
        }

        Unbind();
    }

    private void CloseQueue()
    {
        WorkPoolThread[] idle;
        lock (_gate)
        {
            if (_isClosed)
            {
                return;
            }

            _isClosed = true;
            idle = [.. _idle];
            _idle.Clear();
        }

        foreach (WorkPoolThread thread in idle)
        {
            thread.Kick();
        }

        _news.Post();
    }

    // On the pool's loop: threads have ended, something failed, or the last work is done.
    private void OnNews()
    {
        while (true)
        {
            WorkPoolThread? ended;
            lock (_gate)
            {
                if (!_ended.TryDequeue(out ended))
                {
                    break;
                }

                _all.Remove(ended);
            }

            ended.Thread?.Join();
        }

        if (_failures.TryDequeue(out (Exception Exception, bool IsStart) failure))
        {
            // One at a time: the handler may throw, and the others still have to be told.
            _news.Post();
            TellFailure(failure.Exception, failure.IsStart);
            return;
        }

        // A continuation that found no thread is unfinished no more, and has no completion that would say so.
        SettleDrains();
        if (_isClosed && !_isFinished && UnfinishedWork == 0 && Threads == 0)
        {
            Finish();
        }
    }

    private void TellFailure(Exception exception, bool isStart)
    {
        if (HandlerError is { } handler)
        {
            handler(this, exception);
        }
        else if (!isStart)
        {
            LostException.Raise(this, "a thread of it", exception, "Set HandlerError, or catch in ThreadStop and in the handlers that work registers");
        }
    }

    private void Finish()
    {
        _isFinished = true;
        _news.EndRegistration();
        if (_holdsLoop)
        {
            _owner.Active--;
        }

        if (IsRegistered)
        {
            Unbind();
            HandlerClosed?.Invoke(this);
        }
    }

    private void AbandonDrains()
    {
        while (_drains.TryDequeue(out Drainer drainer))
        {
            if (drainer.Task is { } task)
            {
                ThreadPool.UnsafeQueueUserWorkItem(static source => source.TrySetCanceled(), task, preferLocal: false);
            }
        }
    }

    private sealed class Remnant(IvWorkPool pool) : ILoopEndListener
    {
        public void OnLoopEnded()
        {
            pool._news.EndRegistration();
            pool.AbandonDrains();
        }
    }
}
