using System.Net.Sockets;
using System.Runtime.InteropServices;
using Ivy.Net.Polling;

namespace Ivy.Net.Tests.Polling;

/// <summary>Every refusal, and which of several comes first: rows W4–W12 and W16.</summary>
[TestFixtureSource(typeof(PortKind), nameof(PortKind.All))]
[NonParallelizable] // closed numbers shall stay free
internal sealed class EpollPortErrorTests(PortKind kind) : EpollPortFixture(kind)
{
    private const EpollEvents EdgeTriggered = (EpollEvents)(1u << 31);
    private const EpollEvents WakeUp = (EpollEvents)(1u << 29);
    private const EpollEvents Exclusive = (EpollEvents)(1u << 28);

    [Test]
    public void W6_A_second_Add_is_refused_and_changes_nothing()
    {
        Socket socket = Bench.Ready();
        Port.Add(socket, EpollEvents.In, 1);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Port.TryAdd(socket, EpollEvents.Out, 2), Is.EqualTo(IvError.EEXIST));
            Assert.That(() => Port.Add(socket, EpollEvents.Out, 2), Refused(IvError.EEXIST).And.Message.Contains("use Modify"));
            Assert.That(Bench.One(), Is.EqualTo(new EpollPortEvent(EpollEvents.In, 1)));
        }
    }

    [Test]
    public void W7_W8_Modify_and_Remove_of_what_is_not_there_are_refused()
    {
        Socket never = Bench.Udp();
        Socket removed = Bench.Udp();
        Port.Add(removed, EpollEvents.In);
        Port.Remove(removed);
        using (Assert.EnterMultipleScope())
        {
            foreach (Socket socket in (Socket[])[never, removed])
            {
                Assert.That(Port.TryModify(socket, EpollEvents.In), Is.EqualTo(IvError.ENOENT));
                Assert.That(Port.TryRemove(socket), Is.EqualTo(IvError.ENOENT));
                Assert.That(() => Port.Modify(socket, EpollEvents.In), Refused(IvError.ENOENT).And.Message.Contains("use Add"));
                Assert.That(() => Port.Remove(socket), Refused(IvError.ENOENT));
            }
        }
    }

    [Test]
    public void W10_What_is_no_open_handle_is_EBADF()
    {
        Socket closed = Bench.Udp();
        nint number = closed.Handle;
        closed.Dispose();
        using (Assert.EnterMultipleScope())
        {
            foreach (nint bad in (nint[])[-1, -2, nint.MinValue, nint.MaxValue, 0xbadbad, unchecked((nint)0x1_0000_0003), number])
            {
                Assert.That(Port.TryAdd(bad, EpollEvents.In), Is.EqualTo(IvError.EBADF), $"{bad}");
                Assert.That(Port.TryModify(bad, EpollEvents.In), Is.EqualTo(IvError.EBADF), $"{bad}");
                Assert.That(Port.TryRemove(bad), Is.EqualTo(IvError.EBADF), $"{bad}");
            }
        }
    }

    [Test]
    public void W10_A_disposed_socket_is_EBADF_whatever_it_comes_as()
    {
        Socket socket = Bench.Udp();
        SafeHandle handle = socket.SafeHandle;
        socket.Dispose();
        IvSocket ours = IvSocket.Open(AddressFamily.InterNetwork, SocketType.Dgram);
        ours.Dispose();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Port.TryAdd(socket, EpollEvents.In), Is.EqualTo(IvError.EBADF));
            Assert.That(Port.TryAdd(handle, EpollEvents.In), Is.EqualTo(IvError.EBADF));
            Assert.That(Port.TryAdd(ours, EpollEvents.In), Is.EqualTo(IvError.EBADF));
            Assert.That(Port.TryModify(socket, EpollEvents.In), Is.EqualTo(IvError.EBADF));
            Assert.That(Port.TryModify(handle, EpollEvents.In), Is.EqualTo(IvError.EBADF));
            Assert.That(Port.TryModify(ours, EpollEvents.In), Is.EqualTo(IvError.EBADF));
            Assert.That(Port.TryRemove(socket), Is.EqualTo(IvError.EBADF));
            Assert.That(Port.TryRemove(handle), Is.EqualTo(IvError.EBADF));
            Assert.That(Port.TryRemove(ours), Is.EqualTo(IvError.EBADF));
            Assert.That(() => Port.Add(socket, EpollEvents.In), Refused(IvError.EBADF).And.Message.Contains("closed"));
        }
    }

    [Test]
    public void W10_An_open_handle_that_is_no_socket_is_ENOTSOCK()
    {
        SafeHandle pipe = Bench.Pipe();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Port.TryAdd(pipe, EpollEvents.In), Is.EqualTo(IvError.ENOTSOCK));
            Assert.That(Port.TryModify(pipe, EpollEvents.In), Is.EqualTo(IvError.ENOTSOCK));
            Assert.That(Port.TryRemove(pipe), Is.EqualTo(IvError.ENOTSOCK));
            Assert.That(() => Port.Add(pipe, EpollEvents.In), Refused(IvError.ENOTSOCK).And.Message.Contains("IvLoop"));
        }
    }

    [Test]
    public void W10_A_simulated_socket_is_no_socket_of_the_system()
    {
        using var network = new SimulatedNetwork(1);
        using IvSocket socket = IvSocket.Open(AddressFamily.InterNetwork, SocketType.Dgram, network: network);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Port.TryAdd(socket, EpollEvents.In), Is.EqualTo(IvError.ENOTSOCK));
            socket.Dispose();
            Assert.That(Port.TryAdd(socket, EpollEvents.In), Is.EqualTo(IvError.EBADF));
            Port.Dispose();
            Assert.That(Port.TryAdd(socket, EpollEvents.In), Is.EqualTo(IvError.Disposed));
        }
    }

    [Test]
    public void W11_The_port_comes_before_the_socket_the_socket_before_the_flags_and_these_before_the_registration()
    {
        Socket socket = Bench.Udp();
        SafeHandle pipe = Bench.Pipe();
        Socket closed = Bench.Udp();
        closed.Dispose();
        Socket added = Bench.Udp();
        Port.Add(added, EpollEvents.In);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Port.TryAdd(closed, EdgeTriggered), Is.EqualTo(IvError.EBADF));
            Assert.That(Port.TryModify(closed, EdgeTriggered), Is.EqualTo(IvError.EBADF));
            Assert.That(Port.TryAdd(pipe, EdgeTriggered), Is.EqualTo(IvError.ENOTSOCK));
            Assert.That(Port.TryModify(pipe, EdgeTriggered), Is.EqualTo(IvError.ENOTSOCK));
            Assert.That(Port.TryAdd(added, EdgeTriggered), Is.EqualTo(IvError.EINVAL), "before EEXIST");
            Assert.That(Port.TryModify(socket, EdgeTriggered), Is.EqualTo(IvError.EINVAL), "before ENOENT");
            Port.Dispose();
            Assert.That(Port.TryAdd(closed, EdgeTriggered), Is.EqualTo(IvError.Disposed));
            Assert.That(Port.TryModify(pipe, EdgeTriggered), Is.EqualTo(IvError.Disposed));
            Assert.That(Port.TryRemove(-1), Is.EqualTo(IvError.Disposed));
        }
    }

    [TestCase(EdgeTriggered, "EPOLLET")]
    [TestCase(Exclusive, "EPOLLEXCLUSIVE")]
    [TestCase(WakeUp, "EPOLLWAKEUP")]
    [TestCase((EpollEvents)0x20, "0x20")]
    [TestCase(EdgeTriggered | Exclusive, "0x90000000")]
    public void W16_A_flag_that_can_not_be_honoured_everywhere_is_refused_by_name(EpollEvents flag, string name)
    {
        Socket socket = Bench.Ready();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => Port.Add(socket, EpollEvents.In | flag), Throws.ArgumentException.With.Message.Contains(name).And.Property("ParamName").EqualTo("events"));
            Assert.That(Port.TryAdd(socket, EpollEvents.In | flag), Is.EqualTo(IvError.EINVAL));
        }

        Port.Add(socket, EpollEvents.In, 1);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => Port.Modify(socket, EpollEvents.Out | flag, 2), Throws.ArgumentException.With.Message.Contains(name));
            Assert.That(Port.TryModify(socket, EpollEvents.Out | flag, 2), Is.EqualTo(IvError.EINVAL));
            Assert.That(Bench.One(), Is.EqualTo(new EpollPortEvent(EpollEvents.In, 1)), "nothing has changed");
        }
    }

    [Test]
    public void W4_A_disposed_port_says_so_and_Dispose_may_be_repeated()
    {
        Socket socket = Bench.Udp();
        Port.Add(socket, EpollEvents.In);
        Assert.That(Port.IsDisposed, Is.False);
        Port.Dispose();
        Port.Dispose();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Port.IsDisposed);
            Assert.That(() => Port.Add(socket, EpollEvents.In), Throws.InstanceOf<ObjectDisposedException>());
            Assert.That(() => Port.Modify(socket, EpollEvents.In), Throws.InstanceOf<ObjectDisposedException>());
            Assert.That(() => Port.Remove(socket), Throws.InstanceOf<ObjectDisposedException>());
            Assert.That(() => Port.Wait(new EpollPortEvent[1]), Throws.InstanceOf<ObjectDisposedException>());
            Assert.That(Port.Wake, Throws.Nothing);
            Assert.That(Port.ToString(), Is.EqualTo("disposed EpollPort"));
        }
    }

    [Test]
    public void Null_is_refused_by_the_Try_forms_too()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => Port.TryAdd((Socket)null!, EpollEvents.In), Throws.ArgumentNullException);
            Assert.That(() => Port.TryAdd((IvSocket)null!, EpollEvents.In), Throws.ArgumentNullException);
            Assert.That(() => Port.TryAdd((SafeHandle)null!, EpollEvents.In), Throws.ArgumentNullException);
            Assert.That(() => Port.Remove((Socket)null!), Throws.ArgumentNullException);
        }
    }

    private static NUnit.Framework.Constraints.Constraint Refused(IvError error) =>
        Throws.InstanceOf<IvException>().With.Property(nameof(IvException.Error)).EqualTo(error);
}
