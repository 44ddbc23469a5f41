// What a client has not taken yet. Lives only for as long as it does not read.

using System.Buffers;

namespace Ivy.Net.Examples;

internal sealed class Unsent
{
    private readonly byte[] _kept;
    private readonly int _length;
    private int _sent;

    public Unsent(ReadOnlySpan<byte> rest)
    {
        _kept = ArrayPool<byte>.Shared.Rent(rest.Length);
        _length = rest.Length;
        rest.CopyTo(_kept);
    }

    public ReadOnlySpan<byte> Bytes => _kept.AsSpan(_sent.._length);

    // True if all of it has been sent; then it is free.
    public bool Advance(int sent)
    {
        _sent += sent;
        if (_sent < _length)
        {
            return false;
        }

        Free();
        return true;
    }

    public void Free() => ArrayPool<byte>.Shared.Return(_kept);
}
