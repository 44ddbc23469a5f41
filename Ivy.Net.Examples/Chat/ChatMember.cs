// A member of the example `chat`: its name, its socket, and the line that it has begun.

using System.Text;

namespace Ivy.Net.Examples;

internal sealed class ChatMember(string name, IvSocket socket)
{
    private const int LongestLine = 1024;

    private readonly byte[] _buffer = new byte[LongestLine];
    private int _length;

    public string Name { get; } = name;

    public IvSocket Socket { get; } = socket;

    // Never empty: TakeLine cuts a line that is too long.
    public Span<byte> Free => _buffer.AsSpan(_length);

    public void Add(int received) => _length += received;

    public string? TakeLine()
    {
        int end = _buffer.AsSpan(0, _length).IndexOf((byte)'\n');
        if (end < 0 && _length < LongestLine)
        {
            return null;
        }

        int length = end < 0 ? _length : end;
        string line = Encoding.UTF8.GetString(_buffer, 0, length).TrimEnd('\r');
        int taken = end < 0 ? length : end + 1;
        _buffer.AsSpan(taken.._length).CopyTo(_buffer);
        _length -= taken;
        return line;
    }
}
