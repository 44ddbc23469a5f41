using System.Net.Sockets;
using Ivy.Net.Interop.Windows;

namespace Ivy.Net.Tests.Networks;

/// <summary>Winsock's errors under their portable names. Numbers only, so that it holds on every system.</summary>
internal sealed class WinsockErrorTests
{
    // Those of name resolution, and those that no call here gives.
    private static readonly SocketError[] NotOfSockets =
    [
        SocketError.SocketError, SocketError.Success, SocketError.HostNotFound, SocketError.TryAgain, SocketError.NoRecovery, SocketError.NoData,
        SocketError.TypeNotFound, SocketError.SystemNotReady, SocketError.VersionNotSupported, SocketError.NotInitialized,
    ];

    // What has no name of its own in errno(3): its nearest one is another's.
    private static readonly Dictionary<SocketError, SocketError> Nearest = new()
    {
        [SocketError.IOPending] = SocketError.InProgress,
        [SocketError.ProcessLimit] = SocketError.TooManyOpenSockets,
        [SocketError.Disconnecting] = SocketError.SocketError,
    };

    private static IEnumerable<SocketError> Known => Enum.GetValues<SocketError>().Except(NotOfSockets);

    [TestCaseSource(nameof(Known))]
    public void An_error_of_a_socket_has_a_name_that_means_the_same_to_System_Net(SocketError error) =>
        Assert.That(WinsockErrors.ToError((int)error).ToSocketError(), Is.EqualTo(Nearest.GetValueOrDefault(error, error)));

    [TestCase(10101, IvError.EndOfStream)]
    [TestCase(10067, IvError.EMFILE)]
    [TestCase(10009, IvError.EBADF)]
    [TestCase(6, IvError.EBADF)]
    [TestCase(64, IvError.ECONNRESET)]
    [TestCase(1225, IvError.ECONNREFUSED)]
    [TestCase(1231, IvError.ENETUNREACH)]
    [TestCase(4, IvError.EMFILE)]
    [TestCase(0, IvError.None)]
    public void An_error_of_Windows_that_Winsock_passes_on_has_a_name(int code, IvError expected) =>
        Assert.That(WinsockErrors.ToError(code), Is.EqualTo(expected));

    [Test]
    public void A_number_that_nobody_knows_is_an_error_and_never_would_block()
    {
        for (int code = 1; code < 12_000; code++)
        {
            IvError error = WinsockErrors.ToError(code);
            Assert.That(error, Is.Not.EqualTo(IvError.None), code.ToString());
            Assert.That(error == IvError.EAGAIN, Is.EqualTo(code == (int)SocketError.WouldBlock), code.ToString());
        }
    }
}
