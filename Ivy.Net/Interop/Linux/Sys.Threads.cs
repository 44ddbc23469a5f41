namespace Ivy.Net.Interop.Linux;

/// <content>Threads, which the runtime makes: only their refusal is ours, for tests.</content>
internal static partial class Sys
{
    /// <summary>Whether a test wants the next thread refused, as pthread_create(3) does with EAGAIN.</summary>
    public static bool IsThreadRefused() => Fault(SysCall.PthreadCreate, -1) < 0;
}
