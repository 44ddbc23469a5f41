using System.Runtime.InteropServices;
using Ivy.Net.Interop.Linux;

namespace Ivy.Net.Tests.Support;

/// <content>Signals: sent to this process and its threads, and what becomes of them.</content>
internal static unsafe partial class Native
{
    public const int SigUsr1 = 10;
    public const int SigUsr2 = 12;

    // sigqueue(3): as sent by a program that adds a value.
    private const int SI_QUEUE = -1;

    /// <summary>The kernel's number of this thread.</summary>
    public static int ThreadId => gettid();

    /// <summary>kill(2) of this process.</summary>
    public static void SendSignal(int signal) => Assert.That(kill(Environment.ProcessId, signal), Is.Zero, "kill");

    /// <summary>kill(2) of another process.</summary>
    public static void SendSignalToProcess(int process, int signal) => Assert.That(kill(process, signal), Is.Zero, "kill");

    /// <summary>tgkill(2) of a thread of this process.</summary>
    public static void SendSignalTo(int thread, int signal) => Assert.That(tgkill(Environment.ProcessId, thread, signal), Is.Zero, "tgkill");

    /// <summary>Leaves a signal with a thread as if it had been sent to the process: only who sent it tells one from the other.</summary>
    public static void QueueSignalTo(int thread, int signal)
    {
        const int rt_tgsigqueueinfo = 297; // x64
        const int other = 240; // arm64, riscv64
        int* info = stackalloc int[32];
        new Span<int>(info, 32).Clear();
        info[0] = signal;
        info[2] = SI_QUEUE;
        long call = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? rt_tgsigqueueinfo : other;
        Assert.That((int)syscall(call, Environment.ProcessId, thread, signal, info), Is.Zero, "rt_tgsigqueueinfo");
    }

    /// <summary>What a signal does now.</summary>
    public static nint SignalHandler(int signal) => Sys.GetSignalHandler(signal);

    /// <summary>SIG_DFL or SIG_IGN, as a program that starts another one leaves it.</summary>
    public static void SetSignalHandler(int signal, nint handler)
    {
        var action = new SignalAction { Handler = handler };
        Assert.That(sigaction(signal, &action, null), Is.Zero, "sigaction");
    }

    /// <summary>The signals that this thread blocks.</summary>
    public static SignalSet BlockedSignals()
    {
        Assert.That(Sys.SetSignalMask(Constants.SIG_BLOCK, default, out SignalSet blocked), Is.Zero, "pthread_sigmask");
        return blocked;
    }

    [LibraryImport("libc")]
    private static partial int gettid();

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int process, int signal);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int tgkill(int process, int thread, int signal);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(long number, nint process, nint thread, nint signal, void* info);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int sigaction(int signal, SignalAction* action, SignalAction* previous);
}
