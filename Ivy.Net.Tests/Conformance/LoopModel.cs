using System.Text;

namespace Ivy.Net.Tests.Conformance;

/// <summary>Runs a random program on a loop, and holds each call against what the rules allow at that moment.</summary>
/// <remarks>
/// The order among descriptors is nobody's business, so the model does not predict a run; it watches one. A call must be of a
/// registered object, for a handler that is set, for a registration older than the turn, and once a turn. At the end of the turn
/// everybody has been called who was ready at its beginning, and whose registration, handler and data nobody touched since.
/// An object whose number was closed under it may be called or not; one that is unregistered may not, whoever has the number.
/// </remarks>
internal sealed class LoopModel
{
    private const int ObjectCount = 5;

    private readonly Bench _bench;
    private readonly Item[] _items = new Item[ObjectCount];
    private readonly Queue<int> _posts = [];
    private readonly StringBuilder _script = new();
    private int _nextPost;
    private int _turn;
    private int _postsDue;
    private bool _quit;
    private bool _isDispatching;

    private LoopModel(Bench bench)
    {
        _bench = bench;
        for (int i = 0; i < ObjectCount; i++)
        {
            _items[i] = new Item { Number = i };
            Open(_items[i]);
        }
    }

    private enum Step
    {
        Turn,
        Write,
        Register,
        Unregister,
        SetIn,
        ClearIn,
        SetOut,
        ClearOut,
        Act,
        Post,
        CloseFar,
        Close,
        Duplicate,
        Reopen,
        Quit,
        TurnAgain,
    }

    // What a handler does, to another object.
    private enum Act
    {
        Drain,
        Unregister,
        RegisterAgain,
        ClearHandlers,
        SetHandlers,
        Close,
        Write,
        DrainOther,
        Post,
    }

    /// <summary>Runs a program; what went wrong, with the program as text, or null.</summary>
    public static string? Run(ConformanceBackend backend, int[] program)
    {
        string? failure = null;
        backend.Run(bench =>
        {
            bench.ExpectsWarnings = true; // programs close what is registered
            bench.Watch(bench.EventNumber());
            var model = new LoopModel(bench);
            try
            {
                foreach (int code in program)
                {
                    model.Execute(code & 0xFFFF);
                }

                model.Execute((int)Step.Turn);
                model.Execute((int)Step.Turn);
            }
            catch (Exception exception) when (exception is ModelException or IvFatalException or IvException)
            {
                failure = $"{exception.Message}\non {backend.Name}, by the program\n{model._script}";
            }

            model.Close();
        });
        return failure;
    }

    private void Execute(int code)
    {
        var step = (Step)(code % 16);
        Item item = _items[code / 16 % ObjectCount];
        int argument = code / 16 / ObjectCount;
        _script.Append("  ").Append(step).Append(' ').Append(item.Number).Append(step == Step.Act ? $" {Decode(argument).Act} {Decode(argument).Other}" : string.Empty).Append('\n');
        switch (step)
        {
            case Step.Turn or Step.TurnAgain:
                Turn();
                break;

            case Step.Write:
                Write(item);
                break;

            case Step.Register:
                Register(item);
                break;

            case Step.Unregister:
                Unregister(item);
                break;

            case Step.SetIn or Step.ClearIn:
                SetIn(item, step == Step.SetIn);
                break;

            case Step.SetOut or Step.ClearOut:
                SetOut(item, step == Step.SetOut);
                break;

            case Step.Act:
                (item.Action, item.Other) = Decode(argument);
                break;

            case Step.Post:
                Post();
                break;

            case Step.CloseFar:
                CloseFar(item);
                break;

            case Step.Close:
                Close(item);
                break;

            case Step.Duplicate when item.IsOpen && item.Duplicate == 0:
                item.Duplicate = _bench.Duplicate(item.Near);
                break;

            case Step.Reopen when !item.IsOpen && !item.IsRegistered:
                CloseRest(item);
                Open(item);
                break;

            case Step.Quit:
                _bench.Loop.Quit();
                _quit = true;
                break;

            default:
                break;
        }
    }

