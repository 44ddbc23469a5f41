using System.Diagnostics.CodeAnalysis;

namespace Ivy.Net;

/// <summary>An exception on a thread of the library that nobody is there to be told of.</summary>
internal static class LostException
{
    /// <summary>IVF0123, on the loop of whoever should have asked to be told.</summary>
    [DoesNotReturn]
    public static void Raise(IvObject? subject, string thrower, Exception exception, string advice) => IvFatal.Raise(
        FatalCondition.LostException,
        $"{subject?.ShortText ?? "IvWorkPool (none)"}: {thrower} has thrown {exception.GetType()} ({exception.Message.ReplaceLineEndings(" ")}), and there is nobody to tell. {advice}.",
        subject,
        exception);
}
