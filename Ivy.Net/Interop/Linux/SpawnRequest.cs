namespace Ivy.Net.Interop.Linux;

/// <summary>What a child is started with; the pointers are the caller's, and valid for the length of the call.</summary>
internal unsafe ref struct SpawnRequest
{
    /// <summary>A stream that is what it is in this process.</summary>
    public const int Inherit = -1;

    /// <summary>The path; relative to <see cref="WorkingDirectory"/>, and not searched for.</summary>
    public byte* Program;

    /// <summary>The arguments from the name of the program on, null at the end.</summary>
    public byte** Arguments;

    /// <summary>NAME=VALUE, null at the end.</summary>
    public byte** Environment;

    /// <summary>Null: that of this process.</summary>
    public byte* WorkingDirectory;

    /// <summary>The child leads a process group of its own.</summary>
    public bool NewGroup;

    /// <summary>What becomes 0, 1 and 2: <see cref="Inherit"/>, or a descriptor of 3 or more.</summary>
    public int Input;
    public int Output;
    public int Error;
}
