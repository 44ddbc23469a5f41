using FsCheck;
using FsCheck.Fluent;
using Ivy.Net.Polling;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Polling;

/// <summary>Random programs of Add, Remove, changes, closes, writes and reads: the poller reports what poll(2) says, and leaves no knote behind.</summary>
[TestFixtureSource(nameof(Systems))]
[NonParallelizable]
[Platform("Linux")]
internal sealed class KqueueRandomTests(KqueueQuirks quirks)
{
    private const int Slots = 4;

    // No report is cut in two: each slot has two events.
    private const int Room = 2 * Slots;

    private static readonly IvBands[] Wants =
    [
        IvBands.None, IvBands.In, IvBands.Out, IvBands.In | IvBands.Out, IvBands.Hangup, IvBands.Err, IvBands.Out | IvBands.Hangup, IvBands.In | IvBands.Err,
    ];

    public static IEnumerable<KqueueQuirks> Systems => [KqueueQuirks.Darwin, KqueueQuirks.FreeBsd];

    [Test]
    public void Random_programs_are_told_what_poll_would_say()
    {
        Gen<int[]> program = from size in Gen.Choose(1, 60)
                             from codes in Gen.Choose(0, 0xFFFF).ArrayOf(size)
                             select codes;
        Prop.ForAll(Arb.From(program, ArbMap.Default.ArbFor<int[]>().Shrinker), codes =>
        {
            string? failure = Run(codes);
            return (failure is null).Label(failure ?? string.Empty);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));
    }

    private string? Run(int[] codes)
    {
        using var rig = new KqueueRig(quirks);
        var slots = new Slot[Slots];
        ulong token = 0;
        for (int i = 0; i < Slots; i++)
        {
            slots[i] = new Slot();
            Open(rig, slots[i]);
        }

        string script = string.Empty;
        foreach (int raw in codes)
        {
            int code = raw & 0xFFFF;
            Slot slot = slots[code / 8 % Slots];
            IvBands want = Wants[code / 8 / Slots % Wants.Length];
            script += $"{(Step)(code % 8)} {code / 8 % Slots} {want}\n";
            switch ((Step)(code % 8))
            {
                case Step.Add when slot.Token == 0:
                    slot.Token = ++token;
                    slot.Want = want;
                    rig.Add(slot.Near, want, slot.Token);
                    break;

                case Step.Change when slot.Token != 0:
                    slot.Next = want;
                    break;

                case Step.Remove when slot.Token != 0:
                    rig.Poller.Remove(slot.Near, slot.Token);
                    slot.Token = 0;
                    slot.Next = null;
                    break;

                case Step.Write when slot.Far >= 0:
                    IvNetwork.System.Write(slot.Far, [1]);
                    break;

                case Step.Read:
                    IvNetwork.System.Read(slot.Near, new byte[64]);
                    break;

                case Step.Shut when slot.Far >= 0:
                    IvNetwork.System.Shutdown(slot.Far, System.Net.Sockets.SocketShutdown.Send);
                    break;

                case Step.CloseFar when slot.Far >= 0:
                    rig.Close(slot.Far);
                    slot.Far = -1;
                    break;

                case Step.Reopen:
                    // Unregistered or not, as bad programs do; the number goes to somebody else.
                    rig.Close(slot.Near);
                    if (slot.Far >= 0)
                    {
                        rig.Close(slot.Far);
                    }

                    rig.Poller.Remove(slot.Near, slot.Token);
                    slot.Token = 0;
                    slot.Next = null;
                    Open(rig, slot);
                    break;
            }

            if (Verify(rig, slots) is { } failure)
            {
                return $"{failure}\non {quirks}, by\n{script}";
            }
        }

        foreach (Slot slot in slots)
        {
            rig.Poller.Remove(slot.Near, slot.Token);
        }

        return rig.Queue.Knotes == 1 ? null : $"{rig.Queue.Knotes - 1} knotes are left\non {quirks}, by\n{script}";
    }

    private static void Open(KqueueRig rig, Slot slot)
    {
        (slot.Near, slot.Far) = rig.Sockets();
        IvNetwork.System.SetBlocking(slot.Near, blocking: false);
        IvNetwork.System.SetBlocking(slot.Far, blocking: false);
    }

    // Two waits: what a first one has to ask about is settled in the second.
    private static string? Verify(KqueueRig rig, Slot[] slots)
    {
        var ready = new IvReady[Room];
        List<IvChange> changes = [];
        foreach (Slot slot in slots)
        {
            if (slot.Next is { } next)
            {
                changes.Add(new IvChange(slot.Near, slot.Token, slot.Want, next));
                slot.Want = next;
                slot.Next = null;
            }
        }

        rig.Poller.Wait(changes.ToArray(), IvTimestamp.MinValue, ready);
        int count = rig.Poller.Wait([], IvTimestamp.MinValue, ready);
        Dictionary<ulong, IvBands> reported = ready.Take(count).ToDictionary(static item => item.Token, static item => item.Error == IvError.None ? item.Bands : IvBands.None);
        foreach (Slot slot in slots)
        {
            if (slot.Token == 0)
            {
                continue;
            }

            IvBands expected = slot.Want == IvBands.None ? IvBands.None : Bands(ModelCalls.Poll((int)slot.Near)) & (slot.Want | IvBands.Err | IvBands.Closed);
            IvBands actual = reported.GetValueOrDefault(slot.Token);
            reported.Remove(slot.Token);

            // Closed is told to who wants Err; others hear of both ends by the bands that they want.
            IvBands compared = (slot.Want & IvBands.Err) != 0 ? (IvBands)~0 : ~IvBands.Closed;
            if ((expected & compared) != (actual & compared))
            {
                return $"wants {slot.Want}: poll says {expected}, the poller {actual}";
            }
        }

        return reported.Count == 0 ? null : $"{reported.Count} reports of nobody";
    }

    private static IvBands Bands(int events) =>
        ((events & ModelCalls.PollIn) != 0 ? IvBands.In : IvBands.None)
        | ((events & ModelCalls.PollOut) != 0 ? IvBands.Out : IvBands.None)
        | ((events & ModelCalls.PollErr) != 0 ? IvBands.Err : IvBands.None)
        | ((events & ModelCalls.PollHup) != 0 ? IvBands.Closed : IvBands.None)
        | ((events & ModelCalls.PollRdHup) != 0 ? IvBands.Hangup : IvBands.None);

    private enum Step
    {
        Add,
        Change,
        Remove,
        Write,
        Read,
        Shut,
        Reopen,
        CloseFar,
    }

    private sealed class Slot
    {
        public nint Near { get; set; }

        public nint Far { get; set; }

        public ulong Token { get; set; }

        public IvBands Want { get; set; }

        public IvBands? Next { get; set; }
    }
}
