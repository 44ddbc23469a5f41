using System.Runtime.InteropServices;
using System.Text;

namespace Ivy.Net.Interop.Linux;

/// <summary>Strings as C takes them, UTF-8, and arrays of them that end with a null; freed together.</summary>
internal sealed unsafe class NativeStrings : IDisposable
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly List<nint> _blocks = [];

    /// <summary>Whether C can have the text: it holds no NUL, and no half of a surrogate pair.</summary>
    public static bool IsValid(string text)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            return false;
        }

        try
        {
            _ = Strict.GetByteCount(text);
            return true;
        }
        catch (EncoderFallbackException)
        {
            return false;
        }
    }

    public byte* Add(string text)
    {
        int length = Encoding.UTF8.GetByteCount(text);
        byte* block = (byte*)Allocate((nuint)length + 1);
        Encoding.UTF8.GetBytes(text, new Span<byte>(block, length));
        block[length] = 0;
        return block;
    }

    public byte** Add(List<string> texts)
    {
        byte** array = (byte**)Allocate((nuint)(texts.Count + 1) * (nuint)sizeof(byte*));
        for (int i = 0; i < texts.Count; i++)
        {
            array[i] = Add(texts[i]);
        }

        array[texts.Count] = null;
        return array;
    }

    public void Dispose()
    {
        foreach (nint block in _blocks)
        {
            NativeMemory.Free((void*)block);
        }

        _blocks.Clear();
    }

    private void* Allocate(nuint size)
    {
        void* block = NativeMemory.Alloc(size);
        _blocks.Add((nint)block);
        return block;
    }
}
