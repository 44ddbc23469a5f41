using System.Net;
using System.Net.Sockets;
using Ivy.Net.Interop.Linux;
using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Threads;

/// <summary>The CPU on which a connection arrives decides which loop gets it: the program, and what the kernel makes of it.</summary>
[Platform("Linux", Reason = "SO_ATTACH_REUSEPORT_CBPF, socket(7)")]
internal sealed class PortSteeringTests
{
    [TestCase("0,1,2,3", 4, "0:0 1:1 2:2 3:3", TestName = "As many loops as CPUs")]
    [TestCase("0,1,2,3", 2, "0:0 1:1 2:0 3:1", TestName = "Fewer loops than CPUs")]
    [TestCase("4,5,9", 3, "4:0 5:1 9:2", TestName = "CPUs that do not begin at 0")]
    [TestCase("4,5,9", 2, "4:0 5:1 9:0", TestName = "Fewer loops than CPUs that do not begin at 0")]
    [TestCase("4,5,9", 3, "0:0 1:1 7:1", TestName = "A CPU that the process may not run on goes by its number")]
    [TestCase("0", 1, "0:0 1:0 63:0", TestName = "One of each")]
    [TestCase("3", 1, "3:0 2:0", TestName = "One of each that is not 0")]
    public void Listener_is_that_of_the_cpu(string cpus, int listeners, string expected)
    {
        PortSteering.Instruction[] program = PortSteering.Compile(Parse(cpus), listeners);
        foreach (string pair in expected.Split(' '))
        {
            int[] numbers = [.. pair.Split(':').Select(Number)];
            Assert.That(Execute(program, numbers[0], random: 12345), Is.EqualTo(numbers[1]), $"CPU {numbers[0]}");
        }
    }

    [TestCase("0,1", 2)]
    [TestCase("0,1", 5)]
    [TestCase("2,3,7", 64)]
    [TestCase("0", 3)]
    public void More_loops_than_cpus_are_all_reached_each_from_the_cpu_that_it_is_bound_to(string cpus, int listeners)
    {
        int[] numbers = Parse(cpus);
        PortSteering.Instruction[] program = PortSteering.Compile(numbers, listeners);
        var reached = new HashSet<int>();
        for (int i = 0; i < numbers.Length; i++)
        {
            for (uint random = 0; random < listeners; random++)
            {
                int listener = Execute(program, numbers[i], random);
                reached.Add(listener);
                Assert.That(listener % numbers.Length, Is.EqualTo(i), "loop n is bound to CPU n modulo the number of CPUs");
            }
        }

        Assert.That(reached, Is.EquivalentTo(Enumerable.Range(0, listeners)));
    }

    [Test]
    public void Program_never_is_longer_than_the_kernel_takes()
    {
        int[] cpus = [.. Enumerable.Range(1, 8191)];
        Assert.That(PortSteering.Compile(cpus, 10_000), Has.Length.LessThanOrEqualTo(Constants.BPF_MAXINSNS));
    }

    [Test]
    public void Connection_lands_on_the_loop_of_the_cpu_that_it_comes_from([Values(1, 2, 3)] int loops)
    {
        int[] cpus = CpuAffinity.Allowed();
        if (cpus.Length < 2)
        {
            Assert.Ignore("this process may run on one CPU only: there is nothing to steer between");
        }

        using var server = new GroupServer(new IvLoopGroupOptions { Count = loops, PinThreads = true }, IvAcceptMode.SteerByCpu);
        server.Group.Start();
        for (int i = 0; i < 20; i++)
        {
            int position = i % cpus.Length;
            int loop = -1;
            LoopThread.Elsewhere(() =>
            {
                // Over the loopback interface the peer's side runs on the CPU of the one who sends.
                Assert.That(CpuAffinity.Pin(cpus[position]), Is.EqualTo(IvError.None));
                loop = GroupServer.LoopOf(server.Connect());
            });
            Assert.That(loop % cpus.Length, Is.EqualTo(position % Math.Min(loops, cpus.Length)), $"from CPU {cpus[position]}");
        }
    }

    [Test]
    public void Accepted_socket_knows_the_cpu_that_steered_it()
    {
        int[] cpus = CpuAffinity.Allowed();
        if (cpus.Length < 2)
        {
            Assert.Ignore("this process may run on one CPU only: there is nothing to steer between");
        }

        using var group = new IvLoopGroup(new IvLoopGroupOptions { Count = cpus.Length, PinThreads = true });
        var seen = new System.Collections.Concurrent.ConcurrentQueue<(int? Loop, int Socket)>();
        EndPoint address = group.Listen(
            new IPEndPoint(IPAddress.Loopback, 0),
            (member, socket) =>
            {
                Span<byte> cpu = stackalloc byte[sizeof(int)];
                socket.GetRawOption(Constants.SOL_SOCKET, Constants.SO_INCOMING_CPU, cpu);
                seen.Enqueue((member.Cpu, BitConverter.ToInt32(cpu)));
                socket.Dispose();
            },
            IvAcceptMode.SteerByCpu);
        group.Start();
        foreach (int cpu in cpus)
        {
            LoopThread.Elsewhere(() =>
            {
                Assert.That(CpuAffinity.Pin(cpu), Is.EqualTo(IvError.None));
                using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 30_000 };
                client.Connect(address);
                GroupServer.Receive(client);
            });
        }

        Assert.That(seen, Is.EquivalentTo(cpus.Select(static cpu => ((int?)cpu, cpu))));
    }

    private static int[] Parse(string list) => [.. list.Split(',').Select(Number)];

    private static int Number(string text) => int.Parse(text, System.Globalization.CultureInfo.InvariantCulture);

    // What the kernel does with the few instructions that there are.
    private static int Execute(PortSteering.Instruction[] program, int cpu, uint random)
    {
        uint accumulator = 0;
        for (int i = 0; i < program.Length; i++)
        {
            PortSteering.Instruction instruction = program[i];
            switch (instruction.Code)
            {
                case Constants.BPF_LD_W_ABS:
                    accumulator = instruction.Operand == unchecked((uint)(Constants.SKF_AD_OFF + Constants.SKF_AD_CPU)) ? (uint)cpu : random;
                    break;
                case Constants.BPF_JMP_JEQ_K:
                    i += accumulator == instruction.Operand ? instruction.SkipIf : instruction.SkipIfNot;
                    break;
                case Constants.BPF_ALU_MOD_K:
                    accumulator %= instruction.Operand;
                    break;
                case Constants.BPF_ALU_MUL_K:
                    accumulator *= instruction.Operand;
                    break;
                case Constants.BPF_ALU_ADD_K:
                    accumulator += instruction.Operand;
                    break;
                case Constants.BPF_RET_K:
                    return (int)instruction.Operand;
                case Constants.BPF_RET_A:
                    return (int)accumulator;
                default:
                    Assert.Fail($"an instruction of code {instruction.Code}");
                    break;
            }
        }

        Assert.Fail("the program does not return");
        return -1;
    }
}
