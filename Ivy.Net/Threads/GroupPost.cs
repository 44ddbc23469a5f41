namespace Ivy.Net;

/// <summary>A callback of the user's, posted to one loop of a group.</summary>
internal sealed class GroupPost<T>(IvLoopGroupMember member, Action<IvLoopGroupMember, T> callback, T state) : PostNode
{
    public override Delegate Callback => state as Delegate ?? callback;

    public override void Run(IvLoop loop)
    {
        callback(member, state);
    }

    public override bool Drop() => true;
}
