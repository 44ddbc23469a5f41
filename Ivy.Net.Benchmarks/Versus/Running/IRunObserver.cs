namespace Ivy.Net.Benchmarks.Versus.Running;

/// <summary>Is told how a run goes on.</summary>
internal interface IRunObserver
{
    /// <summary>A subject is about to be measured.</summary>
    void Measuring(WorkloadCase item, Subject subject, int round, int rounds);

    /// <summary>Something that whoever reads the figures has to know.</summary>
    void Warn(string message);
}
