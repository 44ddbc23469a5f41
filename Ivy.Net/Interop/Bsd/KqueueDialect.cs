namespace Ivy.Net.Interop.Bsd;

/// <summary>What differs between the kqueues: the numbers of two filters, and of errors.</summary>
/// <param name="Name">Of the system.</param>
/// <param name="UserFilter">EVFILT_USER.</param>
/// <param name="UrgentFilter">EVFILT_EXCEPT, 0 where urgent data can't be waited for.</param>
/// <param name="IsFreeBsd">Whose errno numbers they are.</param>
internal sealed record KqueueDialect(string Name, short UserFilter, short UrgentFilter, bool IsFreeBsd)
{
    public static KqueueDialect Darwin { get; } = new("Darwin", UserFilter: -10, UrgentFilter: -15, IsFreeBsd: false);

    public static KqueueDialect FreeBsd { get; } = new("FreeBSD", UserFilter: -11, UrgentFilter: 0, IsFreeBsd: true);

    /// <summary>The portable error of an errno of this system.</summary>
    public IvError ToError(long errno) => BsdErrno.ToError((int)errno, IsFreeBsd);
}
