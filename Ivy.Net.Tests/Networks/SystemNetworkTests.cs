using System.Net;
using System.Net.Sockets;
using Ivy.Net.Interop.Linux;
using Microsoft.Win32.SafeHandles;

namespace Ivy.Net.Tests.Networks;

[TestFixture]
[Platform("Linux", Reason = "system calls of Linux")]
[NonParallelizable] // counts descriptors
public sealed class SystemNetworkTests
{
    private static readonly IvNetwork Network = IvNetwork.System;

    [TestCase("/dev/null", (int)DescriptorKind.UnpollableDevice, false)]
    [TestCase("/dev/zero", (int)DescriptorKind.UnpollableDevice, false)]
    [TestCase("/dev/random", (int)DescriptorKind.Device, true)]
    [TestCase("/etc/passwd", (int)DescriptorKind.RegularFile, false)]
    public void Files_are_told_apart(string path, int kind, bool pollable)
    {
        using SafeFileHandle file = File.OpenHandle(path);
        Assert.That(Network.Identify(file.DangerousGetHandle(), out DescriptorIdentity identity), Is.EqualTo(IvError.None));
        Assert.That(identity.Kind, Is.EqualTo((DescriptorKind)kind));
        Assert.That(identity.IsPollable, Is.EqualTo(pollable));
        Assert.That(CanEpoll(file.DangerousGetHandle()), Is.EqualTo(pollable), "the kernel agrees");
    }

    [Test]
    public void Sockets_and_events_are_told_apart_and_duplicates_are_known()
    {
        using var socket = IvSocket.Open(AddressFamily.InterNetwork, SocketType.Stream);
        Assert.That(Network.Duplicate(socket.Handle, out nint duplicate), Is.EqualTo(IvError.None));
        Assert.That(Network.OpenEvent(out nint wakeup), Is.EqualTo(IvError.None));
        try
        {
            Network.Identify(socket.Handle, out DescriptorIdentity one);
            Network.Identify(duplicate, out DescriptorIdentity two);
            Network.Identify(wakeup, out DescriptorIdentity three);
            using (Assert.EnterMultipleScope())
            {
                Assert.That(one.Kind, Is.EqualTo(DescriptorKind.Socket));
                Assert.That(two, Is.EqualTo(one));
                Assert.That(three.Kind, Is.EqualTo(DescriptorKind.Anonymous));
                Assert.That(three.IsPollable, Is.True);
            }
        }
        finally
        {
            Network.Close(duplicate);
            Network.Close(wakeup);
        }
    }

    [Test]
    public void A_number_that_is_not_open_is_EBADF_everywhere()
    {
        const nint Nobody = 1_000_000;
        byte[] buffer = new byte[4];
        var address = new SocketAddress(AddressFamily.InterNetwork);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Network.Identify(Nobody, out _), Is.EqualTo(IvError.EBADF));
            Assert.That(Network.GetBlocking(Nobody, out _), Is.EqualTo(IvError.EBADF));
            Assert.That(Network.SetBlocking(Nobody, blocking: true), Is.EqualTo(IvError.EBADF));
            Assert.That(Network.SetCloseOnExec(Nobody), Is.EqualTo(IvError.EBADF));
            Assert.That(Network.Duplicate(Nobody, out nint duplicate), Is.EqualTo(IvError.EBADF));
            Assert.That(duplicate, Is.EqualTo((nint)(-1)));
            Assert.That(Network.Read(Nobody, buffer).Error, Is.EqualTo(IvError.EBADF));
            Assert.That(Network.Write(Nobody, buffer).Error, Is.EqualTo(IvError.EBADF));
            Assert.That(Network.Receive(Nobody, buffer, SocketFlags.None, stream: true).Error, Is.EqualTo(IvError.EBADF));
            Assert.That(Network.GetLocalAddress(Nobody, address), Is.EqualTo(IvError.EBADF));
            Assert.That(() => Network.Close(Nobody), Throws.Nothing);
        }
    }

    [Test]
    public void An_event_counts_words_of_eight_bytes()
    {
        Assert.That(Network.OpenEvent(out nint handle), Is.EqualTo(IvError.None));
        byte[] word = new byte[8];
        Assert.That(Network.Read(handle, word).WouldBlock, Is.True);
        Assert.That(Network.Write(handle, BitConverter.GetBytes(3L)), Is.EqualTo(IvIoResult.Ok(8)));
        Assert.That(Network.WriteV(handle, [(ReadOnlyMemory<byte>)BitConverter.GetBytes(4L)]), Is.EqualTo(IvIoResult.Ok(8)));
        Assert.That(Network.ReadV(handle, [word.AsMemory()]), Is.EqualTo(IvIoResult.Ok(8)));
        Assert.That(BitConverter.ToInt64(word), Is.EqualTo(7));
        Network.Close(handle);
    }

    [Test]
    public void The_end_of_a_file_is_the_end()
    {
        using SafeFileHandle file = File.OpenHandle("/dev/null");
        nint handle = file.DangerousGetHandle();
        byte[] buffer = new byte[4];
        Assert.That(Network.Read(handle, buffer).IsEnd, Is.True);
        Assert.That(Network.Read(handle, []), Is.EqualTo(IvIoResult.Ok(0)));
        Assert.That(Network.ReadV(handle, [buffer.AsMemory()]).IsEnd, Is.True);
        Assert.That(Network.ReadV(handle, []), Is.EqualTo(IvIoResult.Ok(0)));
    }

    [Test]
    public void Blocking_is_read_as_it_was_set()
    {
        using var socket = IvSocket.Open(AddressFamily.InterNetwork, SocketType.Stream);
        foreach (bool wanted in new[] { true, true, false, false })
        {
            Assert.That(Network.SetBlocking(socket.Handle, wanted), Is.EqualTo(IvError.None));
            Assert.That(Network.GetBlocking(socket.Handle, out bool blocking), Is.EqualTo(IvError.None));
            Assert.That(blocking, Is.EqualTo(wanted));
        }
    }

    [Test]
    public void Where_there_is_no_backend_every_call_says_ENOSYS()
    {
        var network = new UnsupportedNetwork();
        Assert.That(
            () => IvSocket.Open(AddressFamily.InterNetwork, SocketType.Stream, network: network),
            Throws.TypeOf<IvException>().With.Message.Contains("ENOSYS").And.Message.Contains("no backend for this operating system"));
        Assert.That(IvSocket.TryCreatePair(out _, out _, network: network), Is.EqualTo(IvError.ENOSYS));
        Assert.That(network.OpenEvent(out nint handle), Is.EqualTo(IvError.ENOSYS));
        Assert.That(handle, Is.EqualTo((nint)(-1)));
        Assert.That(network.Read(0, new byte[1]).Error, Is.EqualTo(IvError.ENOSYS));
    }

    [Test]
    public void The_networks_have_names()
    {
        Assert.That(IvNetwork.System.Name, Is.EqualTo("system"));
        Assert.That(IvNetwork.Current, Is.SameAs(IvNetwork.System));
    }

    private static unsafe bool CanEpoll(nint handle)
    {
        int epoll = Sys.EpollCreate(Constants.EPOLL_CLOEXEC);
        byte* change = stackalloc byte[16];
        int result = Sys.EpollCtl(epoll, Constants.EPOLL_CTL_ADD, (int)handle, change);
        Sys.Close(epoll);
        return result == 0;
    }
}
