using System.Runtime.InteropServices;

namespace Ivy.Net;

/// <summary>eventfd(2): a counter of 64 bits.</summary>
internal sealed class SimulatedEventCounter(SimulatedNetwork network) : SimulatedDescription(network, DescriptorKind.Anonymous)
{
    private const int WordSize = sizeof(ulong);
    private const ulong Maximum = ulong.MaxValue - 1;
    private ulong _count;

    public override SimulatedReadiness Readiness =>
        (_count > 0 ? SimulatedReadiness.In : SimulatedReadiness.None) | (_count < Maximum ? SimulatedReadiness.Out : SimulatedReadiness.None);

    public override IvIoResult Read(Span<byte> buffer)
    {
        if (buffer.Length < WordSize)
        {
            return IvIoResult.Failed(IvError.EINVAL);
        }

        if (_count == 0)
        {
            return IvIoResult.Blocked;
        }

        MemoryMarshal.Write(buffer, in _count);
        _count = 0;
        Changed();
        return IvIoResult.Ok(WordSize);
    }

    public override IvIoResult Write(ReadOnlySpan<byte> buffer)
    {
        ulong value = buffer.Length < WordSize ? ulong.MaxValue : MemoryMarshal.Read<ulong>(buffer);
        if (value == ulong.MaxValue)
        {
            return IvIoResult.Failed(IvError.EINVAL);
        }

        if (value > Maximum - _count)
        {
            return IvIoResult.Blocked;
        }

        _count += value;
        Changed();
        return IvIoResult.Ok(WordSize);
    }

    protected override void OnLastClose() => _count = 0;
}
