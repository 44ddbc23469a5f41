namespace Ivy.Net;

/// <summary>Standard error, as a last resort: a full disk or a closed descriptor must not replace what was to be said by an exception.</summary>
internal static class StandardError
{
    public static void TryWriteLine(string line) => TryWrite(line, static (writer, text) => writer.WriteLine(text));

    public static void TryWrite<TState>(TState state, Action<TextWriter, TState> write)
    {
        try
        {
            write(Console.Error, state);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            // There is nowhere left to say it.
        }
    }
}
