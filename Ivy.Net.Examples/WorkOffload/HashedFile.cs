// A piece of work for the pool: hashed on one of its threads, printed by the loop.

using System.Security.Cryptography;

namespace Ivy.Net.Examples;

internal sealed class HashedFile(string path)
{
    private const int BufferSize = 1024 * 1024;
    private string? _hash;

    // On a thread of the pool: reading a file blocks, and what it throws arrives in Print.
    public void Hash(CancellationToken token)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[BufferSize];
        for (int read = file.Read(buffer); read > 0; read = file.Read(buffer))
        {
            token.ThrowIfCancellationRequested();
            hash.AppendData(buffer, 0, read);
        }

        _hash = Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    // On the loop's thread.
    public bool Print(IvWorkResult result)
    {
        Console.WriteLine($"{path} {(result.IsOk ? _hash : result.IsCancelled ? "cancelled" : result.Exception!.Message)}");
        return result.IsOk;
    }
}
