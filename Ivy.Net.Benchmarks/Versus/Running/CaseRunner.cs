namespace Ivy.Net.Benchmarks.Versus.Running;

/// <summary>Measures the subjects of a case in rounds, interleaved.</summary>
/// <remarks>
/// R1: a round measures every subject once; the next one begins with the next subject, so that none is always the first.
/// R2: a run that is rejected is repeated at once. A subject whose run is rejected three times in a row is refused: it has no figures,
/// the reason is reported, and the others go on.
/// R3: every subject that has figures has one from each round, so that ratios can be taken within rounds.
/// </remarks>
/// <param name="rounds">How many.</param>
/// <param name="observer">Is told.</param>
internal sealed class CaseRunner(int rounds, IRunObserver observer)
{
    private const int Attempts = 3;

    public CaseResult Run(WorkloadCase item, CancellationToken cancel)
    {
        Subject? twin = item.Repeated;
        Subject? again = twin?.Again();
        Subject[] subjects = again is null ? [.. item.Subjects] : [.. item.Subjects, again];
        var result = new CaseResult(item) { Subjects = subjects, Twin = again is null ? null : (twin!.Name, again.Name) };
        for (int round = 0; round < rounds; round++)
        {
            for (int i = 0; i < subjects.Length; i++)
            {
                Subject subject = subjects[(round + i) % subjects.Length];
                if (!result.Refused.ContainsKey(subject.Name))
                {
                    observer.Measuring(item, subject, round, rounds);
                    Measure(result, subject, cancel);
                }
            }

            result.EndRound();
        }

        return result;
    }

    private void Measure(CaseResult result, Subject subject, CancellationToken cancel)
    {
        WorkloadCase item = result.Case;
        for (int attempt = 1; ; attempt++)
        {
            cancel.ThrowIfCancellationRequested();
            Sample sample = subject.Measure(cancel).Checked(item);
            if (sample.Rejection is not { } why)
            {
                result.Add(subject.Name, sample);
                return;
            }

            if (attempt == Attempts)
            {
                observer.Warn($"{item.Workload}, {item.Params}: {subject.Name} is refused, after {Attempts} runs that were rejected: {why}");
                result.Refuse(subject.Name, why);
                return;
            }

            observer.Warn($"{item.Workload}, {item.Params}: a run of {subject.Name} is rejected and repeated: {why}");
            result.Repeated++;
        }
    }
}
