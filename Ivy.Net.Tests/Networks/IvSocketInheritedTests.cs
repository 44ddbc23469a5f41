using System.Net;
using System.Net.Sockets;
using Ivy.Net.Interop.Linux;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Networks;

[TestFixture]
[Platform("Linux", Reason = "sd_listen_fds(3)")]
[NonParallelizable] // the environment is the process's
public sealed class IvSocketInheritedTests
{
    private static readonly string Pid = Environment.ProcessId.ToString();

    // Numbers in a row, far from those that the runtime uses.
    private const int First = 700;

    [TearDown]
    public void CloseWhatIsLeft()
    {
        for (int fd = First; fd < First + 4; fd++)
        {
            if (Descriptors.IsOpen(fd))
            {
                IvNetwork.System.Close(fd);
            }
        }
    }

    [Test]
    public void Listeners_come_with_their_names_non_blocking_and_close_on_exec()
    {
        using var one = IvSocket.Listen(new IPEndPoint(IPAddress.Loopback, 0));
        using var two = IvSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Inherit(one, First);
        Inherit(two, First + 1);
        Assert.That(IvNetwork.System.SetBlocking(First, blocking: true), Is.EqualTo(IvError.None));

        IvSocket[] taken = IvSocket.TakeInherited(Pid, "2", "http:dns", First);
        using (taken[0])
        using (taken[1])
        using (Assert.EnterMultipleScope())
        {
            Assert.That(taken, Has.Length.EqualTo(2));
            Assert.That(taken[0].Handle, Is.EqualTo((nint)First));
            Assert.That(taken[0].Name, Is.EqualTo("http"));
            Assert.That(taken[0].LocalEndPoint, Is.EqualTo(one.LocalEndPoint));
            Assert.That(taken[0].ToString(), Is.EqualTo($"tcp {one.LocalEndPoint} listening \"http\""));
            Assert.That(taken[1].Name, Is.EqualTo("dns"));
            Assert.That(taken[1].SocketType, Is.EqualTo(SocketType.Dgram));
            Assert.That(File.ReadAllText($"/proc/self/fdinfo/{First}"), Does.Contain("flags:\t02004002"));
            Assert.That(File.ReadAllText($"/proc/self/fdinfo/{First + 1}"), Does.Contain("flags:\t02004002"));
        }
    }

    [TestCase(null)]
    [TestCase("")]
    [TestCase("only")]
    [TestCase(":second")]
    [TestCase("a:b:c:d")]
    public void Names_may_be_missing_or_too_many(string? names)
    {
        using var one = IvSocket.Listen(new IPEndPoint(IPAddress.Loopback, 0));
        Inherit(one, First);
        Inherit(one, First + 1);
        foreach (IvSocket socket in IvSocket.TakeInherited(Pid, "2", names, First))
        {
            Assert.That(socket.Name, Is.Null.Or.AnyOf("only", "second", "a", "b"));
            socket.Dispose();
        }
    }

    [TestCase(null, "1")]
    [TestCase("", "1")]
    [TestCase("1", "1")]
    [TestCase("1", "garbage")]
    public void What_is_meant_for_nobody_or_another_process_is_left_alone(string? pid, string? count) =>
        Assert.That(IvSocket.TakeInherited(pid, count, names: null, First), Is.Empty);

    [Test]
    public void Without_a_count_there_are_none() => Assert.That(IvSocket.TakeInherited(Pid, count: null, names: null, First), Is.Empty);

    [TestCase("abc")]
    [TestCase("0")]
    [TestCase("-1")]
    [TestCase("+1")]
    [TestCase(" 1")]
    [TestCase("99999999999999999999")]
    [TestCase("2147483647")]
    public void Garbage_is_a_clear_error(string count)
    {
        Assert.That(
            () => IvSocket.TakeInherited(Pid, count, names: null, First),
            Throws.TypeOf<IvException>()
                .With.Property(nameof(IvException.Error)).EqualTo(IvError.EINVAL)
                .And.Message.Contains($"LISTEN_FDS={count}: ")
                .And.Message.Contains("sd_listen_fds(3)"));
        Assert.That(() => IvSocket.TakeInherited(count, "1", names: null, First), Throws.TypeOf<IvException>().With.Message.Contains("LISTEN_PID"));
    }

    [Test]
    public void A_descriptor_that_is_not_what_was_promised_is_named_and_none_is_taken()
    {
        using var one = IvSocket.Listen(new IPEndPoint(IPAddress.Loopback, 0));
        Inherit(one, First);
        Assert.That(
            () => IvSocket.TakeInherited(Pid, "2147480000", names: null, First),
            Throws.TypeOf<IvException>()
                .With.Property(nameof(IvException.Error)).EqualTo(IvError.EBADF)
                .And.Message.Contains($"descriptor {First + 1} of LISTEN_FDS=2147480000"));
        Assert.That(Descriptors.IsOpen(First), Is.True, "it is not ours, and so not ours to close");
    }

    [Test]
    public void The_variables_are_removed_so_that_nobody_takes_them_twice()
    {
        Environment.SetEnvironmentVariable("LISTEN_PID", "1");
        Environment.SetEnvironmentVariable("LISTEN_FDS", "3");
        Environment.SetEnvironmentVariable("LISTEN_FDNAMES", "x");
        Assert.That(IvSocket.TakeInheritedListeners(), Is.Empty);
        Assert.That(Environment.GetEnvironmentVariable("LISTEN_PID"), Is.Null);
        Assert.That(Environment.GetEnvironmentVariable("LISTEN_FDS"), Is.Null);
        Assert.That(Environment.GetEnvironmentVariable("LISTEN_FDNAMES"), Is.Null);
        Assert.That(IvSocket.TakeInheritedListeners(), Is.Empty);
    }

    private static void Inherit(IvSocket socket, int fd) => Assert.That(Sys.Dup3((int)socket.Handle, fd, 0), Is.EqualTo(fd));
}
