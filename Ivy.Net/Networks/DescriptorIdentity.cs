using System.Runtime.InteropServices;

namespace Ivy.Net;

/// <summary>Which open object a number stands for: two numbers with one identity may be duplicates of each other.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Device">The device of its inode.</param>
/// <param name="Inode">Its inode.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct DescriptorIdentity(DescriptorKind Kind, ulong Device, ulong Inode)
{
    /// <summary>Whether readiness can be waited for; where not, every backend says EPERM.</summary>
    public bool IsPollable => Kind is not (DescriptorKind.RegularFile or DescriptorKind.Directory or DescriptorKind.BlockDevice or DescriptorKind.UnpollableDevice);
}
