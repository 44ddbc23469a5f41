using System.Buffers.Binary;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Ivy.Net.Tests.Support;

/// <summary>Many bytes of a seed, sent and received on threads of their own: the two ends' hashes are compared.</summary>
internal static class RandomStream
{
    private const int Chunk = 1 << 16;

    /// <summary>Sends so many MiB and the end; the hash of what was sent.</summary>
    public static string Send(Socket socket, int seed, int megabytes)
    {
        // A random chunk whose every repetition has its number in it: what is lost, repeated or swapped shows.
        byte[] chunk = new byte[Chunk];
        new Random(seed).NextBytes(chunk);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long chunks = ((long)megabytes << 20) / Chunk;
        for (long i = 0; i < chunks; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(chunk, i);
            hash.AppendData(chunk);
            for (int sent = 0; sent < Chunk;)
            {
                sent += socket.Send(chunk.AsSpan(sent));
            }
        }

        socket.Shutdown(SocketShutdown.Send);
        return Convert.ToHexString(hash.GetHashAndReset());
    }

    /// <summary>Receives to the end; the hash of what came.</summary>
    public static string Receive(Socket socket)
    {
        byte[] buffer = new byte[Chunk * 4];
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        int count;
        while ((count = socket.Receive(buffer)) > 0)
        {
            hash.AppendData(buffer, 0, count);
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }
}