    // io_uring goes by numbers and holds open what it polls: an object that was closed while it was registered, and whose number is the
    // far end's of another one by now, hides the close of that far end until it is unregistered. See ivy-pollers(7).
    private bool IsHidden(Item item) =>
        _bench.Loop.PollMethod == "io_uring" && Array.Exists(_items, other => other.Fd.IsRegistered && !other.IsOpen && other.Near == item.Far);

    private static (Act Act, int Other) Decode(int argument) => ((Act)(argument % 9), argument / 9 % ObjectCount);

    private void Turn()
    {
        _turn++;
        bool quits = _quit;
        _quit = false;
        _postsDue = quits ? 0 : _posts.Count;
        foreach (Item item in _items)
        {
            bool watched = !quits && item.IsRegistered && item.IsOpen;
            bool closed = item.IsFarClosed;
            item.MustIn = watched && item.HasIn && (item.Pending > 0 || (closed && !IsHidden(item)));
            item.MustOut = watched && item.HasOut;
            item.Calls = 0;
        }

        _isDispatching = true;
        _bench.Turn();
        _isDispatching = false;
        Check(_postsDue == 0, $"{_postsDue} posts did not run in their turn");
        foreach (Item item in _items)
        {
            Check(!item.MustIn, $"object {item.Number} was readable, and not called");
            Check(!item.MustOut, $"object {item.Number} was writable, and not called");
        }
    }

    private void OnIn(Item item)
    {
        Called(item, 1, item.HasIn, "In");
        item.MustIn = false;
        Check(!item.IsOpen || item.Pending > 0 || item.IsFarClosed || item.WasDrained == _turn, $"object {item.Number} has nothing to read");
        Perform(item);
    }

    private void OnOut(Item item)
    {
        Called(item, 2, item.HasOut, "Out");
        item.MustOut = false;
        Perform(item);
    }

    private void OnErr(Item item)
    {
        Called(item, 4, allowed: true, $"Err {item.Fd.Error}");
        Check(!item.IsOpen || item.IsFarClosed, $"object {item.Number} has no error");
    }

    private void Called(Item item, int band, bool allowed, string name)
    {
        _script.Append("    ").Append(name).Append(' ').Append(item.Number).Append('\n');
        Check(_isDispatching, "called outside of a turn");
        Check(_postsDue == 0, "a descriptor was called before the posts of the turn");
        Check(item.IsRegistered, $"object {item.Number} is called though it is not registered");
        Check(allowed, $"object {item.Number} is called though that handler is null");
        Check(item.RegisteredIn < _turn, $"object {item.Number} is called for readiness of before it was registered");
        Check((item.Calls & band) == 0, $"object {item.Number} is called twice in a turn");
        item.Calls |= band;
    }

    private void Perform(Item item)
    {
        Item other = _items[item.Other];
        _script.Append("      ").Append(item.Action).Append(' ').Append(other.Number).Append('\n');
        switch (item.Action)
        {
            case Act.Drain:
                Drain(item);
                break;

            case Act.Unregister:
                Unregister(other);
                break;

            case Act.RegisterAgain:
                Unregister(other);
                Register(other);
                break;

            case Act.ClearHandlers:
                SetIn(other, set: false);
                SetOut(other, set: false);
                break;

            case Act.SetHandlers:
                SetIn(other, set: true);
                SetOut(other, set: true);
                break;

            case Act.Close:
                Close(other);
                break;

            case Act.Write:
                Write(other);
                break;

            case Act.DrainOther:
                Drain(other);
                break;

            default:
                Post();
                break;
        }
    }

    private void Register(Item item)
    {
        if (item.IsRegistered)
        {
            return;
        }

        IvError error = item.Fd.TryRegister();
        bool isTaken = error == IvError.EEXIST && !_bench.Backend.Has(Need.Identity) && Array.Exists(_items, other => other.IsRegistered && !other.IsOpen && other.Fd.Handle == item.Fd.Handle);
        Check(isTaken || error == (item.IsOpen ? IvError.None : IvError.EBADF) || (!item.IsOpen && item.Socket is null), $"registering object {item.Number} says {error}");
        if (error == IvError.None && !item.IsOpen)
        {
            // Its number is another object's by now, or a duplicate's: not this model's business.
            item.Fd.Unregister();
            return;
        }

        item.IsRegistered = error == IvError.None;
        item.RegisteredIn = _turn;
    }

