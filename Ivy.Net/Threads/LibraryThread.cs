using Ivy.Net.Interop.Linux;

namespace Ivy.Net;

/// <summary>The threads that the library starts: named, with a clean signal mask, and of the network's world.</summary>
internal static class LibraryThread
{
    /// <summary>Starts a thread. It does not keep the process alive: whoever started it does, by its loop.</summary>
    /// <param name="network">A simulation starts its own threads; its caller is one of them.</param>
    /// <param name="name">As debuggers and top(1) show it.</param>
    /// <param name="body">Must not throw: nobody is there to hear it.</param>
    /// <exception cref="OutOfMemoryException">The system has no room for a thread (EAGAIN of pthread_create(3)).</exception>
    public static void Start(IvNetwork network, string name, Action body)
    {
        if (network is SimulatedNetwork simulation)
        {
            simulation.Start(name, body);
            return;
        }

        new Thread(() =>
        {
            ClearSignalMask();
            body();
        })
        {
            Name = name,
            IsBackground = true,
        }.UnsafeStart();
    }

    // A thread inherits the mask of the one that makes it, and a loop that listens to signals of its own thread blocks some.
    private static void ClearSignalMask()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = Sys.SetSignalMask(Constants.SIG_SETMASK, default, out _);
        }
    }
}
