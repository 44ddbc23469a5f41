using System.Net.Sockets;

namespace Ivy.Net.Tests.Errors;

/// <summary>The portable errors: names and numbers of errno(3), texts, and what System.Net calls them.</summary>
internal sealed class IvErrorTests
{
    [Test]
    public void Each_error_has_a_text_of_its_own()
    {
        string[] texts = [.. Enum.GetValues<IvError>().Select(error => error.Text())];
        Assert.That(texts, Is.Unique);
        Assert.That(texts, Has.None.Match("(?i)unknown"));
    }

    [TestCase(IvError.ECONNRESET, "ECONNRESET (104) Connection reset by peer")]
    [TestCase(IvError.None, "None (0) No error")]
    public void It_describes_itself_for_logs_and_searches(IvError error, string text) => Assert.That(error.Describe(), Is.EqualTo(text));

    [Test]
    public void A_number_without_a_name_is_carried_as_itself()
    {
        var unknown = (IvError)4095;
        Assert.That(unknown.Describe(), Does.StartWith("4095 (4095) "));
        Assert.That(unknown.ToSocketError(), Is.EqualTo(SocketError.SocketError));
        Assert.That(new IvException(unknown, "connect").NativeErrorCode, Is.EqualTo(OperatingSystem.IsWindows() ? 0 : 4095), "Winsock has none for it");
    }

    [Test]
    [Platform("Linux", Reason = "strerror(3)")]
    public void The_numbers_and_texts_are_those_of_this_system()
    {
        foreach (IvError error in Enum.GetValues<IvError>().Where(error => error is > IvError.None and < IvError.EndOfStream))
        {
            Assert.That(new System.ComponentModel.Win32Exception((int)error).Message, Is.EqualTo(error.Text()), error.ToString());
        }
    }

    [TestCase(IvError.EAGAIN, SocketError.WouldBlock)]
    [TestCase(IvError.ECONNREFUSED, SocketError.ConnectionRefused)]
    [TestCase(IvError.EADDRINUSE, SocketError.AddressAlreadyInUse)]
    [TestCase(IvError.ETIMEDOUT, SocketError.TimedOut)]
    [TestCase(IvError.EMFILE, SocketError.TooManyOpenSockets)]
    [TestCase(IvError.None, SocketError.Success)]
    public void It_has_its_name_in_System_Net(IvError error, SocketError expected) => Assert.That(error.ToSocketError(), Is.EqualTo(expected));

    [Test]
    public void An_exception_says_object_operation_error_and_advice_in_one_line()
    {
        var exception = new IvException(IvError.EMFILE, "accept", "listener 7", "Raise the limit");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(exception.Message, Is.EqualTo("listener 7: accept: EMFILE (24) Too many open files. Raise the limit"));
            Assert.That(exception.Error, Is.EqualTo(IvError.EMFILE));
            Assert.That(exception.NativeErrorCode, Is.EqualTo(OperatingSystem.IsWindows() ? 10024 : 24));
            Assert.That(exception.SocketErrorCode, Is.EqualTo(SocketError.TooManyOpenSockets));
            Assert.That(exception.Operation, Is.EqualTo("accept"));
            Assert.That(exception.Subject, Is.EqualTo("listener 7"));
            Assert.That(new IvException(IvError.EPIPE, "write").Message, Is.EqualTo("write: EPIPE (32) Broken pipe"));
            Assert.That(new IvException(IvError.Disposed, "write").NativeErrorCode, Is.Zero);
        }
    }

    [Test]
    public void A_result_is_exactly_one_of_bytes_would_block_end_and_error()
    {
        (IvIoResult Result, string Text)[] results =
        [
            (IvIoResult.Ok(64), "64 bytes"), (IvIoResult.Ok(0), "0 bytes"), (IvIoResult.Blocked, "would block"), (IvIoResult.End, "end of stream"),
            (IvIoResult.Failed(IvError.EPIPE), "EPIPE (32) Broken pipe"), (IvIoResult.Failed(IvError.EAGAIN), "would block"), (default, "0 bytes"),
        ];
        foreach ((IvIoResult result, string text) in results)
        {
            bool[] kinds = [result.IsOk, result.WouldBlock, result.IsEnd, result.IsError];
            Assert.That(kinds.Count(kind => kind), Is.EqualTo(1), text);
            Assert.That(result.ToString(), Is.EqualTo(text));
            Assert.That(result.Bytes == 0 || result.IsOk, Is.True);
        }

        Assert.That(System.Runtime.CompilerServices.Unsafe.SizeOf<IvIoResult>(), Is.EqualTo(8));
    }
}
