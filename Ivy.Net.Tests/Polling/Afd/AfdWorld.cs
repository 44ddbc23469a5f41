using Ivy.Net.Interop.Windows;
using Ivy.Net.Polling;

namespace Ivy.Net.Tests.Polling;

/// <summary>One run of a poller on the model of AFD, of what a seed picks, held against what a socket's state and interest say.</summary>
internal sealed class AfdWorld(int seed, AfdBug bug)
{
    private const int Steps = 300;
    private const int MostSockets = 40;

    private static readonly AfdEvents[] States =
    [
        AfdEvents.None, AfdEvents.Receive, AfdEvents.Send, AfdEvents.Receive | AfdEvents.Send, AfdEvents.Disconnect | AfdEvents.Send,
        AfdEvents.Receive | AfdEvents.Disconnect, AfdEvents.Abort, AfdEvents.ConnectFail, AfdEvents.ReceiveExpedited, AfdEvents.Accept, AfdEvents.Connect | AfdEvents.Send,
    ];

    private readonly Random _random = new(seed);
    private readonly AfdModel _afd = new() { CanSkip = seed % 4 != 0 };
    private readonly Dictionary<ulong, Watch> _watches = [];
    private readonly Dictionary<ulong, IvChange> _changes = [];
    private readonly Dictionary<ulong, AfdEvents> _seen = [];
    private readonly List<string> _findings = [];
    private ulong _lastToken;

    /// <summary>How often each kind of step was taken, over all runs.</summary>
    public static int[] Taken { get; } = new int[10];

    /// <summary>What is wrong; empty if nothing is.</summary>
    public List<string> Run()
    {
        var rig = new AfdRig(_afd, bug);
        try
        {
            for (int step = 0; step < Steps && _findings.Count == 0; step++)
            {
                Step(rig);
                if (step % 10 == 9)
                {
                    Check(rig);
                }
            }

            foreach ((ulong token, Watch watch) in _watches)
            {
                if (token % 2 == 0)
                {
                    rig.Remove(watch.Socket, token);
                }
            }

            rig.Dispose();
            _findings.AddRange(_afd.Violations);
            if (_afd.PollsInFlight != 0 || _afd.IsPortOpen || _afd.OpenDevices != 0 || rig.Counters.Registered != 0)
            {
                _findings.Add($"left behind: {rig.Counters}");
            }
        }
        catch (Exception e) when (bug != AfdBug.None)
        {
            _findings.Add(e.Message);
        }

        return _findings;
    }

    private static AfdEvents Asked(IvBands want)
    {
        AfdEvents asked = want == IvBands.None ? AfdEvents.None : AfdEvents.Abort | AfdEvents.ConnectFail;
        asked |= want.HasFlag(IvBands.In) ? AfdEvents.Receive | AfdEvents.Accept | AfdEvents.Disconnect : 0;
        asked |= want.HasFlag(IvBands.Out) ? AfdEvents.Send : 0;
        asked |= want.HasFlag(IvBands.Hangup) ? AfdEvents.Disconnect : 0;
        return asked | (want.HasFlag(IvBands.Pri) ? AfdEvents.ReceiveExpedited : 0);
    }

    private static IvBands Answered(AfdEvents events)
    {
        IvBands bands = IvBands.None;
        foreach ((AfdEvents one, IvBands these) in new[]
        {
            (AfdEvents.Receive, IvBands.In),
            (AfdEvents.Accept, IvBands.In),
            (AfdEvents.Send, IvBands.Out),
            (AfdEvents.ReceiveExpedited, IvBands.Pri),
            (AfdEvents.Disconnect, IvBands.In | IvBands.Hangup),
            (AfdEvents.ConnectFail, IvBands.In | IvBands.Out | IvBands.Err | IvBands.Hangup),
            (AfdEvents.Abort, IvBands.In | IvBands.Out | IvBands.Err | IvBands.Hangup | IvBands.Closed),
        })
        {
            bands |= events.HasFlag(one) ? these : IvBands.None;
        }

        return bands;
    }

