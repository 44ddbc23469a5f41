namespace Ivy.Net;

/// <summary>The object of the user's that a <see cref="ChildWatch"/> tells of its child.</summary>
internal interface IChildOwner
{
    /// <summary>The watch of the registration at hand.</summary>
    ChildWatch? Watch { get; }

    /// <summary>Called on the loop's thread; after the last status the watch has let go of the child.</summary>
    void OnStatus(in IvChildStatus status);
}