    private void Unregister(Item item)
    {
        if (item.IsRegistered)
        {
            item.Fd.Unregister();
            item.IsRegistered = item.MustIn = item.MustOut = false;
        }
    }

    private void SetIn(Item item, bool set)
    {
        item.Fd.HandlerIn = set ? _ => OnIn(item) : null;
        item.HasIn = set;
        item.MustIn &= set;
    }

    private void SetOut(Item item, bool set)
    {
        item.Fd.HandlerOut = set ? _ => OnOut(item) : null;
        item.HasOut = set;
        item.MustOut &= set;
    }

    private void Write(Item item)
    {
        // Not so much that a buffer could be full.
        if (item.IsOpen && !item.IsFarClosed && item.Pending < 100)
        {
            _bench.Write(item.Far);
            item.Pending++;
        }
    }

    private void Drain(Item item)
    {
        if (!item.IsOpen)
        {
            return;
        }

        int read = _bench.Drain(item.Near);
        Check(read == item.Pending, $"object {item.Number} had {item.Pending} bytes, and gave {read}");
        item.Pending = 0;
        item.WasDrained = _turn;
        item.MustIn &= item.IsFarClosed;
    }

    private void Post()
    {
        int number = _nextPost++;
        _posts.Enqueue(number);
        _bench.Loop.Post(
            _ =>
            {
                Check(_postsDue > 0, $"post {number} runs in a turn that is not its own");
                Check(_posts.Dequeue() == number, $"post {number} runs out of order");
                _postsDue--;
            },
            null);
    }

    private void CloseFar(Item item)
    {
        if (item.IsOpen && !item.IsFarClosed)
        {
            _bench.Close(item.Far);
            item.IsFarClosed = true;
        }
    }

    private void Close(Item item)
    {
        if (!item.IsOpen)
        {
            return;
        }

        item.IsOpen = item.MustIn = item.MustOut = false;
        if (item.Socket is { } socket)
        {
            socket.Dispose();
            item.IsRegistered = false;
            Check(!item.Fd.IsRegistered, $"object {item.Number} is registered though its socket was disposed");
        }
        else
        {
            _bench.Close(item.Near);
        }
    }

    // Even ones are bare numbers, odd ones sockets.
    private void Open(Item item)
    {
        (IvSocket near, IvSocket far) = IvSocket.CreatePair(network: _bench.Network);
        item.Far = _bench.OwnNumber(far.Detach());
        item.Socket = item.Number % 2 == 0 ? null : near;
        item.Near = item.Socket is null ? _bench.OwnNumber(near.Detach()) : near.Handle;
        item.Fd = item.Socket is null ? new IvFd(item.Near) : new IvFd(item.Socket);
        item.Fd.Name = $"object {item.Number}";
        item.Fd.HandlerErr = _ => OnErr(item);
        item.IsOpen = true;
        item.IsFarClosed = item.HasIn = item.HasOut = false;
        item.Pending = 0;
    }

    private void CloseRest(Item item)
    {
        if (!item.IsFarClosed)
        {
            _bench.Close(item.Far);
        }

        if (item.Duplicate != 0)
        {
            _bench.Close(item.Duplicate);
            item.Duplicate = 0;
        }
    }

    private void Close()
    {
        foreach (Item item in _items)
        {
            item.Fd.Dispose();
            Close(item);
            CloseRest(item);
        }
    }

    private static void Check(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new ModelException(otherwise);
        }
    }

    private sealed class Item
    {
        public int Number { get; init; }

        public IvFd Fd { get; set; } = null!;

        public IvSocket? Socket { get; set; }

        public nint Near { get; set; }

        public nint Far { get; set; }

        public nint Duplicate { get; set; }

        public Act Action { get; set; }

        public int Other { get; set; }

        public bool IsOpen { get; set; }

        public bool IsFarClosed { get; set; }

        public bool IsRegistered { get; set; }

        public int RegisteredIn { get; set; }

        public bool HasIn { get; set; }

        public bool HasOut { get; set; }

        public int Pending { get; set; }

        public int WasDrained { get; set; } = -1;

        public bool MustIn { get; set; }

        public bool MustOut { get; set; }

        public int Calls { get; set; }
    }

#pragma warning disable CA1064 // exceptions are public: this one leaves nobody's hands
    private sealed class ModelException(string message) : Exception(message);
#pragma warning restore CA1064
}
