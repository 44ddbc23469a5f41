namespace Ivy.Net;

/// <summary>A list of tasks, linked through the tasks themselves: every operation is O(1) and allocates nothing.</summary>
internal sealed class TaskList
{
    public IvTask? First { get; private set; }

    public IvTask? Last { get; private set; }

    public int Count { get; private set; }

    public void Append(IvTask task)
    {
        task.List = this;
        task.Previous = Last;
        task.Next = null;
        if (Last is null)
        {
            First = task;
        }
        else
        {
            Last.Next = task;
        }

        Last = task;
        Count++;
    }

    public void Remove(IvTask task)
    {
        if (task.Previous is null)
        {
            First = task.Next;
        }
        else
        {
            task.Previous.Next = task.Next;
        }

        if (task.Next is null)
        {
            Last = task.Previous;
        }
        else
        {
            task.Next.Previous = task.Previous;
        }

        task.List = null;
        task.Next = task.Previous = null;
        Count--;
    }
}
