using Ivy.Net.Benchmarks.Versus.Running;
using Ivy.Net.Polling;

namespace Ivy.Net.Benchmarks.Versus.Workloads.Chain;

/// <summary>As the chain, and each pair is registered before it and unregistered when its byte has come; or is watched and not watched, while it stays registered.</summary>
/// <param name="chain">Whose programs do it.</param>
internal sealed class CascadeWorkload(ChainWorkload chain) : IWorkload
{
    public string Name => "cascade";

    public string Summary => "Socket pairs that are registered, and unregistered when their one byte has come.";

    public IReadOnlyDictionary<string, Action<SubjectArguments>> Programs => chain.Programs;

    public IEnumerable<WorkloadCase> Cases(RunSettings settings) => (settings.Scale == Scale.Smoke ? [4] : (int[])[100, 1000]).Select(pairs => Case(settings, pairs));

    // Twice on epoll. IvFd.Unregister promises that the kernel has let go of the descriptor, as uv_poll_stop does, and so costs a system call, as Register does.
    // ev_io_stop leaves the descriptor in the kernel's set until something comes; what does that here is to take the handler away and to set it again.
    private WorkloadCase Case(RunSettings settings, int pairs)
    {
        string ivy = ChainWorkload.ProgramOf(IvPollMethod.Epoll);
        string kept = $"{ivy}-kept";
        string[] parameters = [$"pairs={pairs}"];
        WorkloadCase all = ChainWorkload.Case(settings, this, $"{pairs} pairs", ["mode=cascade", .. parameters]);
        Subject[] keeping = all.Subjects.Any(subject => subject.Name == ivy)
            ? [Running.Programs.Own(settings, kept, SubjectKind.Ivy, this, ivy, ["mode=kept", .. parameters, settings.WarmUpArgument, settings.DurationArgument, settings.CoreArgument])]
            : [];
        return all with
        {
            Subjects = [.. all.Subjects, .. keeping],
            Targets = [.. all.Targets, .. all.Targets.Where(target => target.Peer is null).Select(target => target with { Subject = kept })],
        };
    }
}
