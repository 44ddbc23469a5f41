namespace Ivy.Net.Polling;

/// <summary>Which engine polls which socket of the process.</summary>
/// <remarks>
/// Two polls on one socket are mixed up by Windows, even by way of different ports. What one engine does it knows itself; that two of
/// them have the same socket is a mistake of the program, and this finds it when the second one registers it. Any thread.
/// </remarks>
internal static class AfdOwners
{
    private static readonly Lock Gate = new();
    private static readonly Dictionary<(object Process, nint Socket), AfdEngine> Owners = [];

    /// <summary>False if another engine has the socket.</summary>
    public static bool TryEnter(nint socket, AfdEngine engine)
    {
        lock (Gate)
        {
            return Owners.TryAdd((engine.Process, socket), engine) || Owners[(engine.Process, socket)] == engine;
        }
    }

    /// <summary>The registration has ended.</summary>
    public static void Leave(nint socket, AfdEngine engine)
    {
        lock (Gate)
        {
            if (Owners.TryGetValue((engine.Process, socket), out AfdEngine? owner) && owner == engine)
            {
                Owners.Remove((engine.Process, socket));
            }
        }
    }
}
