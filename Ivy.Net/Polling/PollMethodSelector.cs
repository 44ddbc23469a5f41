namespace Ivy.Net.Polling;

/// <summary>Picks a loop's poll method: the list of its options, or the environment, or the best that works.</summary>
internal static class PollMethodSelector
{
    public const string SelectVariable = "IVY_SELECT_POLL_METHOD";
    public const string ExcludeVariable = "IVY_EXCLUDE_POLL_METHOD";

    /// <summary>The first method that can be made.</summary>
    /// <exception cref="IvException">None can; the message says why for each, in one line.</exception>
    public static IvPoller Create(IReadOnlyList<IvPollMethod>? methods, IReadOnlyList<string> excluded)
    {
        bool fromEnvironment = methods is null;
        string? select = fromEnvironment ? Variable(SelectVariable) : null;
        string[] excludedToo = fromEnvironment ? Words(Variable(ExcludeVariable)) : [];
        IReadOnlyList<IvPollMethod> candidates = string.IsNullOrWhiteSpace(select) ? methods ?? IvPollMethod.All : Selected(Words(select));

        List<string> reasons = [];
        foreach (IvPollMethod method in candidates)
        {
            if (Contains(excluded, method.Name) || Contains(excludedToo, method.Name))
            {
                reasons.Add($"{method.Name}: excluded");
                continue;
            }

            try
            {
                return method.Create();
            }
            catch (IvException refused)
            {
                reasons.Add($"{method.Name}: {refused.Message}");
            }
        }

        string why = reasons.Count == 0 ? "the list is empty" : string.Join("; ", reasons);
        throw new IvException(
            IvError.PollMethodUnavailable,
            "select a poll method",
            subject: null,
            $"{why}. Methods of this library: {string.Join(", ", IvPollMethod.All)}; check {SelectVariable}, {ExcludeVariable} and IvLoopOptions.PollMethods");
    }

    // A program that runs with more rights than its caller does not let the caller choose.
    private static string? Variable(string name) =>
        OperatingSystem.IsLinux() && Interop.Linux.Sys.IsSetUserId() ? null : Environment.GetEnvironmentVariable(name);

    // Forced: only what is named, in that order, and no fall-back to anything else.
    private static List<IvPollMethod> Selected(string[] names)
    {
        List<IvPollMethod> selected = [];
        foreach (string name in names)
        {
            IvPollMethod? method = null;
            foreach (IvPollMethod known in IvPollMethod.All)
            {
                method = string.Equals(known.Name, name, StringComparison.Ordinal) ? known : method;
            }

            selected.Add(method ?? new IvPollMethod(name, () => throw new IvException(IvError.PollMethodUnavailable, "select", subject: null, $"There is no poll method of the name {name}")));
        }

        return selected;
    }

    private static string[] Words(string? text) =>
        text?.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) ?? [];

    private static bool Contains(IReadOnlyList<string> names, string name)
    {
        foreach (string candidate in names)
        {
            if (string.Equals(candidate, name, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }
}
