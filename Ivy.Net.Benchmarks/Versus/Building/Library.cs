namespace Ivy.Net.Benchmarks.Versus.Building;

/// <summary>A C library that a peer is written with.</summary>
/// <param name="Name">As in the table.</param>
/// <param name="Header">What shows that it is installed.</param>
/// <param name="Package">The Debian package that brings it.</param>
/// <param name="Link">For the linker.</param>
internal sealed record Library(string Name, string Header, string Package, params string[] Link)
{
    public static Library Ivykis { get; } = new("ivykis", "iv.h", "libivykis-dev", "-livykis");

    public static Library Libevent { get; } = new("libevent", "event2/event.h", "libevent-dev", "-levent", "-levent_pthreads");

    public static Library Libev { get; } = new("libev", "ev.h", "libev-dev", "-lev");

    public static Library Libuv { get; } = new("libuv", "uv.h", "libuv1-dev", "-luv");

    public static Library Liburing { get; } = new("liburing", "liburing.h", "liburing-dev", "-luring");
}
