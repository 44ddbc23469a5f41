using System.Diagnostics;

namespace Ivy.Net.Polling;

/// <summary>Which sockets of the process have a poll in flight, and of which engine: in debug builds, and where a test asks for it.</summary>
/// <remarks>
/// Two polls on one socket are mixed up by Windows, even by way of different ports. What one engine does it knows itself; that two of
/// them have the same socket is a mistake of the program, and this finds it at the price of a lock for each poll.
/// </remarks>
internal static class AfdInFlight
{
    private static readonly Lock Gate = new();
    private static readonly Dictionary<(object Process, nint Socket), AfdEngine> Owners = [];

    static AfdInFlight() => LookInDebugBuilds();

    /// <summary>Whether it looks.</summary>
    public static bool IsOn { get; set; }

    /// <summary>False if another engine has a poll in flight on the socket.</summary>
    public static bool TryEnter(nint socket, AfdEngine engine)
    {
        if (!IsOn)
        {
            return true;
        }

        lock (Gate)
        {
            return Owners.TryAdd((engine.Process, socket), engine) || Owners[(engine.Process, socket)] == engine;
        }
    }

    /// <summary>The poll is not in flight any more.</summary>
    public static void Leave(nint socket, AfdEngine engine)
    {
        if (!IsOn)
        {
            return;
        }

        lock (Gate)
        {
            if (Owners.TryGetValue((engine.Process, socket), out AfdEngine? owner) && owner == engine)
            {
                Owners.Remove((engine.Process, socket));
            }
        }
    }

    [Conditional("DEBUG")]
    private static void LookInDebugBuilds() => IsOn = true;
}
