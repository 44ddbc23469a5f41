using System.Globalization;
using System.Net.Sockets;

namespace Ivy.Net;

// Listeners that whoever started this process has opened: sd_listen_fds(3).
public sealed partial class IvSocket
{
    // SD_LISTEN_FDS_START.
    private const int FirstInherited = 3;

    private const string PidVariable = "LISTEN_PID";
    private const string CountVariable = "LISTEN_FDS";
    private const string NamesVariable = "LISTEN_FDNAMES";

    /// <summary>Takes the sockets that a service manager has opened for this process: LISTEN_FDS, as systemd.socket(5) passes them.</summary>
    /// <returns>
    /// The sockets in the manager's order, non-blocking and close-on-exec, each with its <see cref="Name"/> from LISTEN_FDNAMES; none
    /// if there are no such variables, or if LISTEN_PID means another process.
    /// </returns>
    /// <remarks>
    /// The variables are removed from the environment of this process, so that a second call, or a child, does not take
    /// the descriptors again. Call it once, early. A datagram socket is passed in the same way.
    /// </remarks>
    /// <exception cref="IvException">
    /// EINVAL: a variable is garbage. EBADF, ENOTSOCK: a descriptor is not what was promised. None is taken then.
    /// </exception>
    public static IvSocket[] TakeInheritedListeners()
    {
        string? pid = Environment.GetEnvironmentVariable(PidVariable);
        string? count = Environment.GetEnvironmentVariable(CountVariable);
        string? names = Environment.GetEnvironmentVariable(NamesVariable);
        Environment.SetEnvironmentVariable(PidVariable, null);
        Environment.SetEnvironmentVariable(CountVariable, null);
        Environment.SetEnvironmentVariable(NamesVariable, null);
        return TakeInherited(pid, count, names, FirstInherited);
    }

    internal static IvSocket[] TakeInherited(string? pid, string? count, string? names, int first)
    {
        if (string.IsNullOrEmpty(pid) || string.IsNullOrEmpty(count) || ParseNumber(PidVariable, pid) != Environment.ProcessId)
        {
            return [];
        }

        // However many were promised, the first that is not there ends it: nothing is allocated by the number alone.
        int total = ParseNumber(CountVariable, count);
        string[] split = string.IsNullOrEmpty(names) ? [] : names.Split(':', total + 1);
        var taken = new List<IvSocket>();
        for (int i = 0; i < total; i++)
        {
            nint handle = first + i;
            IvError error = IvNetwork.System.SetCloseOnExec(handle);
            error = error == IvError.None ? TryFromHandle(handle, out IvSocket? socket, ownsHandle: true, IvNetwork.System) : None(error, out socket);
            if (socket is null)
            {
                foreach (IvSocket other in taken)
                {
                    other.Detach();
                }

                throw Refused(error, "take inherited sockets", $"descriptor {handle} of {CountVariable}={count}", AddressFamily.Unspecified);
            }

            socket.Name = i < split.Length && split[i].Length != 0 ? split[i] : null;
            taken.Add(socket);
        }

        return [.. taken];
    }

    private static int ParseNumber(string variable, string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number is > 0 and < int.MaxValue - FirstInherited
            ? number
            : throw new IvException(
                IvError.EINVAL,
                "take inherited sockets",
                $"{variable}={(text.Length > 32 ? text[..32] + "…" : text)}",
                "It must be a decimal number above 0; see sd_listen_fds(3)");

    private static IvError None(IvError error, out IvSocket? socket)
    {
        socket = null;
        return error;
    }
}
