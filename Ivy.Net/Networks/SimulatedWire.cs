namespace Ivy.Net;

/// <summary>One direction of a TCP connection: what was sent and not yet read, in one queue.</summary>
/// <remarks>
/// 1. The queue's first <see cref="Delivered"/> bytes have arrived and can be read; the rest is under way, and counts against
///    the sender's buffer.
/// 2. Segments arrive in the order in which they were sent, whatever their latencies are.
/// 3. Not more arrives than the receiver's buffer has room for: the rest waits for the window to open. A reset does not wait.
/// 4. Nothing arrives while the two hosts are cut off from each other; it does once they no longer are.
/// </remarks>
internal sealed class SimulatedWire(SimulatedNetwork network, SimulatedTcpSocket sender, SimulatedTcpSocket receiver)
{
    private readonly SimulatedByteQueue _bytes = new();
    private readonly Queue<(SimulatedSegmentKind Kind, long Arrival, int Length, byte Urgent)> _segments = new();
    private long _lastArrival;

    // How much of the segment at the head has found room.
    private int _headDelivered;
    private bool _isPlanned;
    private bool _isStalled;
    private bool _isReset;

    public int Delivered { get; private set; }

    public int UnderWay => _bytes.Count - Delivered;

    public SimulatedTcpSocket Sender { get; } = sender;

    public SimulatedTcpSocket Receiver { get; } = receiver;

    public void SendData(ReadOnlySpan<byte> bytes)
    {
        _bytes.Append(bytes);
        Send(SimulatedSegmentKind.Data, bytes.Length, urgent: 0);
    }

    public void Send(SimulatedSegmentKind kind, byte urgent = 0) => Send(kind, length: 0, urgent);

    public void Read(Span<byte> target, bool peek)
    {
        _bytes.Peek(target);
        if (!peek)
        {
            _bytes.Skip(target.Length);
            Delivered -= target.Length;
            if (_isStalled)
            {
                // The news that there is room again takes its way too.
                _isStalled = false;
                Plan(network.Now + network.Latency());
            }
        }
    }

    /// <summary>The sender forgets what did not arrive yet: it was reset, or reset the connection itself.</summary>
    public void DropUnderWay()
    {
        _bytes.Truncate(Delivered);
        _segments.Clear();
        _headDelivered = 0;
        _isStalled = false;
    }

    /// <summary>Lets arrive what is due.</summary>
    public void Pump()
    {
        while (_segments.TryPeek(out (SimulatedSegmentKind Kind, long Arrival, int Length, byte Urgent) segment))
        {
            if (network.IsCut(Sender.Local, Receiver.Local))
            {
                network.Hold(this);
                return;
            }

            if (segment.Arrival > network.Now)
            {
                Plan(segment.Arrival);
                return;
            }

            if (!Receiver.Takes(this, segment.Kind))
            {
                DropUnderWay();
                Receiver.Refuse(this);
                return;
            }

            if (segment.Kind == SimulatedSegmentKind.Data && !Deliver(segment.Length))
            {
                _isStalled = true;
                DeliverResetBehind();
                return;
            }

            _segments.Dequeue();
            _headDelivered = 0;
            Arrive(segment.Kind, segment.Urgent);
        }
    }

    private void Send(SimulatedSegmentKind kind, int length, byte urgent)
    {
        if (_isReset)
        {
            return;
        }

        _isReset = kind == SimulatedSegmentKind.Reset;
        _lastArrival = Math.Max(_lastArrival, network.Now + network.Latency());
        _segments.Enqueue((kind, _lastArrival, length, urgent));
        if (!_isPlanned)
        {
            Pump();
        }
    }

    private void Plan(long time)
    {
        if (time <= network.Now)
        {
            Pump();
        }
        else if (!_isPlanned)
        {
            _isPlanned = true;
            network.Plan(time, () =>
            {
                _isPlanned = false;
                Pump();
            });
        }
    }

    // As much of the data at the head as there is room for; false if some is left.
    private bool Deliver(int length)
    {
        int room = Math.Max(0, Receiver.Options.ReceiveBufferSize - Delivered);
        int moved = Math.Min(length - _headDelivered, room);
        if (moved == 0)
        {
            return false;
        }

        Delivered += moved;
        _headDelivered += moved;
        network.Note("deliver", (long)Receiver.Identity.Inode, moved);
        if (_headDelivered == length)
        {
            return true;
        }

        Sender.Changed();
        Receiver.Changed();
        return false;
    }

    // 3: a reset behind data that finds no room arrives, and the data never does.
    private void DeliverResetBehind()
    {
        if (_isReset)
        {
            long arrival = Math.Max(_lastArrival, network.Now);
            network.Plan(arrival, () =>
            {
                if (_segments.Count != 0 && Receiver.Takes(this, SimulatedSegmentKind.Reset))
                {
                    DropUnderWay();
                    Arrive(SimulatedSegmentKind.Reset, 0);
                }
            });
        }
    }

    private void Arrive(SimulatedSegmentKind kind, byte urgent)
    {
        if (kind != SimulatedSegmentKind.Data)
        {
            network.Note(Name(kind), (long)Receiver.Identity.Inode, 0);
        }

        if (kind == SimulatedSegmentKind.Finish && Planted.Active == PlantedBug.LostClose && network.DrawPlanted())
        {
            return;
        }

        Receiver.OnArrival(kind, urgent);
        Sender.OnDelivered(this, kind);
    }

    private static string Name(SimulatedSegmentKind kind) => kind switch
    {
        SimulatedSegmentKind.Accept => "syn-ack",
        SimulatedSegmentKind.Confirm => "ack",
        SimulatedSegmentKind.Urgent => "urgent",
        SimulatedSegmentKind.Finish => "fin",
        _ => "rst",
    };
}
