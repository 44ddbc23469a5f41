using System.Runtime.InteropServices;

namespace Ivy.Net.Interop.Linux;

/// <summary>Which of the listeners that share a port gets a connection: that of the CPU on which it arrives.</summary>
/// <remarks>
/// A classic BPF program of the group of listeners, SO_ATTACH_REUSEPORT_CBPF in socket(7): what it returns is the number of a
/// listener, in the order in which they began to listen; beyond the last one the kernel goes back to hashing.
/// </remarks>
internal static unsafe class PortSteering
{
    /// <summary>
    /// The CPU at position p of the list goes to listener p modulo the number of listeners. Are there more listeners than CPUs,
    /// then each CPU has several (p, p + CPUs, p + 2 CPUs …) and chance picks among them. A CPU that is not in the list, which the
    /// process may not run on but the network's interrupts may, goes by its number.
    /// </summary>
    /// <param name="cpus">The CPUs in ascending order.</param>
    /// <param name="listeners">How many there are.</param>
    public static Instruction[] Compile(ReadOnlySpan<int> cpus, int listeners)
    {
        // load the CPU; for each one: compare and return; at last: modulo, return
        const int longestBlock = 6;
        var program = new List<Instruction> { Load(Constants.SKF_AD_CPU) };
        bool isPlain = cpus.Length >= listeners && cpus[^1] == cpus.Length - 1;
        int count = isPlain ? 0 : Math.Min(cpus.Length, (Constants.BPF_MAXINSNS - 3) / longestBlock);
        for (int position = 0; position < count; position++)
        {
            // Of this CPU: the listeners position, position + cpus, …
            int own = listeners <= position ? 1 : ((listeners - position - 1) / cpus.Length) + 1;
            byte skip = own > 1 ? (byte)(longestBlock - 1) : (byte)1;
            program.Add(new Instruction(Constants.BPF_JMP_JEQ_K, (uint)cpus[position], skip));
            if (own > 1)
            {
                program.Add(Load(Constants.SKF_AD_RANDOM));
                program.Add(new Instruction(Constants.BPF_ALU_MOD_K, (uint)own));
                program.Add(new Instruction(Constants.BPF_ALU_MUL_K, (uint)cpus.Length));
                program.Add(new Instruction(Constants.BPF_ALU_ADD_K, (uint)position));
                program.Add(new Instruction(Constants.BPF_RET_A, 0));
            }
            else
            {
                program.Add(new Instruction(Constants.BPF_RET_K, (uint)(position % listeners)));
            }
        }

        program.Add(new Instruction(Constants.BPF_ALU_MOD_K, (uint)listeners));
        program.Add(new Instruction(Constants.BPF_RET_A, 0));
        return [.. program];
    }

    /// <summary>For the whole group that the socket, which listens, belongs to.</summary>
    public static IvError Attach(nint socket, ReadOnlySpan<Instruction> program)
    {
        fixed (Instruction* instructions = program)
        {
            var filter = new Program { Length = (ushort)program.Length, Instructions = instructions };
            int result = Sys.SetSockOpt((int)socket, Constants.SOL_SOCKET, Constants.SO_ATTACH_REUSEPORT_CBPF, (byte*)&filter, (uint)sizeof(Program));
            return result < 0 ? Sys.Error(result) : IvError.None;
        }
    }

    private static Instruction Load(int ancillary) => new(Constants.BPF_LD_W_ABS, unchecked((uint)(Constants.SKF_AD_OFF + ancillary)));

    /// <summary>struct sock_filter.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal readonly struct Instruction(ushort code, uint operand, byte skipIfNot = 0)
    {
        public readonly ushort Code = code;
        public readonly byte SkipIf;
        public readonly byte SkipIfNot = skipIfNot;
        public readonly uint Operand = operand;
    }

    /// <summary>struct sock_fprog.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Program
    {
        public ushort Length;
        public Instruction* Instructions;
    }
}
