using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Ivy.Net.Interop.Bsd;
using Ivy.Net.Polling;

namespace Ivy.Net.Tests.Polling;

/// <summary>What the kernels of 64-bit macOS and FreeBSD lay out, and number, whatever this one is.</summary>
internal sealed class KqueueLayoutTests
{
    [TestCase(nameof(KqueueEvent.Ident), 0)]
    [TestCase(nameof(KqueueEvent.Filter), 8)]
    [TestCase(nameof(KqueueEvent.Flags), 10)]
    [TestCase(nameof(KqueueEvent.FilterFlags), 12)]
    [TestCase(nameof(KqueueEvent.Data), 16)]
    [TestCase(nameof(KqueueEvent.UserData), 24)]
    public void A_field_of_struct_kevent_is_where_macOS_has_it(string field, int offset) =>
        Assert.That((int)Marshal.OffsetOf<KqueueEvent>(field), Is.EqualTo(offset));

    [Test]
    public void Struct_kevent_has_32_bytes_on_macOS_and_64_on_FreeBSD_which_begin_alike()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Unsafe.SizeOf<KqueueEvent>(), Is.EqualTo(32));
            Assert.That(Unsafe.SizeOf<FreeBsdKqueueEvent>(), Is.EqualTo(64));
            Assert.That((int)Marshal.OffsetOf<FreeBsdKqueueEvent>(nameof(FreeBsdKqueueEvent.Event)), Is.Zero);
            Assert.That((int)Marshal.OffsetOf<FreeBsdKqueueEvent>(nameof(FreeBsdKqueueEvent.Extension0)), Is.EqualTo(32));
            Assert.That((int)Marshal.OffsetOf<FreeBsdKqueueEvent>(nameof(FreeBsdKqueueEvent.Extension3)), Is.EqualTo(56));
        }
    }

    [Test]
    public void Struct_timespec_is_two_words()
    {
        Assert.That(Unsafe.SizeOf<BsdTimeSpec>(), Is.EqualTo(16));
        Assert.That((int)Marshal.OffsetOf<BsdTimeSpec>(nameof(BsdTimeSpec.Nanoseconds)), Is.EqualTo(8));
    }

    [Test]
    public void A_time_of_the_kernel_has_less_than_a_second_of_nanoseconds_and_is_never_shorter_than_it_was_asked_to_be()
    {
        // All milliseconds of ten seconds, and what lies around them.
        for (int milliseconds = 0; milliseconds <= 10_000; milliseconds++)
        {
            foreach (long about in (ReadOnlySpan<long>)[-1, 0, 1, 999_999])
            {
                long nanoseconds = Math.Max((milliseconds * 1_000_000L) + about, 0);
                BsdTimeSpec time = BsdTimeSpec.Of(nanoseconds);
                Assert.That((time.Seconds * 1_000_000_000L) + time.Nanoseconds, Is.EqualTo(nanoseconds));
                Assert.That(time.Nanoseconds, Is.InRange((nint)0, (nint)999_999_999));
            }
        }
    }

    [Test]
    public void What_goes_into_the_layout_of_FreeBSD_comes_out_of_it()
    {
        KqueueEvent[] events = [.. Enumerable.Range(1, 20).Select(i => new KqueueEvent
        {
            Ident = (nuint)i,
            Filter = KqueueNumbers.EVFILT_WRITE,
            Flags = KqueueNumbers.EV_EOF,
            FilterFlags = uint.MaxValue,
            Data = long.MinValue + i,
            UserData = ulong.MaxValue - (ulong)i,
        })];
        var wide = new FreeBsdKqueueEvent[events.Length];
        FreeBsdKqueue.Widen(events, wide);
        Assert.That(wide, Has.All.Matches<FreeBsdKqueueEvent>(static item => (item.Extension0 | item.Extension1 | item.Extension2 | item.Extension3) == 0));
        var narrow = new KqueueEvent[events.Length];
        FreeBsdKqueue.Narrow(wide, narrow);
        Assert.That(narrow, Is.EqualTo(events));
    }

    [Test]
    public void The_filter_of_user_events_has_another_number_on_each_system()
    {
        Assert.That(KqueueDialect.Darwin.UserFilter, Is.EqualTo(-10));
        Assert.That(KqueueDialect.FreeBsd.UserFilter, Is.EqualTo(-11));
        Assert.That(KqueueDialect.Darwin.UrgentFilter, Is.EqualTo(-15));
    }

    [TestCase(4, IvError.EINTR, IvError.EINTR)]
    [TestCase(9, IvError.EBADF, IvError.EBADF)]
    [TestCase(11, IvError.EDEADLK, IvError.EDEADLK)]
    [TestCase(32, IvError.EPIPE, IvError.EPIPE)]
    [TestCase(35, IvError.EAGAIN, IvError.EAGAIN)]
    [TestCase(36, IvError.EINPROGRESS, IvError.EINPROGRESS)]
    [TestCase(45, IvError.EOPNOTSUPP, IvError.EOPNOTSUPP)]
    [TestCase(48, IvError.EADDRINUSE, IvError.EADDRINUSE)]
    [TestCase(54, IvError.ECONNRESET, IvError.ECONNRESET)]
    [TestCase(57, IvError.ENOTCONN, IvError.ENOTCONN)]
    [TestCase(60, IvError.ETIMEDOUT, IvError.ETIMEDOUT)]
    [TestCase(61, IvError.ECONNREFUSED, IvError.ECONNREFUSED)]
    [TestCase(65, IvError.EHOSTUNREACH, IvError.EHOSTUNREACH)]
    [TestCase(70, IvError.ESTALE, IvError.ESTALE)]
    [TestCase(78, IvError.ENOSYS, IvError.ENOSYS)]
    [TestCase(85, IvError.EIO, IvError.ECANCELED)]
    [TestCase(89, IvError.ECANCELED, IvError.EBADMSG)]
    [TestCase(93, IvError.EIO, IvError.EBADF)]
    [TestCase(102, IvError.EOPNOTSUPP, IvError.EIO)]
    public void An_errno_of_BSD_is_the_portable_error_of_its_name(int errno, IvError onDarwin, IvError onFreeBsd)
    {
        Assert.That(KqueueDialect.Darwin.ToError(errno), Is.EqualTo(onDarwin));
        Assert.That(KqueueDialect.FreeBsd.ToError(errno), Is.EqualTo(onFreeBsd));
    }

    [Test]
    public void Without_a_kqueue_in_the_kernel_the_method_says_where_there_is_one()
    {
        if (OperatingSystem.IsMacOS() || OperatingSystem.IsFreeBSD())
        {
            Assert.Ignore("this kernel has one");
        }

        IvException? refused = Assert.Throws<IvException>(static () => IvPollMethod.Kqueue.Create().Dispose());
        Assert.That(refused!.Error, Is.EqualTo(IvError.ENOSYS));
        Assert.That(refused.Message, Does.Contain("macOS and FreeBSD").And.Not.Contain("\n"));
    }
}
