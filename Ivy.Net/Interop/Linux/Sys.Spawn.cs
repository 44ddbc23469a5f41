namespace Ivy.Net.Interop.Linux;

/// <content>Starting programs.</content>
internal static unsafe partial class Sys
{
    // posix_spawnattr_t has 336 bytes in glibc and musl, posix_spawn_file_actions_t 80: in words, with room to grow.
    private const int SpawnStructWords = 128;

    // Kept for the standard streams.
    private const int FirstOtherDescriptor = 3;

    // glibc 2.29 and musl 1.1.24; glibc 2.34.
    private static readonly delegate* unmanaged<void*, byte*, int> OptionalAddChdir =
        (delegate* unmanaged<void*, byte*, int>)FindOptional("posix_spawn_file_actions_addchdir_np");

    private static readonly delegate* unmanaged<void*, int, int> OptionalAddCloseFrom =
        (delegate* unmanaged<void*, int, int>)FindOptional("posix_spawn_file_actions_addclosefrom_np");

    /// <summary>
    /// posix_spawn(3): no signal blocked and none ignored or caught, the working directory, the three streams, and nothing else open
    /// (where the C library can't close the rest: nothing else that is close-on-exec). Of this process only the C library's own
    /// code runs in the child, on the memory of a thread that waits meanwhile (CLONE_VFORK).
    /// </summary>
    /// <returns>The child's number, or a negative errno, that of execve(2) and chdir(2) included; ENOSYS: no way to set the directory.</returns>
    public static int Spawn(SpawnRequest request)
    {
        int fault = Fault(SysCall.Spawn, -1);
        if (fault != 0)
        {
            return fault;
        }

        if (request.WorkingDirectory != null && OptionalAddChdir == null)
        {
            return -(int)IvError.ENOSYS;
        }

        void* attributes = stackalloc ulong[SpawnStructWords];
        void* actions = stackalloc ulong[SpawnStructWords];
        int error = Libc.posix_spawnattr_init(attributes);
        if (error != 0)
        {
            return -error;
        }

        error = Libc.posix_spawn_file_actions_init(actions);
        if (error == 0)
        {
            int process = 0;
            error = SetAttributes(attributes, request.NewGroup);
            error = error != 0 ? error : AddActions(actions, request);
            error = error != 0 ? error
                : Libc.posix_spawn(&process, request.Program, actions, attributes, request.Arguments, request.Environment);
            _ = Libc.posix_spawn_file_actions_destroy(actions);
            if (error == 0)
            {
                error = -process;
            }
        }

        _ = Libc.posix_spawnattr_destroy(attributes);
        return -error;
    }

    private static int SetAttributes(void* attributes, bool newGroup)
    {
        SignalSet none = default;
        var all = new SignalSet { Bits = ~(SignalSet.Of(Constants.SIGKILL).Bits | SignalSet.Of(Constants.SIGSTOP).Bits) };
        int flags = Constants.POSIX_SPAWN_SETSIGMASK | Constants.POSIX_SPAWN_SETSIGDEF | (newGroup ? Constants.POSIX_SPAWN_SETPGROUP : 0);
        int error = Libc.posix_spawnattr_setsigmask(attributes, &none);
        error = error != 0 ? error : Libc.posix_spawnattr_setsigdefault(attributes, &all);
        error = error != 0 ? error : Libc.posix_spawnattr_setpgroup(attributes, 0);
        return error != 0 ? error : Libc.posix_spawnattr_setflags(attributes, (short)flags);
    }

    // The streams come from numbers that are no streams, so that the order does not matter, and no dup2 is one onto itself.
    private static int AddActions(void* actions, SpawnRequest request)
    {
        int error = request.WorkingDirectory == null ? 0 : OptionalAddChdir(actions, request.WorkingDirectory);
        error = error != 0 ? error : AddStream(actions, request.Input, 0);
        error = error != 0 ? error : AddStream(actions, request.Output, 1);
        error = error != 0 ? error : AddStream(actions, request.Error, 2);
        return error != 0 || OptionalAddCloseFrom == null ? error : OptionalAddCloseFrom(actions, FirstOtherDescriptor);
    }

    private static int AddStream(void* actions, int from, int to) =>
        from == SpawnRequest.Inherit ? 0 : Libc.posix_spawn_file_actions_adddup2(actions, from, to);
}
