namespace Ivy.Net.Benchmarks.Versus.Running;

/// <summary>What a subject stands for.</summary>
internal enum SubjectKind
{
    /// <summary>A C library in a process with more than one thread, as every .NET process has: what targets are held against.</summary>
    Library,

    /// <summary>The bare system calls in C, likewise with a second thread.</summary>
    Bare,

    /// <summary>A C program with a single thread: printed, and held against nothing.</summary>
    SingleThreaded,

    /// <summary>What .NET has for the purpose.</summary>
    DotNet,

    /// <summary>Ivy.Net.</summary>
    Ivy,

    /// <summary>A peer once more: the ratio of two equal programs, on this machine, now.</summary>
    Again,
}
