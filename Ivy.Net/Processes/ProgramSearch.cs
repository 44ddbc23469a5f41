using Ivy.Net.Interop.Linux;

namespace Ivy.Net;

/// <summary>Which file a program's name means, and why it can't be started.</summary>
internal static unsafe class ProgramSearch
{
    // As the C library has it where there is no PATH: confstr(3), _CS_PATH.
    private const string DefaultPath = "/bin:/usr/bin";

    /// <summary>
    /// A name with a slash is a path as it stands. One without is looked for in the folders of this process's PATH, as execvp(3)
    /// does; those that are relative begin where the child begins.
    /// </summary>
    public static IvError TryFind(string program, string? workingDirectory, out string path)
    {
        path = program;
        if (program.Contains('/', StringComparison.Ordinal))
        {
            return IvError.None;
        }

        IvError error = IvError.ENOENT;
        foreach (string folder in (Environment.GetEnvironmentVariable("PATH") ?? DefaultPath).Split(':'))
        {
            string candidate = $"{(folder.Length == 0 ? "." : folder)}/{program}";
            string whole = Whole(candidate, workingDirectory);
            if (!NativeStrings.IsValid(whole) || !File.Exists(whole))
            {
                continue;
            }

            using var strings = new NativeStrings();
            if (Sys.MayExecute(strings.Add(whole)))
            {
                path = candidate;
                return IvError.None;
            }

            error = IvError.EACCES;
        }

        return error;
    }

    /// <summary>What is wrong, and what to do about it, in a sentence; null where the error says all.</summary>
    public static string? Advice(IvError error, string program, string path, string? workingDirectory)
    {
        if (workingDirectory is not null && error != IvError.E2BIG && FolderAdvice(workingDirectory) is { } folder)
        {
            return folder;
        }

        bool isSearched = !program.Contains('/', StringComparison.Ordinal);
        string whole = Whole(path, workingDirectory);
        return error switch
        {
            IvError.ENOENT when isSearched && path == program => $"No folder of PATH has a program \"{program}\"",
            IvError.ENOENT when File.Exists(whole) => $"The program {whole} is there, but what it is run by is not: the interpreter of its first line, or its dynamic linker",
            IvError.ENOENT => $"There is no program {whole}",
            IvError.EACCES when Directory.Exists(whole) => $"{whole} is a folder, not a program",
            IvError.EACCES when isSearched && path == program => $"PATH has a file \"{program}\", but it is not executable (chmod +x)",
            IvError.EACCES when File.Exists(whole) => $"{whole} is not executable (chmod +x), or on a file system that is mounted noexec",
            IvError.EACCES => $"A folder on the way to {whole} may not be entered",
            IvError.ENOEXEC => $"{whole} is neither a program for this machine nor a script that begins with #!, and no shell is tried",
            IvError.ETXTBSY => $"{whole} is open for writing",
            IvError.E2BIG => "The arguments and the environment are larger than the system takes (getconf ARG_MAX, and 128 KiB for one of them)",
            IvError.EAGAIN => "The limit of processes is reached (ulimit -u, pids.max of the control group)",
            IvError.ENOSYS when workingDirectory is not null => "The C library can't start a program in another folder: glibc can since 2.29",
            _ => null,
        };
    }

    private static string? FolderAdvice(string folder)
    {
        if (!Directory.Exists(folder))
        {
            return File.Exists(folder) ? $"The working directory {folder} is not a folder" : $"The working directory {folder} does not exist";
        }

        using var strings = new NativeStrings();
        return Sys.MayExecute(strings.Add(folder)) ? null : $"The working directory {folder} may not be entered";
    }

    private static string Whole(string path, string? workingDirectory) =>
        workingDirectory is null ? path : Path.Combine(workingDirectory, path);
}