    private void Step(AfdRig rig)
    {
        int kind = _random.Next(10);
        Interlocked.Increment(ref Taken[kind]);
        switch (kind)
        {
            case 0 or 1 when _watches.Count < MostSockets:
                Add(rig, _afd.Open(AnyState()));
                break;
            case 2 when TryPick(out ulong gone):
                nint socket = _watches[gone].Socket;
                if (_random.Next(3) > 0 || _watches[gone].Want == IvBands.None)
                {
                    rig.Remove(socket, gone);
                }
                else
                {
                    // Closed while no poll is in flight its handle would be taken for a duplicate, which is known.
                    _afd.Set(socket, AfdEvents.None);
                    Quiet(rig);
                    Quiet(rig);
                }

                Forget(gone);
                _afd.CloseSocket(socket);
                break;
            case 3 or 4 when TryPick(out ulong set):
                _afd.Set(_watches[set].Socket, AnyState());
                _seen[set] |= _afd.StateOf(_watches[set].Socket);
                break;
            case 5 when TryPick(out ulong changed) && !_changes.ContainsKey(changed):
                IvBands want = AnyWant();
                if (want != _watches[changed].Want)
                {
                    _changes[changed] = rig.Change(changed, want);
                    _watches[changed] = _watches[changed] with { Want = want };
                }

                break;
            case 6 when TryPick(out ulong again):
                socket = _watches[again].Socket;
                rig.Remove(socket, again);
                Forget(again);
                Add(rig, socket);
                break;
            case 7 when TryPick(out ulong odd):
                _afd.Answer(_watches[odd].Socket, _random.Next(2) == 0 ? NtStatus.Success : NtStatus.Cancelled, AfdEvents.None);
                break;
            case 8:
                _afd.HoldsCancelled = _random.Next(2) == 0;
                break;
            default:
                Wait(rig, _random.Next(1, 64));
                break;
        }
    }

    private void Add(AfdRig rig, nint socket)
    {
        ulong token = ++_lastToken;
        IvBands want = AnyWant();
        IvError error = rig.TryAdd(socket, want, token);
        if (error != IvError.None)
        {
            _findings.Add($"add {socket}: {error}");
            return;
        }

        _watches.Add(token, new Watch(socket, want));
        _seen[token] = _afd.StateOf(socket);
    }

    private void Forget(ulong token)
    {
        _watches.Remove(token);
        _changes.Remove(token);
        _seen.Remove(token);
    }

    // Nothing is reported that was not so since the last look, and nothing of those who are gone.
    private void Wait(AfdRig rig, int room)
    {
        foreach (string found in rig.Wait(IvTimestamp.MinValue, room, TakeChanges()))
        {
            ulong token = ulong.Parse(found.Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
            if (!_watches.TryGetValue(token, out Watch? watch))
            {
                _findings.Add($"{found}: not registered");
            }
            else if (!Enum.TryParse(found[(found.IndexOf(' ', StringComparison.Ordinal) + 1)..], out IvBands bands) || (bands & ~Answered(_seen[token] & Asked(watch.Want))) != 0)
            {
                _findings.Add($"{found}: not ready, or not wanted");
            }
        }
    }

    // When nothing is under way any more, a wait reports exactly what is ready.
    private void Check(AfdRig rig)
    {
        Quiet(rig);
        List<string> found = rig.Look();
        List<string> expected = [.. from pair in _watches
                                    orderby pair.Key
                                    let events = _afd.StateOf(pair.Value.Socket) & Asked(pair.Value.Want)
                                    where events != AfdEvents.None
                                    select $"{pair.Key} {Answered(events)}"];
        if (!found.SequenceEqual(expected))
        {
            _findings.Add($"found {string.Join("; ", found.Except(expected))}, missed {string.Join("; ", expected.Except(found))}");
        }

        foreach (ulong token in _watches.Keys)
        {
            _seen[token] = _afd.StateOf(_watches[token].Socket);
        }
    }

    private void Quiet(AfdRig rig)
    {
        _afd.HoldsCancelled = false;
        _afd.Release();
        rig.Look(TakeChanges());
    }

    private IvChange[] TakeChanges()
    {
        IvChange[] changes = [.. _changes.Values];
        _changes.Clear();
        return changes;
    }

    private bool TryPick(out ulong token)
    {
        token = _watches.Count == 0 ? 0 : _watches.Keys.ElementAt(_random.Next(_watches.Count));
        return token != 0;
    }

    private AfdEvents AnyState() => States[_random.Next(States.Length)];

    private IvBands AnyWant() => (IvBands)_random.Next(32);

    private sealed record Watch(nint Socket, IvBands Want);
}
