using System.Net;
using System.Net.Sockets;
using Ivy.Net.Interop.Linux;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Networks;

/// <summary>
/// The best witness: the same calls, chosen by a seed, on the kernel and on a simulation without faults and latency must get
/// the same answers, to the error and the byte, and the same readiness after each.
/// </summary>
[TestFixture]
[Platform("Linux", Reason = "what Linux's network does, against its simulation")]
internal sealed class SimulatedDifferentialTests
{
    private const int Scripts = 1000;
    private const int Calls = 30;

    // Nothing may depend on how large the kernel's buffers are.
    private const int MostUnread = 4000;

    // unix_dgram_sendmsg: since then memory comes before the receiver, and an empty message first in the queue does not reset.
    private static readonly Version OrderOfChecks = new(6, 14);

    private static readonly IPEndPoint AnyPort = new(IPAddress.Loopback, 0);

    [Test]
    public void Tcp_pairs_answer_as_the_kernel_does() => Compare(ConnectTcp, PlayPair, "a", "b");

    [Test]
    public void Unix_stream_pairs_answer_as_the_kernel_does() => Compare(static script => script.OpenPair("a", "b"), PlayPair, "a", "b");

    [TestCase(SocketType.Seqpacket)]
    [TestCase(SocketType.Dgram)]
    public void Unix_message_pairs_answer_as_the_kernel_does(SocketType type)
    {
        if (Environment.OSVersion.Version < OrderOfChecks)
        {
            Assert.Ignore($"Linux {Environment.OSVersion.Version} checks in another order than {OrderOfChecks} and later, which the simulation follows.");
        }

        Compare(script => script.OpenPair("a", "b", type), PlayPair, "a", "b");
    }

    [Test]
    public void Udp_pairs_answer_as_the_kernel_does() => Compare(ConnectUdp, PlayPair, "a", "b");

    [Test]
    public void A_tcp_socket_before_its_connection_answers_as_the_kernel_does() => Compare(OpenSingles(AddressFamily.InterNetwork), PlaySingle(AddressFamily.InterNetwork), "a", "listener");

    [Test]
    public void A_unix_socket_before_its_connection_answers_as_the_kernel_does() => Compare(OpenSingles(AddressFamily.Unix), PlaySingle(AddressFamily.Unix), "a", "listener");

    [TestCase(AddressFamily.InterNetwork, SocketType.Stream)]
    [TestCase(AddressFamily.InterNetworkV6, SocketType.Stream)]
    [TestCase(AddressFamily.InterNetwork, SocketType.Dgram)]
    [TestCase(AddressFamily.Unix, SocketType.Stream)]
    public void Options_are_refused_and_kept_as_by_the_kernel(AddressFamily family, SocketType type)
    {
        int[] socketLevel =
        [
            Constants.SO_REUSEADDR, Constants.SO_TYPE, Constants.SO_ERROR, Constants.SO_BROADCAST, Constants.SO_KEEPALIVE,
            Constants.SO_REUSEPORT, Constants.SO_ACCEPTCONN, Constants.SO_PROTOCOL, Constants.SO_DOMAIN, 9999,
        ];
        var kernel = new SocketScript(IvNetwork.System);
        var simulation = new SocketScript(new SimulatedNetwork(1));
        foreach (SocketScript script in new[] { kernel, simulation })
        {
            script.Open("a", family, type);
            foreach (int option in socketLevel)
            {
                // A Unix socket's own refusal of SO_REUSEPORT is the one that depends on the release.
                if (family != AddressFamily.Unix || option != Constants.SO_REUSEPORT)
                {
                    script.SetOption("a", Constants.SOL_SOCKET, option, 1);
                }

                script.GetOption("a", Constants.SOL_SOCKET, option);
            }

            foreach ((int level, int option) in new[]
            {
                (Constants.IPPROTO_TCP, Constants.TCP_NODELAY), (Constants.IPPROTO_TCP, Constants.TCP_KEEPIDLE), (Constants.IPPROTO_TCP, 9999),
                (Constants.IPPROTO_IPV6, Constants.IPV6_V6ONLY), (Constants.IPPROTO_IP, Constants.IP_TTL), (Constants.IPPROTO_IP, 9999),
            })
            {
                script.GetOption("a", level, option);
                script.SetOption("a", level, option, 1);
                script.GetOption("a", level, option);
            }

            script.CloseAll();
        }

        Assert.That(simulation.Answers, Is.EqualTo(kernel.Answers));
    }

