using FsCheck;
using FsCheck.Fluent;
using Ivy.Net.Interop.Linux;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Fds;

/// <summary>
/// Splice against copy: whatever is written, read and refused in whatever pieces, on each way the same bytes come out, then the end, the
/// bands keep their rules, and a loop that goes by them neither hangs nor spins.
/// </summary>
[Platform("Linux", Reason = "splice(2)")]
[NonParallelizable] // refuses the process's system calls
internal sealed class PumpEquivalenceTests
{
    // Calls in a row that may do nothing although a band that was asked for is ready: one finds that the pipe is full.
    private const int MostIdleCalls = 1;

    private enum Step
    {
        WriteLittle,
        WriteMuch,
        ReadLittle,
        ReadMuch,
        Run,
    }

    [Test]
    [Category("M1")]
    public void Any_sequence_of_steps_brings_the_same_bytes_on_each_way()
    {
        Gen<Step[]> steps = Gen.Frequency((2, Gen.Constant(Step.Run)), (3, Gen.Elements(Enum.GetValues<Step>()))).ArrayOf(60);
        Prop.ForAll(steps.ToArbitrary(), static script =>
        {
            foreach (PumpWay way in Enum.GetValues<PumpWay>())
            {
                using var rig = new PumpRig(way);
                Follow(rig, script, mayIdle: false);
            }
        }).Check(Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(60));
    }

    [Test]
    [Category("M1")]
    public void Calls_that_are_short_interrupted_or_would_block_at_random_lose_nothing_on_any_way()
    {
        long injected = 0;
        long shortened = 0;
        Gen<(Step[] Script, int Seed)> cases =
            from steps in Gen.Elements(Enum.GetValues<Step>()).ArrayOf(60)
            from seed in Gen.Choose(0, 1 << 30)
            select (steps, seed);
        Prop.ForAll(cases.ToArbitrary(), item =>
        {
            foreach (PumpWay way in Enum.GetValues<PumpWay>())
            {
                var random = new Random(item.Seed);
                bool isOn = true;
                using var rig = new PumpRig(
                    way,
                    faults: (call, _) => !isOn || call is not (SysCall.Splice or SysCall.Recv or SysCall.Send or SysCall.Read or SysCall.Ppoll) ? IvError.None : random.Next(8) switch
                    {
                        0 => IvError.EINTR,

                        // A read of the pump's own pipe never blocks: it is asked for what is in there.
                        1 when call is SysCall.Splice or SysCall.Recv or SysCall.Send => IvError.EAGAIN,
                        _ => IvError.None,
                    },
                    shortens: (call, length) =>
                    {
                        if (!isOn || length < 2 || random.Next(3) != 0)
                        {
                            return length;
                        }

                        shortened++;
                        return (nuint)random.Next(1, (int)length);
                    });
                Follow(rig, item.Script, mayIdle: true, () => isOn = false);
                injected += rig.Faults.Injected;
            }
        }).Check(Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(60));
        Assert.That(injected, Is.Positive, "the faults have to happen, or the test shows nothing");
        Assert.That(shortened, Is.Positive);
    }

    private static void Follow(PumpRig rig, Step[] script, bool mayIdle, Action? endFaults = null)
    {
        int written = 0;
        int idle = 0;
        foreach (Step step in script)
        {
            switch (step)
            {
                case Step.WriteLittle:
                    written += rig.Write(777, written);
                    break;
                case Step.WriteMuch:
                    written += rig.Write(100_000, written);
                    break;
                case Step.ReadLittle:
                    rig.Read(1000);
                    break;
                case Step.ReadMuch:
                    rig.Read(200_000);
                    break;
                default:
                    Run(rig, ref idle, mayIdle);
                    break;
            }
        }

        endFaults?.Invoke();
        rig.Source.Dispose();
        Assert.That(rig.Finish(), Is.EqualTo(IvPumpStatus.Done));
        rig.AssertReceived(written);
        Assert.That(rig.Read().IsEnd, Is.True);
        for (int i = 1; i < rig.Bands.Count; i++)
        {
            Assert.That(rig.Bands[i], Is.Not.EqualTo(rig.Bands[i - 1]), "told only when it changes");
        }
    }

    private static void Run(PumpRig rig, ref int idle, bool mayIdle)
    {
        if (!rig.IsReady)
        {
            return;
        }

        (long In, long Out, int Bands) before = (rig.Pump.BytesIn, rig.Pump.BytesOut, rig.Bands.Count);
        Assert.That(rig.Pump.Pump(), Is.EqualTo(IvPumpStatus.More));
        idle = (rig.Pump.BytesIn, rig.Pump.BytesOut, rig.Bands.Count) == before ? idle + 1 : 0;
        Assert.That(idle, Is.LessThanOrEqualTo(MostIdleCalls).Or.GreaterThan(mayIdle ? 0 : int.MaxValue), "a loop would spin");
        Assert.That(rig.Bands[^1].Out, Is.EqualTo(rig.Pump.BytesInHand > 0), "writing is wanted if and only if something is in hand");
        Assert.That(rig.Bands[^1] is { In: false, Out: false }, Is.False, "or it would never be called again");
    }
}
