namespace Ivy.Net;

/// <summary>An empty regular file: always ready, and refused by every poller (EPERM), as epoll does.</summary>
internal sealed class SimulatedRegularFile(SimulatedNetwork network) : SimulatedDescription(network, DescriptorKind.RegularFile)
{
    public override SimulatedReadiness Readiness => SimulatedReadiness.In | SimulatedReadiness.Out;

    public override IvIoResult Read(Span<byte> buffer) => IvIoResult.Ok(0);

    public override IvIoResult Write(ReadOnlySpan<byte> buffer) => IvIoResult.Ok(buffer.Length);

    protected override void OnLastClose()
    {
    }
}
