namespace Ivy.Net;

/// <summary>A question to all loops of a group, and their answers.</summary>
internal sealed class GroupCall<T>(int count, Func<IvLoopGroupMember, T> function)
{
    // What follows an await must not run on a loop of the group in the midst of a batch.
    private readonly TaskCompletionSource<T[]> _source = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Func<IvLoopGroupMember, T> _function = function;
    private readonly T[] _answers = new T[count];
    private int _left = count;

    public Task<T[]> Task => _source.Task;

    public void Post(IvLoopGroupMember member)
    {
        if (!member.Enqueue(new Question(this, member)))
        {
            _source.TrySetCanceled();
        }
    }

    private void Answer(IvLoopGroupMember member)
    {
        try
        {
            _answers[member.Index] = _function(member);
        }
        catch (Exception exception) when (exception is not SimulationStoppedException)
        {
            _source.TrySetException(exception);
        }

        if (Interlocked.Decrement(ref _left) == 0)
        {
            _source.TrySetResult(_answers);
        }
    }

    private sealed class Question(GroupCall<T> call, IvLoopGroupMember member) : PostNode
    {
        public override Delegate Callback => call._function;

        public override void Run(IvLoop loop)
        {
            call.Answer(member);
        }

        // The loop has ended with the question in its queue.
        public override bool Drop() => call._source.TrySetCanceled();
    }
}
