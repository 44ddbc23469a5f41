using FsCheck;
using FsCheck.Fluent;

namespace Ivy.Net.Tests.Conformance;

/// <summary>Random programs of register, unregister, set handler, post, quit, close, duplicate, write and read, on every backend.</summary>
[TestFixtureSource(typeof(ConformanceBackend), nameof(ConformanceBackend.All))]
internal sealed class LoopModelTests(ConformanceBackend backend)
{
    [Test]
    public void Random_programs_call_whom_the_rules_say() => Check(programs: 400, length: 120);

    [Test]
    [Explicit("minutes")]
    [Category("Stress")]
    public void Many_long_random_programs_call_whom_the_rules_say() => Check(programs: 20_000, length: 400);

    // What long runs have found.
    [TestCase(38504, 34730, 49714, 48139, 15883, 13581, 0, 14378, 57970, 23622, 64098)]
    public void Programs_that_once_failed_hold(params int[] program) => Assert.That(LoopModel.Run(backend, program), Is.Null);

    private void Check(int programs, int length)
    {
        Gen<int[]> program = from size in Gen.Choose(1, length)
                             from codes in Gen.Choose(0, 0xFFFF).ArrayOf(size)
                             select codes;
        Arbitrary<int[]> arbitrary = Arb.From(program, ArbMap.Default.ArbFor<int[]>().Shrinker);
        Prop.ForAll(arbitrary, codes =>
        {
            string? failure = LoopModel.Run(backend, codes);
            return (failure is null).Label(failure ?? string.Empty);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(programs));
    }
}
