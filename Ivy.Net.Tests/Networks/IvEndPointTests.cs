using System.Net;
using System.Net.Sockets;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Networks;

[TestFixture]
public sealed class IvEndPointTests
{
    [TestCase("1.2.3.4:80", "1.2.3.4:80")]
    [TestCase("0.0.0.0:1", "0.0.0.0:1")]
    [TestCase("255.255.255.255:65535", "255.255.255.255:65535")]
    [TestCase("[::1]:80", "[::1]:80")]
    [TestCase("[::]:80", "[::]:80")]
    [TestCase("[1::]:80", "[1::]:80")]
    [TestCase("[1:2:3:4:5:6:7:8]:80", "[1:2:3:4:5:6:7:8]:80")]
    [TestCase("[1:2:3:4:5:6:7::]:80", "[1:2:3:4:5:6:7:0]:80")]
    [TestCase("[::2:3:4:5:6:7:8]:80", "[0:2:3:4:5:6:7:8]:80")]
    [TestCase("[FFFF::AbCd]:80", "[ffff::abcd]:80")]
    [TestCase("[0001::0002]:80", "[1::2]:80")]
    [TestCase("[::ffff:1.2.3.4]:80", "[::ffff:1.2.3.4]:80")]
    [TestCase("[64:ff9b::1.2.3.4]:80", "[64:ff9b::102:304]:80")]
    [TestCase("[fe80::1%1]:80", "[fe80::1%1]:80")]
    [TestCase("[fe80::1%4294967295]:80", "[fe80::1%4294967295]:80")]
    [TestCase("[fe80::1%lo]:80", "[fe80::1%1]:80", IncludePlatform = "Linux")]
    [TestCase("unix:/run/x.sock", "unix:/run/x.sock")]
    [TestCase("unix:/run/ä b:c.sock", "unix:/run/ä b:c.sock")]
    [TestCase("unix:@name", "unix:@name")]
    public void A_good_text_is_read_and_written_in_one_form(string text, string canonical)
    {
        RequireUnix(text);
        EndPoint endPoint = IvEndPoint.Parse(text);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(IvEndPoint.Format(endPoint), Is.EqualTo(canonical));
            Assert.That(IvEndPoint.TryParse(text, out EndPoint? same), Is.True);
            Assert.That(same, Is.EqualTo(endPoint));
        }
    }

    [TestCase("")]
    [TestCase(" ")]
    [TestCase(":80")]
    [TestCase("1.2.3.4")]
    [TestCase("1.2.3.4:")]
    [TestCase("1.2.3.4:0")]
    [TestCase("1.2.3.4:-1")]
    [TestCase("1.2.3.4:+1")]
    [TestCase("1.2.3.4:65536")]
    [TestCase("1.2.3.4:080")]
    [TestCase("1.2.3.4: 80")]
    [TestCase("1.2.3.4:80 ")]
    [TestCase(" 1.2.3.4:80")]
    [TestCase("1.2.3.4:99999999999999999999")]
    [TestCase("1.2.3.4:٨٠")]
    [TestCase("1:80")]
    [TestCase("1.2.3:80")]
    [TestCase("1.2.3.4.5:80")]
    [TestCase("1..3.4:80")]
    [TestCase("1.2.3.:80")]
    [TestCase("256.0.0.0:80")]
    [TestCase("01.2.3.4:80")]
    [TestCase("1.2.3.010:80")]
    [TestCase("0x7f.1:80")]
    [TestCase("0x7f000001:80")]
    [TestCase("2130706433:80")]
    [TestCase("localhost:80")]
    [TestCase("*:80")]
    [TestCase("1.2.3.4/24:80")]
    [TestCase("[1.2.3.4]:80")]
    [TestCase("::1")]
    [TestCase("[::1]")]
    [TestCase("[]")]
    [TestCase("[]:80")]
    [TestCase("[:]:80")]
    [TestCase("[::1:80")]
    [TestCase("[::1]80")]
    [TestCase("[::1]:")]
    [TestCase("[::1]:0")]
    [TestCase("[ffff::1]:65599")]
    [TestCase("[::1]:80:80")]
    [TestCase("[[::1]]:80")]
    [TestCase("[:::1]:80")]
    [TestCase("[1::2::3]:80")]
    [TestCase("[1:2:3:4:5:6:7]:80")]
    [TestCase("[1:2:3:4:5:6:7:8:9]:80")]
    [TestCase("[1:2:3:4:5:6:7:8::]:80")]
    [TestCase("[::1:2:3:4:5:6:7:8]:80")]
    [TestCase("[1:2:3:4::5:6:7:8]:80")]
    [TestCase("[fffff::]:80")]
    [TestCase("[g::]:80")]
    [TestCase("[:1::]:80")]
    [TestCase("[1::2:]:80")]
    [TestCase("[::1.0.1.1000]:80")]
    [TestCase("[::1.2.3]:80")]
    [TestCase("[1.2.3.4::]:80")]
    [TestCase("[1:2:3:4:5:6:7:1.2.3.4]:80")]
    [TestCase("[::ffff:01.2.3.4]:80")]
    [TestCase("[ ::1]:80")]
    [TestCase("[::1%]:80")]
    [TestCase("[::1%0]:80")]
    [TestCase("[::1%01]:80")]
    [TestCase("[::1%4294967296]:80")]
    [TestCase("[::1%nosuchinterf]:80")]
    [TestCase("[::1%lo%lo]:80")]
    [TestCase("[::1%lo/..]:80")]
    [TestCase("[%1]:80")]
    [TestCase("unix:")]
    [TestCase("unix:/")]
    [TestCase("unix:@")]
    [TestCase("unix:run/x.sock")]
    [TestCase("unix:/run/\0/x")]
    [TestCase("UNIX:/run/x.sock")]
    [TestCase("/run/x.sock")]
    public void A_bad_text_is_refused(string text)
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(IvEndPoint.TryParse(text, out EndPoint? endPoint), Is.False);
            Assert.That(endPoint, Is.Null);
            Assert.That(() => IvEndPoint.Parse(text), Throws.TypeOf<FormatException>());
        }
    }

    [TestCase("1.2.3.4", "1.2.3.4:53")]
    [TestCase("1.2.3.4:80", "1.2.3.4:80")]
    [TestCase("::1", "[::1]:53")]
    [TestCase("[::1]", "[::1]:53")]
    [TestCase("::", "[::]:53")]
    [TestCase("1::2", "[1::2]:53")]
    [TestCase("fe80::1%lo", "[fe80::1%1]:53", IncludePlatform = "Linux")]
    [TestCase("unix:/x", "unix:/x")]
    public void A_text_without_a_port_gets_the_default_port(string text, string canonical)
    {
        RequireUnix(text);
        Assert.That(IvEndPoint.Format(IvEndPoint.Parse(text, 53)), Is.EqualTo(canonical));
    }

    [TestCase("1.2.3.4:", "a port")]
    [TestCase("1.2.3.4:0", "port 0 is for listening")]
    [TestCase("1.2.3.4", "the port is missing")]
    [TestCase("1.2.3.4.5:6", "an IPv4 address")]
    [TestCase(":80", "the host is missing")]
    [TestCase("[::1", "the bracket is not closed")]
    [TestCase("[::1]x", "after the bracket")]
    [TestCase("[::1::]:1", "an IPv6 address")]
    [TestCase("[::1%nope]:1", "a scope")]
    [TestCase("unix:x", "an absolute path")]
    [TestCase("", "it is empty")]
    public void The_exception_says_which_part_is_wrong_and_shows_good_forms(string text, string part) =>
        Assert.That(
            () => IvEndPoint.Parse(text),
            Throws.TypeOf<FormatException>().With.Message.Contains(part).And.Message.Contains("[::1]:80"));

    [Test]
    public void Port_0_is_taken_for_listening_only()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(IvEndPoint.TryParse("127.0.0.1:0", 0, out _), Is.False);
            Assert.That(IvEndPoint.TryParse("127.0.0.1:0", 0, out EndPoint? one, allowPortZero: true), Is.True);
            Assert.That(one, Is.EqualTo(new IPEndPoint(IPAddress.Loopback, 0)));
            Assert.That(IvEndPoint.TryParse("::", 0, out EndPoint? two, allowPortZero: true), Is.True);
            Assert.That(two, Is.EqualTo(new IPEndPoint(IPAddress.IPv6Any, 0)));
        }
    }

    [TestCase(-1)]
    [TestCase(65536)]
    public void A_default_port_out_of_range_is_a_bad_argument(int port)
    {
        Assert.That(() => IvEndPoint.TryParse("1.2.3.4", port, out _), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => IvEndPoint.Parse("1.2.3.4", port), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void A_unix_path_has_up_to_107_bytes()
    {
        string longest = "unix:/" + new string('a', 106);
        RequireUnix(longest);
        string abstractName = "unix:@" + new string('a', 107);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(IvEndPoint.TryParse(longest, out _), Is.True);
            Assert.That(IvEndPoint.TryParse(longest + "a", out _), Is.False);
            Assert.That(IvEndPoint.TryParse(longest[..^1] + "ä", out _), Is.False, "bytes count, not letters");
            Assert.That(IvEndPoint.TryParse(abstractName, out _), Is.True);
            Assert.That(IvEndPoint.TryParse(abstractName + "a", out _), Is.False);
            Assert.That(() => IvEndPoint.Parse(longest + "a"), Throws.TypeOf<FormatException>().With.Message.Contains("107 bytes"));
        }
    }

    // CVE-2016-10196: a length that did not fit wrote over the stack.
    [Test]
    public void Text_of_any_length_is_refused_without_allocating()
    {
        string[] hostile =
        [
            "[" + new string('1', 129) + "]:80",
            "[" + new string('1', 1_000_000) + "]",
            "[" + new string(':', 1_000_000),
            new string('.', 1_000_000),
            new string('[', 1_000_000),
            "1.2.3.4:" + new string('1', 1_000_000),
            "[::1%" + new string('l', 1_000_000) + "]:80",
            "unix:/" + new string('x', 1_000_000),
            "unix:@" + new string('x', 1_000_000),
        ];
        bool any = false;
        foreach (string text in hostile)
        {
            any |= IvEndPoint.TryParse(text, out _);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        foreach (string text in hostile)
        {
            any |= IvEndPoint.TryParse(text, out _);
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(any, Is.False);
            Assert.That(allocated, Is.Zero);
            Assert.That(() => IvEndPoint.Parse(hostile[1]), Throws.TypeOf<FormatException>().With.Message.Length.LessThan(400));
        }
    }

    [Test]
    public void Null_is_a_bad_argument()
    {
        Assert.That(() => IvEndPoint.Parse(null!), Throws.ArgumentNullException);
        Assert.That(() => IvEndPoint.Format(null!), Throws.ArgumentNullException);
    }

    // The runtime's numbers may.
    [Test]
    public void No_number_ends_with_a_NUL() =>
        Assert.That(
            new[] { "[::1\0]:80", "[8::e:0e\0]:80", "[fe80::1%1\0]:80", "[::1]:80\0", "1.2.3.4\0:80", "1.2.3.4:80\0" },
            Has.None.Matches<string>(static text => IvEndPoint.TryParse(text, out _)));

    [Test]
    public void What_Format_writes_Parse_reads() =>
        Prop.ForAll(EndPoints().ToArbitrary(), static endPoint => IvEndPoint.Parse(IvEndPoint.Format(endPoint)).Equals(endPoint))
            .QuickCheckThrowOnFailure();

    [Test]
    public void No_text_makes_TryParse_throw() =>
        Prop.ForAll(Garbage().ToArbitrary(), static text =>
        {
            bool good = IvEndPoint.TryParse(text, 80, out EndPoint? endPoint, allowPortZero: true);
            return good ? IvEndPoint.Parse(IvEndPoint.Format(endPoint!), 0, allowPortZero: true).Equals(endPoint) : endPoint is null;
        }).QuickCheckThrowOnFailure();

    // What our own reading of IPv6 takes must be what the runtime takes it for.
    [Test]
    public void The_runtime_agrees_on_every_address_that_is_taken() =>
        Prop.ForAll(Garbage().ToArbitrary(), static text =>
            !IvEndPoint.TryParse($"[{text}]:80", out EndPoint? endPoint)
            || (IPEndPoint.TryParse($"[{text}]:80", out IPEndPoint? runtimes) && runtimes.Equals(endPoint)))
            .QuickCheckThrowOnFailure();

    private static void RequireUnix(string text)
    {
        if (text.StartsWith("unix:", StringComparison.Ordinal))
        {
            WineQuirks.SkipIf(WineQuirks.NoUnixSockets);
        }
    }

    private static Gen<EndPoint> EndPoints()
    {
        Gen<int> port = Gen.Choose(1, 65535);
        Gen<EndPoint> v4 = from bytes in Gen.Choose(0, 255).ArrayOf(4)
                           from p in port
                           select (EndPoint)new IPEndPoint(new IPAddress(Array.ConvertAll(bytes, static b => (byte)b)), p);
        Gen<EndPoint> v6 = from bytes in Gen.OneOf(Gen.Constant(0), Gen.Choose(0, 255)).ArrayOf(16)
                           from scope in Gen.OneOf(Gen.Constant(0), Gen.Choose(1, int.MaxValue))
                           from p in port
                           select (EndPoint)new IPEndPoint(new IPAddress(Array.ConvertAll(bytes, static b => (byte)b), scope), p);
        Gen<EndPoint> path = from letters in Gen.Elements("abcXYZ019 .:@%[]/ä€".ToCharArray()).ArrayOf()
                             from isAbstract in Gen.Elements(true, false)
                             let name = new string(letters)
                             where name.Length > 0 && Encoding.UTF8.GetByteCount(name) < 107
                             select (EndPoint)new UnixDomainSocketEndPoint((isAbstract ? "\0" : "/") + name);
        return Socket.OSSupportsUnixDomainSockets ? Gen.OneOf(v4, v6, path) : Gen.OneOf(v4, v6);
    }

    // Mostly of the letters that the grammar knows, so that near misses are common.
    private static Gen<string> Garbage()
    {
        Gen<string> near = Gen.Elements("0123456789abcdefF:::..[]%@/x -+\0".ToCharArray()).ArrayOf().Select(static letters => new string(letters));
        Gen<string> far = ArbMap.Default.GeneratorFor<string>().Select(static text => text ?? string.Empty);
        Gen<string> pieces = Gen.Elements("[", "]", ":", "::", "1.2.3.4", "ffff", "0", "80", "%lo", "%1", "unix:", "/", "@", "256", "::1")
            .ArrayOf().Select(string.Concat);
        return Gen.OneOf(near, far, pieces);
    }
}
