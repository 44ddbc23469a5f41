namespace Ivy.Net;

/// <summary>
/// What a simulated descriptor is ready for. The values are those of the bands that pollers speak of; this folder must not
/// know them, and a test holds that they agree.
/// </summary>
[Flags]
internal enum SimulatedReadiness
{
    None = 0,
    In = 1,
    Out = 2,
    Err = 4,
    Hangup = 8,
    Pri = 16,
    Closed = 32,
    Edge = 64,
}
