using System.Globalization;
using System.Runtime.InteropServices;
using Ivy.Net.Interop;

namespace Ivy.Net;

/// <summary>A change in a child's life, as <see cref="IvWait"/> and <see cref="IvProcess"/> tell it.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct IvChildStatus
{
    // What a shell adds to the number of a signal, and what it says of a child that it does not know: sh(1), wait.
    private const int ShellSignalBase = 128;
    private const int ShellUnknown = 127;

    private readonly int _value;

    /// <summary>Makes a status: for tests of handlers.</summary>
    /// <param name="kind">What has become of the child.</param>
    /// <param name="value">The exit code of one that has exited, the signal of one that was ended or stopped by it; else 0.</param>
    public IvChildStatus(IvChildStatusKind kind, int value = 0)
    {
        Kind = kind;
        _value = value;
    }

    /// <summary>What has become of the child.</summary>
    public IvChildStatusKind Kind { get; }

    /// <summary>Whether it has ended: exited, killed, or unknown how. Nothing more comes after that.</summary>
    public bool HasEnded => Kind is IvChildStatusKind.Exited or IvChildStatusKind.Signaled or IvChildStatusKind.Unknown;

    /// <summary>Whether it has exited with code 0.</summary>
    public bool IsSuccess => Kind == IvChildStatusKind.Exited && _value == 0;

    /// <summary>The code it has exited with, 0 to 255; -1 if it has not <see cref="IvChildStatusKind.Exited"/>.</summary>
    public int ExitCode => Kind == IvChildStatusKind.Exited ? _value : -1;

    /// <summary>The number of the signal that ended or stopped it; 0 if none did.</summary>
    public int Signal => Kind is IvChildStatusKind.Signaled or IvChildStatusKind.Stopped ? _value : 0;

    /// <summary>Whether the signal that ended it made it leave a core dump.</summary>
    public bool CoreDumped { get; init; }

    /// <summary>What it has used so far; null if that is unknown.</summary>
    public IvChildUsage? Usage { get; init; }

    /// <summary>
    /// The status as a shell has it in <c>$?</c>, for a program that ends as its child did: the exit code, 128 and the signal, or
    /// 127 where it is unknown.
    /// </summary>
    public int ShellExitCode => Kind switch
    {
        IvChildStatusKind.Exited => _value,
        IvChildStatusKind.Signaled or IvChildStatusKind.Stopped => ShellSignalBase + _value,
        IvChildStatusKind.None or IvChildStatusKind.Continued => 0,
        _ => ShellUnknown,
    };

    /// <summary>As in <c>exited with 3</c>, <c>killed by SIGTERM</c>, <c>stopped by SIGSTOP</c>, <c>continued</c>, <c>ended, nobody knows how</c>.</summary>
    /// <returns>A text for messages. Allocates.</returns>
    public override string ToString() => Kind switch
    {
        IvChildStatusKind.Exited => string.Create(CultureInfo.InvariantCulture, $"exited with {_value}"),
        IvChildStatusKind.Signaled => $"killed by {SignalNumbers.NameOf(_value)}{(CoreDumped ? " (core dumped)" : string.Empty)}",
        IvChildStatusKind.Stopped => $"stopped by {SignalNumbers.NameOf(_value)}",
        IvChildStatusKind.Continued => "continued",
        IvChildStatusKind.None => "nothing yet",
        _ => "ended, nobody knows how",
    };
}
