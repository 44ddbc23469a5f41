using System.Net;
using System.Net.Sockets;
using Ivy.Net.Benchmarks.Versus.Running;

namespace Ivy.Net.Benchmarks.Versus.Workloads.Servers;

/// <summary>
/// The echo server on System.Net.Sockets: an asynchronous method for each connection. Where its completions run, on the thread pool or
/// inline on the thread that waits for sockets, the environment says (DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS).
/// </summary>
internal static class SocketsEchoServer
{
    // The largest message of the echo workload in one piece.
    private const int BufferSize = 16 * 1024;

    public static void Run(SubjectArguments arguments) => AcceptAsync(arguments, waits: arguments.Number("waits") == 1).GetAwaiter().GetResult();

    private static async Task AcceptAsync(SubjectArguments arguments, bool waits)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.NoDelay = true; // connections inherit it
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(4096);
        Announcement.Print(listener.LocalEndPoint);
        Announcement.PrintWhenWarm(arguments);
        while (true)
        {
            Socket client = await listener.AcceptAsync().ConfigureAwait(false);
            _ = waits ? EchoWhenReadableAsync(client) : EchoAsync(client);
        }
    }

    private static async Task EchoAsync(Socket client)
    {
        byte[] buffer = new byte[BufferSize];
        try
        {
            while (await client.ReceiveAsync(buffer.AsMemory(), SocketFlags.None).ConfigureAwait(false) is > 0 and int received)
            {
                await SendAllAsync(client, buffer.AsMemory(0, received)).ConfigureAwait(false);
            }
        }
        catch (SocketException)
        {
            // The client has gone.
        }

        client.Dispose();
    }

    // A receive of 0 bytes completes when there is something to receive.
    private static async Task EchoWhenReadableAsync(Socket client)
    {
        byte[] buffer = [];
        try
        {
            while (true)
            {
                await client.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None).ConfigureAwait(false);
                buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(BufferSize);
                int received = await client.ReceiveAsync(buffer.AsMemory(), SocketFlags.None).ConfigureAwait(false);
                if (received == 0)
                {
                    break;
                }

                await SendAllAsync(client, buffer.AsMemory(0, received)).ConfigureAwait(false);
                System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
            }
        }
        catch (SocketException)
        {
            // The client has gone.
        }

        client.Dispose();
    }

    private static async ValueTask SendAllAsync(Socket client, ReadOnlyMemory<byte> message)
    {
        while (message.Length > 0)
        {
            message = message[await client.SendAsync(message, SocketFlags.None).ConfigureAwait(false)..];
        }
    }
}
