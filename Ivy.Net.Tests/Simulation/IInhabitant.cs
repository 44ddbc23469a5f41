namespace Ivy.Net.Tests.Simulation;

/// <summary>A program that lives in a <see cref="World"/>, on the loop of the clients.</summary>
internal interface IInhabitant
{
    bool IsDone { get; }

    void Start();
}
