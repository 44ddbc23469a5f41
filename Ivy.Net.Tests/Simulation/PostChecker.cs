namespace Ivy.Net.Tests.Simulation;

/// <summary>Posts numbers to the server's loop, which answers by an event: none may get lost, and they come in order.</summary>
internal sealed class PostChecker : IInhabitant
{
    private const int Total = 100;

    private readonly World _world;
    private readonly IvEvent _answer;
    private readonly IvTimer _next;
    private int _posted;
    private int _run;

    public PostChecker(World world)
    {
        _world = world;
        _answer = new IvEvent(_ => OnAnswer());
        _next = new IvTimer(_ => PostSome());
    }

    public bool IsDone { get; private set; }

    public void Start()
    {
        _answer.Register();
        _next.Start(TimeSpan.Zero);
    }

    public override string ToString() => $"posts: {_posted} posted, {_run} run";

    private void PostSome()
    {
        if (_world.ServerLoop is not { } server)
        {
            _next.Start(TimeSpan.FromMilliseconds(1));
            return;
        }

        for (int burst = 1 + _world.Random.Below(5); burst > 0 && _posted < Total; burst--)
        {
            _posted++;
            if (!server.Post(static item => item.Checker.OnPost(item.Number), (Checker: this, Number: _posted)))
            {
                throw new SimulationFailure("a post was refused");
            }
        }
    }

    // On the server's loop. Only one thread of a simulation runs at a time.
    private void OnPost(int number)
    {
        if (number != _run + 1)
        {
            throw new SimulationFailure($"post {number} came after post {_run}");
        }

        _run = number;
        _answer.Post();
    }

    private void OnAnswer()
    {
        if (_run < _posted)
        {
            return;
        }

        if (_posted < Total)
        {
            // Now and then the other loop has time to fall asleep.
            _next.Start(TimeSpan.FromMilliseconds(_world.Random.Below(3)));
        }
        else if (!IsDone)
        {
            IsDone = true;
            _answer.Unregister();
            _world.CheckIfDone();
        }
    }
}
