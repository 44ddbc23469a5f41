using FsCheck;
using FsCheck.Fluent;

namespace Ivy.Net.Tests.Polling;

/// <summary>Arithmetic saturates, as if it were done in 128 bits and cut at the end.</summary>
internal sealed class IvTimestampTests
{
    private static readonly Gen<long> AnyLong = Gen.OneOf(
        Gen.Elements(long.MinValue, long.MinValue + 1, long.MinValue / 100, -1, 0, 1, long.MaxValue / 100, (long.MaxValue / 100) + 1, long.MaxValue - 1, long.MaxValue),
        from high in Gen.Choose(int.MinValue, int.MaxValue)
        from low in Gen.Choose(int.MinValue, int.MaxValue)
        from shift in Gen.Choose(0, 63)
        select (((long)high << 32) ^ low) >> shift);

    private static readonly Arbitrary<(long A, long B)> Pairs = (from a in AnyLong from b in AnyLong select (a, b)).ToArbitrary();

    [Test]
    public void Adding_and_subtracting_a_span_is_exact_or_saturates() => Check(pair =>
    {
        var time = new IvTimestamp(pair.A);
        var span = new TimeSpan(pair.B);
        return (time + span).Nanoseconds == Cut((Int128)pair.A + ((Int128)pair.B * 100))
            && (time - span).Nanoseconds == Cut((Int128)pair.A - ((Int128)pair.B * 100));
    });

    [Test]
    public void Adding_nanoseconds_is_exact_or_saturates() =>
        Check(pair => new IvTimestamp(pair.A).AddNanoseconds(pair.B).Nanoseconds == Cut((Int128)pair.A + pair.B));

    [Test]
    public void The_span_between_two_is_cut_to_ticks() =>
        Check(pair => (new IvTimestamp(pair.A) - new IvTimestamp(pair.B)).Ticks == (long)(((Int128)pair.A - pair.B) / 100));

    [Test]
    public void Comparisons_are_those_of_the_nanoseconds() => Check(pair =>
    {
        var a = new IvTimestamp(pair.A);
        var b = new IvTimestamp(pair.B);
        return a < b == pair.A < pair.B && a > b == pair.A > pair.B && a <= b == pair.A <= pair.B && a >= b == pair.A >= pair.B
            && a == b == (pair.A == pair.B) && a.CompareTo(b) == pair.A.CompareTo(pair.B);
    });

    [Test]
    public void The_span_of_all_spans_ends_at_never_from_any_time() => Check(pair =>
        new IvTimestamp(pair.A) + TimeSpan.MaxValue == IvTimestamp.MaxValue && new IvTimestamp(pair.A) - TimeSpan.MaxValue == IvTimestamp.MinValue);

    [TestCase(0, "0.000000000s")]
    [TestCase(4_711_000_000_250, "4711.000000250s")]
    [TestCase(-1, "-0.000000001s")]
    [TestCase(long.MaxValue, "never")]
    [TestCase(long.MinValue, "always")]
    [TestCase(long.MaxValue - 1, "9223372036.854775806s")]
    public void It_reads_as_seconds(long nanoseconds, string text) => Assert.That(new IvTimestamp(nanoseconds).ToString(), Is.EqualTo(text));

    [Test]
    public void The_systems_clock_does_not_go_back()
    {
        IvTimestamp last = IvTimestamp.System;
        for (int i = 0; i < 100_000; i++)
        {
            IvTimestamp now = IvTimestamp.System;
            Assert.That(now >= last, Is.True);
            last = now;
        }
    }

    private static void Check(Func<(long A, long B), bool> property) =>
        Prop.ForAll(Pairs, property).Check(Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(2000));

    private static long Cut(Int128 value) => value > long.MaxValue ? long.MaxValue : value < long.MinValue ? long.MinValue : (long)value;
}
