namespace Ivy.Net.Polling;

/// <summary>Picks a loop's poll method: the list of its options, or the environment, or the best that works.</summary>
internal static class PollMethodSelector
{
    public const string SelectVariable = "IVY_SELECT_POLL_METHOD";
    public const string ExcludeVariable = "IVY_EXCLUDE_POLL_METHOD";

    /// <summary>The first method that can be made.</summary>
    /// <param name="methods">What to try; null asks the environment.</param>
    /// <param name="excluded">What to leave out, by name.</param>
    /// <param name="passedOver">Those before it that could not be made, and why, in one line; null if there are none.</param>
    /// <exception cref="IvException">None can; the message says why for each, in one line.</exception>
    public static IvPoller Create(IReadOnlyList<IvPollMethod>? methods, IReadOnlyList<string> excluded, out string? passedOver)
    {
        List<string> reasons = [];
        List<string> refusals = [];
        HashSet<string> leftOut = new(excluded, StringComparer.Ordinal);
        if (methods is null)
        {
            leftOut.UnionWith(Words(ExcludeVariable));
            methods = Selected(Words(SelectVariable), reasons);
        }

        foreach (IvPollMethod method in methods)
        {
            if (leftOut.Contains(method.Name))
            {
                reasons.Add($"{method.Name}: excluded");
                continue;
            }

            try
            {
                IvPoller poller = method.Create();
                passedOver = refusals.Count == 0 ? null : string.Join("; ", refusals);
                return poller;
            }
            catch (IvException refused)
            {
                reasons.Add($"{method.Name}: {refused.Message}");
                refusals.Add(reasons[^1]);
            }
        }

        string why = reasons.Count == 0 ? "the list is empty" : string.Join("; ", reasons);
        throw new IvException(
            IvError.PollMethodUnavailable,
            "select a poll method",
            subject: null,
            $"{why}. Methods of this library: {string.Join(", ", IvPollMethod.All)}; check {SelectVariable}, {ExcludeVariable} and IvLoopOptions.PollMethods");
    }

    // Forced: only what is named, in that order, and no fall-back to anything else. All of them if nothing is.
    private static IReadOnlyList<IvPollMethod> Selected(string[] names, List<string> reasons)
    {
        if (names.Length == 0)
        {
            return IvPollMethod.All;
        }

        List<IvPollMethod> selected = [];
        foreach (string name in names)
        {
            int before = selected.Count;
            foreach (IvPollMethod known in IvPollMethod.All)
            {
                if (string.Equals(known.Name, name, StringComparison.Ordinal))
                {
                    selected.Add(known);
                }
            }

            if (selected.Count == before)
            {
                reasons.Add($"{name}: there is no such method");
            }
        }

        return selected;
    }

    // A program that runs with more rights than its caller does not let the caller choose.
    private static string[] Words(string variable) =>
        OperatingSystem.IsLinux() && Interop.Linux.Sys.IsSetUserId()
            ? []
            : Environment.GetEnvironmentVariable(variable)?.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) ?? [];
}
