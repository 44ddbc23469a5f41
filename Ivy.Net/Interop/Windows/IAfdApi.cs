namespace Ivy.Net.Interop.Windows;

/// <summary>The system calls that polling by AFD is made of: the kernel's, or those of a model in the tests.</summary>
internal unsafe interface IAfdApi
{
    /// <summary>Where a handle means one socket only: the process, or a model.</summary>
    object Process { get; }

    /// <summary>Makes a completion port.</summary>
    IvError OpenPort(out nint port);

    /// <summary>Opens AFD itself, not a socket, and has its completions go to the port.</summary>
    /// <param name="port">The port.</param>
    /// <param name="skipsOnSuccess">Whether a poll that is answered at once shall post no packet.</param>
    /// <param name="device">The handle.</param>
    /// <param name="skips">Whether that is so now.</param>
    IvError OpenDevice(nint port, bool skipsOnSuccess, out nint device, out bool skips);

    /// <summary>Whether a handle is that of a socket: EBADF if it is of nothing, EPERM if of a file, ENOTSOCK if of something else.</summary>
    IvError Validate(nint handle);

    /// <summary>As <see cref="Validate"/>, with the name of the socket.</summary>
    IvError Identify(nint handle, out AfdSocketName name);

    /// <summary>The socket of AFD below the layers that other software may have put on top.</summary>
    IvError BaseHandle(nint handle, out nint socket);

    /// <summary>Starts the poll that the block describes; never blocks.</summary>
    /// <returns>An NTSTATUS. A failure posts no packet; success posts none if the device skips.</returns>
    int Submit(nint device, AfdPollBlock* block);

    /// <summary>Asks for the end of a poll, whose packet comes in any case.</summary>
    /// <returns>An NTSTATUS; NOT_FOUND if the packet is in the port already.</returns>
    int Cancel(nint device, AfdPollBlock* block);

    /// <summary>Takes packets out of the port. Any thread.</summary>
    /// <param name="port">The port.</param>
    /// <param name="entries">Room for them.</param>
    /// <param name="maximum">For how many there is room.</param>
    /// <param name="milliseconds">How long to wait for the first one; <see cref="uint.MaxValue"/> is for ever.</param>
    /// <returns>How many there are, 0 after the time, or the negative of an <see cref="IvError"/>.</returns>
    int Wait(nint port, OverlappedEntry* entries, int maximum, uint milliseconds);

    /// <summary>Puts a packet without a block into the port. Any thread.</summary>
    IvError Post(nint port, nuint key);

    /// <summary>Closes a port or a device.</summary>
    void Close(nint handle);
}
