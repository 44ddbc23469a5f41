using Ivy.Net.Interop;
using Ivy.Net.Interop.Linux;

namespace Ivy.Net;

/// <summary>The threads that the library starts: named, with a clean signal mask, and of the network's world.</summary>
internal static class LibraryThread
{
    /// <summary>Starts a thread. It does not keep the process alive: whoever started it does, by its loop.</summary>
    /// <param name="network">A simulation starts its own threads; its caller is one of them.</param>
    /// <param name="name">As debuggers and top(1) show it.</param>
    /// <param name="body">Must not throw: nobody is there to hear it.</param>
    /// <returns>The thread, to be joined; null in a simulation, where nobody may block.</returns>
    /// <exception cref="IvException">ENOMEM: the system has no room for a thread.</exception>
    public static Thread? Start(IvNetwork network, string name, Action body)
    {
        IvError error = TryStart(network, name, body, out Thread? thread);
        return error == IvError.None ? thread : throw Refused(name);
    }

    /// <summary>As <see cref="Start"/>, and returns the error instead of throwing it.</summary>
    public static IvError TryStart(IvNetwork network, string name, Action body, out Thread? thread)
    {
        thread = null;
        if (network is SimulatedNetwork simulation)
        {
            simulation.Start(name, body);
            return IvError.None;
        }

        if (OperatingSystem.IsLinux() && Sys.IsThreadRefused())
        {
            return IvError.ENOMEM;
        }

        thread = new Thread(() =>
        {
            ClearSignalMask();
            body();
        })
        {
            Name = name,
            IsBackground = true,
        };
        try
        {
            thread.UnsafeStart();
            return IvError.None;
        }
        catch (OutOfMemoryException)
        {
            // EAGAIN of pthread_create(3), which the runtime tells in this way.
            thread = null;
            return IvError.ENOMEM;
        }
    }

    /// <summary>The calling thread, as ps(1) and top(1) number it; the runtime's number where the system's is not known.</summary>
    public static int GetNumber()
    {
        int number = ThreadNumber.OfThisThread();
        return number < 0 ? Environment.CurrentManagedThreadId : number;
    }

    /// <summary>What a thread that could not be started is to its caller.</summary>
    public static IvException Refused(object subject) =>
        new(IvError.ENOMEM, "start a thread", subject, "Fewer threads, or more room: ulimit -u, pids.max of the control group, memory");

    // A thread inherits the mask of the one that makes it, and a loop that listens to signals of its own thread blocks some.
    private static void ClearSignalMask()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = Sys.SetSignalMask(Constants.SIG_SETMASK, default, out _);
        }
    }
}
