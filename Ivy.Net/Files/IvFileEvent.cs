using System.Text;

namespace Ivy.Net;

/// <summary>One event of a watch. It is valid inside the handler; what is to be kept, the handler copies.</summary>
public readonly ref struct IvFileEvent
{
    private readonly ref string? _text;
    private readonly IvInotifyWatch _watch;

    internal IvFileEvent(IvInotifyWatch watch, IvFileEvents events, bool isDirectory, uint cookie, ReadOnlySpan<byte> name, ref string? text)
    {
        _watch = watch;
        _text = ref text;
        Events = events;
        IsDirectory = isDirectory;
        Cookie = cookie;
        NameBytes = name;
    }

    /// <summary>What happened: one of the flags.</summary>
    public IvFileEvents Events { get; }

    /// <summary>Whether it happened to a folder. SelfDeleted, SelfMoved and Ended do not say.</summary>
    public bool IsDirectory { get; }

    /// <summary>The same number in the two events of one move; 0 otherwise.</summary>
    public uint Cookie { get; }

    /// <summary>The name of the folder's entry as it is on the disk; empty if the event is about the watched file or folder itself.</summary>
    public ReadOnlySpan<byte> NameBytes { get; }

    /// <summary>
    /// <see cref="NameBytes"/> as a text, decoded when it is first asked for. What is not UTF-8 becomes U+FFFD, and is no
    /// name of the file any more.
    /// </summary>
    public string Name => NameBytes.IsEmpty ? string.Empty : _text ??= Encoding.UTF8.GetString(NameBytes);

    /// <summary>The watch's path, and the name. Allocates.</summary>
    public string Path => NameBytes.IsEmpty ? _watch.Path : TreePath.Join(_watch.Path, Name);

    /// <summary>As in <c>Created /srv/new/</c>, with a slash after a folder.</summary>
    /// <returns>A text for messages. Allocates.</returns>
    public override string ToString() => TreePath.Describe(Events, Path, IsDirectory);
}
