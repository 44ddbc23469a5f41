namespace Ivy.Net;

/// <summary>Where the objects of <see cref="IvLoopLocal{T}"/>, of all types together, get their numbers from.</summary>
internal static class LoopLocalNumber
{
    private static int _last = -1;

    public static int Next() => Interlocked.Increment(ref _last);
}
