using System.Runtime.CompilerServices;
using Ivy.Net.Interop.Linux;

namespace Ivy.Net.Polling;

/// <summary>Between bands and the events of epoll(7), whose numbers the polls of io_uring have, too.</summary>
internal static class EpollMask
{
    /// <summary>What to ask for; errors and hang-ups are told in any case.</summary>
    public static uint Of(IvBands want) =>
        ((want & IvBands.In) != 0 ? Constants.EPOLLIN : 0)
        | ((want & IvBands.Out) != 0 ? Constants.EPOLLOUT : 0)
        | ((want & IvBands.Hangup) != 0 ? Constants.EPOLLRDHUP : 0)
        | ((want & IvBands.Pri) != 0 ? Constants.EPOLLPRI : 0);

    /// <summary>What events are.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IvBands ToBands(uint events) => events == Constants.EPOLLIN ? IvBands.In : ToManyBands(events);

    private static IvBands ToManyBands(uint events) =>
        ((events & Constants.EPOLLIN) != 0 ? IvBands.In : IvBands.None)
        | ((events & Constants.EPOLLOUT) != 0 ? IvBands.Out : IvBands.None)
        | ((events & Constants.EPOLLERR) != 0 ? IvBands.Err : IvBands.None)
        | ((events & Constants.EPOLLHUP) != 0 ? IvBands.Closed : IvBands.None)
        | ((events & Constants.EPOLLRDHUP) != 0 ? IvBands.Hangup : IvBands.None)
        | ((events & Constants.EPOLLPRI) != 0 ? IvBands.Pri : IvBands.None);
}