    private static void Compare(Action<SocketScript> begin, Action<Random, SocketScript> play, params string[] watched)
    {
        for (int seed = 0; seed < Scripts; seed++)
        {
            var kernel = new SocketScript(IvNetwork.System);
            var simulation = new SocketScript(new SimulatedNetwork((ulong)seed, new SimulatedNetworkOptions { SendBufferSize = 1 << 17, ReceiveBufferSize = 1 << 17 }));
            var forKernel = new Random(seed);
            var forSimulation = new Random(seed);
            begin(simulation);
            begin(kernel);
            for (int call = 0; call < Calls; call++)
            {
                play(forSimulation, simulation);
                play(forKernel, kernel);
                foreach (string name in watched)
                {
                    if (simulation.Has(name))
                    {
                        SimulatedReadiness expected = simulation.Readiness(name);
                        simulation.Poll(name);
                        kernel.Poll(name, expected);
                    }
                }

                if (simulation.Answers != kernel.Answers)
                {
                    break;
                }
            }

            simulation.CloseAll();
            kernel.CloseAll();
            Assert.That(simulation.Answers, Is.EqualTo(kernel.Answers), $"script {seed}: the first is the simulation, the second the kernel\n{simulation.Answers}");
        }
    }

    private static void ConnectTcp(SocketScript script)
    {
        script.Open("listener", AddressFamily.InterNetwork);
        script.Bind("listener", AnyPort);
        script.Listen("listener", 4);
        script.Open("a", AddressFamily.InterNetwork);
        script.ConnectTo("a", "listener");
        script.Poll("a", SimulatedReadiness.Out);
        script.Poll("listener", SimulatedReadiness.In);
        script.Accept("listener", "b");
        script.Close("listener");

        // Or the kernel keeps small pieces back until earlier ones are acknowledged (Nagle), which the simulation never does.
        script.SetOption("a", Constants.IPPROTO_TCP, Constants.TCP_NODELAY, 1);
        script.SetOption("b", Constants.IPPROTO_TCP, Constants.TCP_NODELAY, 1);
    }

    private static void ConnectUdp(SocketScript script)
    {
        script.Open("a", AddressFamily.InterNetwork, SocketType.Dgram);
        script.Open("b", AddressFamily.InterNetwork, SocketType.Dgram);
        script.Bind("a", AnyPort);
        script.Bind("b", AnyPort);
        script.ConnectTo("a", "b");
        script.ConnectTo("b", "a");
    }

    private static Action<SocketScript> OpenSingles(AddressFamily family) => script =>
    {
        script.Open("listener", family);
        script.Bind("listener", family == AddressFamily.Unix ? Abstract() : AnyPort);
        script.Listen("listener", 2);
        script.Open("closed", family);
        script.Bind("closed", family == AddressFamily.Unix ? Abstract() : AnyPort);
        script.Open("a", family);
    };

    private static UnixDomainSocketEndPoint Abstract() => new($"\0ivy-differential-{Environment.ProcessId}-{Guid.NewGuid():N}");

    private static void PlayPair(Random random, SocketScript script)
    {
        string name = random.Next(2) == 0 ? "a" : "b";
        int action = random.Next(100);
        int count = random.Next(1, MostUnread / Calls * 2);
        if (!script.Has(name))
        {
            return;
        }

        switch (action)
        {
            case < 35:
                script.Send(name, count);
                break;

            case < 65:
                script.Receive(name, count);
                break;

            case < 70:
                script.Receive(name, count, SocketFlags.Peek);
                break;

            case < 72:
                script.Send(name, 0);
                break;

            case < 80:
                script.Shutdown(name, (SocketShutdown)random.Next(3));
                break;

            case < 84:
                script.TakeError(name);
                break;

            case < 88:
                script.Remote(name);
                break;

            case < 90:
                script.Linger(name);
                break;

            case < 92:
                script.Listen(name, 1);
                break;

            case < 94:
                script.Accept(name, "c");
                break;

            case < 96:
                script.Receive(name, 0);
                break;

            default:
                script.Close(name);
                break;
        }
    }

    private static Action<Random, SocketScript> PlaySingle(AddressFamily family) => (random, script) =>
    {
        int action = random.Next(100);
        switch (action)
        {
            case < 15 when script.Has("listener"):
                script.ConnectTo("a", "listener");
                break;

            case < 25:
                script.ConnectTo("a", "closed");
                break;

            case < 32:
                script.Bind("a", family == AddressFamily.Unix ? Abstract() : AnyPort);
                break;

            case < 36:
                script.Listen("a", 2);
                break;

            case < 42:
                script.Accept("a", "other");
                break;

            case < 52 when script.Has("listener"):
                script.Accept("listener", $"accepted{random.Next(3)}");
                break;

            case < 62:
                script.Send("a", 10);
                break;

            case < 72:
                script.Receive("a", 10);
                break;

            case < 80:
                script.Shutdown("a", (SocketShutdown)random.Next(3));
                break;

            case < 86:
                script.TakeError("a");
                break;

            case < 92:
                script.Remote("a");
                break;

            case < 95 when script.Has("listener"):
                script.Shutdown("listener", (SocketShutdown)random.Next(3));
                break;

            case < 97 when script.Has("listener"):
                script.Close("listener");
                break;

            case >= 97:
                script.Close("a");
                script.Open("a", family);
                break;
        }
    };
}
