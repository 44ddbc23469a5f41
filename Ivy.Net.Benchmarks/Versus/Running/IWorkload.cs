namespace Ivy.Net.Benchmarks.Versus.Running;

/// <summary>A kind of work that several programs do, measured side by side.</summary>
internal interface IWorkload
{
    /// <summary>As on the command line.</summary>
    string Name { get; }

    /// <summary>One line for the list.</summary>
    string Summary { get; }

    /// <summary>The programs of this assembly that do the work: <c>subject WORKLOAD NAME KEY=VALUE…</c> runs one, in a process of its own.</summary>
    IReadOnlyDictionary<string, Action<SubjectArguments>> Programs { get; }

    /// <summary>What to run; peers whose library is missing are left out.</summary>
    IEnumerable<WorkloadCase> Cases(RunSettings settings);
}
