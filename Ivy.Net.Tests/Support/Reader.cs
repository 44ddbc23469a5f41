using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Ivy.Net.Tests.Support;

/// <summary>Reads a pipe on this thread's loop until its end, and disposes it then.</summary>
internal sealed class Reader
{
    private readonly byte[] _buffer = new byte[4096];
    private readonly List<byte> _bytes = [];

    public Reader(SafeFileHandle handle)
    {
        var fd = new IvFd(handle) { HandlerIn = Read, State = handle };
        fd.Register();
    }

    public string Text => Encoding.UTF8.GetString([.. _bytes]);

    public bool HasEnded { get; private set; }

    /// <summary>What a program writes to standard output, and to standard error if <see cref="IvProcess.StandardError"/> says so; it has ended well.</summary>
    public static string OutputOf(IvLoop loop, IvProcess process)
    {
        process.Start();
        var reader = new Reader(process.Output);
        Assert.That(loop.RunUntil(() => reader.HasEnded && !process.IsRegistered, LoopThread.Patience), Is.True, $"{process} ended");
        Assert.That(process.Status!.Value.IsSuccess, Is.True, $"{process}: {process.Status}: {reader.Text}");
        return reader.Text;
    }

    private void Read(IvFd fd)
    {
        IvIoResult got = fd.Read(_buffer);
        if (got.IsOk)
        {
            _bytes.AddRange(_buffer.AsSpan(0, got.Bytes));
        }
        else if (!got.WouldBlock)
        {
            fd.Unregister();
            ((SafeFileHandle)fd.State!).Dispose();
            HasEnded = true;
        }
    }
}
