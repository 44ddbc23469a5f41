namespace Ivy.Net;

/// <summary>The state of an internal event that has outlived its object: told on the loop's thread when the loop is disposed.</summary>
internal interface ILoopEndListener
{
    void OnLoopEnded();
}
