namespace Ivy.Net;

/// <summary>What the group has its loops do, one after the other; nobody misses it on a loop that has ended.</summary>
/// <remarks>It has no Callback: what it throws ends the loop, whatever <see cref="IvLoopOptions.UnhandledException"/> is set to.</remarks>
internal sealed class GroupCommand(IvLoopGroupMember member, Action<IvLoopGroupMember> action) : PostNode
{
    public override void Run(IvLoop loop)
    {
        action(member);
    }

    public override bool Drop() => false;
}
