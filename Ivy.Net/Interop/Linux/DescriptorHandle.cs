using Microsoft.Win32.SafeHandles;

namespace Ivy.Net.Interop.Linux;

/// <summary>A descriptor of our own that may be used on one thread while another disposes it.</summary>
internal sealed class DescriptorHandle : SafeHandleMinusOneIsInvalid
{
    public DescriptorHandle(int fd)
        : base(ownsHandle: true)
        => SetHandle(fd);

    /// <summary>The number, for the thread that also disposes it; others reference the handle first.</summary>
    public int Fd => (int)handle;

    /// <summary>Writes a word of 1 to an eventfd, from any thread; nothing happens once it is closed.</summary>
    /// <returns>0 or a negative errno.</returns>
    public unsafe int Signal()
    {
        bool referenced = false;
        try
        {
            if (!HandleReference.TryAdd(this, ref referenced))
            {
                return 0;
            }

            ulong one = 1;
            nint result = Sys.Write(Fd, (byte*)&one, sizeof(ulong));

            // EAGAIN: the counter is full, so the descriptor is readable all the same.
            return result >= 0 || result == -(int)IvError.EAGAIN ? 0 : (int)result;
        }
        finally
        {
            if (referenced)
            {
                DangerousRelease();
            }
        }
    }

    protected override bool ReleaseHandle() => Sys.Close((int)handle) == 0;
}
