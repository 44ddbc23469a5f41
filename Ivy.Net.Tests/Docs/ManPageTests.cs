using System.ComponentModel;
using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Ivy.Net.Tests;

/// <summary>The man pages and the public API name the same things.</summary>
internal sealed partial class ManPageTests
{
    // The pages of others that ours may refer to: a name that is mistyped is not among them.
    private static readonly HashSet<string> SystemPages =
    [
        "kill(1)", "nohup(1)", "tty(1)",
        "accept(2)", "accept4(2)", "bind(2)", "clock_gettime(2)", "close(2)", "connect(2)", "dup(2)", "epoll_create1(2)", "epoll_ctl(2)",
        "epoll_pwait2(2)", "epoll_wait(2)", "eventfd(2)", "fcntl(2)", "fstat(2)", "getpeername(2)", "getsockname(2)", "getsockopt(2)", "gettid(2)", "io_uring_enter(2)", "io_uring_setup(2)", "seccomp(2)", "sysctl(8)",
        "inotify_add_watch(2)", "ioctl(2)", "kqueue(2)", "listen(2)", "open(2)", "pidfd_open(2)", "pipe(2)", "poll(2)", "ppoll(2)", "prctl(2)", "read(2)", "readv(2)", "recv(2)",
        "recvfrom(2)", "recvmmsg(2)", "recvmsg(2)", "select(2)", "sched_getaffinity(2)", "sched_setaffinity(2)", "send(2)", "sendmmsg(2)", "sendmsg(2)", "sendto(2)", "setrlimit(2)",
        "setsockopt(2)", "shutdown(2)", "sigaction(2)", "signalfd(2)", "socket(2)", "socketpair(2)", "splice(2)", "statx(2)", "tgkill(2)", "timerfd_create(2)",
        "unlink(2)", "execve(2)", "getrusage(2)", "kill(2)", "posix_spawn(3)", "sh(1)", "wait(2)", "waitid(2)", "write(2)", "writev(2)",
        "cmsg(3)", "errno(3)", "getauxval(3)", "pthread_kill(3)", "sd_listen_fds(3)", "strerror(3)",
        "epoll(7)", "inotify(7)", "io_uring(7)", "ip(7)", "ipv6(7)", "man(7)", "mdoc(7)", "pipe(7)", "pthreads(7)", "signal(7)", "signal-safety(7)",
        "socket(7)", "tcp(7)", "udp(7)", "unix(7)",
    ];

    private static readonly Dictionary<string, string[]> RequiredSections = new()
    {
        ["3"] = ["NAME", "SYNOPSIS", "DESCRIPTION", "THREADS", "REENTRANCY", "NOTES", "EXAMPLES", "ERRORS", "SEE ALSO"],
        ["7"] = ["NAME", "DESCRIPTION", "SEE ALSO"],
    };

    private static readonly ILookup<string, Type> TypesByName = Repository.PublicTypes.ToLookup(PublicMembers.NameOf);

    [Test]
    public void Every_public_type_stands_in_the_NAME_of_exactly_one_page()
    {
        var pages = ManPage.All.Where(static page => page.Volume == "3").SelectMany(static page => page.Names, static (page, name) => (page, name))
            .ToLookup(static entry => entry.name, static entry => entry.page);

        Findings.None(
            TypesByName.Where(type => pages[type.Key].Count() != 1).Select(type => $"{type.Key}: {Count(pages[type.Key])}"));

        static string Count(IEnumerable<ManPage> pages) => pages.Any() ? string.Join(", ", pages) : "no page";
    }

    [Test]
    public void Every_public_member_is_mentioned_in_the_page_of_its_type() =>
        Findings.None(
            from page in ManPage.All
            from name in page.Names
            from type in TypesByName[name]
            from member in PublicMembers.Of(type)
            where !page.Words.Contains(member) && !IsErrno(type, member)
            select $"{page}: {name}.{member}");

    [Test]
    public void Every_name_in_a_NAME_a_SYNOPSIS_or_a_macro_exists() =>
        Findings.None(ManPage.All.SelectMany(static page => UnknownNames(page).Select(name => $"{page}: {name}")));

    [Test]
    public void Every_cross_reference_resolves() =>
        Findings.None(
            from page in ManPage.All
            from reference in page.References.Distinct()
            where !SystemPages.Contains(reference) && ManPage.All.All(other => other.ToString() != reference)
            select $"{page}: .Xr {reference}");

    [Test]
    public void Every_page_has_the_sections_that_its_volume_requires() =>
        Findings.None(
            from page in ManPage.All
            from section in RequiredSections[page.Volume].Except(page.Sections)
            select $"{page}: no section {section}");

    [Test]
    public void Every_page_passes_mandoc_lint()
    {
        var start = new ProcessStartInfo("mandoc", ["-Tlint", "-Wwarning", .. ManPage.All.Select(static page => page.Path)])
        {
            WorkingDirectory = Repository.Root,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        };

        try
        {
            using var mandoc = Process.Start(start)!;
            mandoc.StandardInput.Close();
            Assert.That(mandoc.StandardOutput.ReadToEnd(), Is.Empty);
            mandoc.WaitForExit();
        }
        catch (Win32Exception)
        {
            Assert.Ignore("mandoc is not installed");
        }
    }

    // The names of errno(3) are explained there.
    private static bool IsErrno(Type type, string member) => type == typeof(IvError) && !member.Any(char.IsAsciiLetterLower);

    private static IEnumerable<string> UnknownNames(ManPage page)
    {
        var names = page.Names.Concat(page.Types).Where(static name => IvName().IsMatch(name)).Concat(page.Members)
            .Concat(IvName().Matches(page["SYNOPSIS"]).Select(static m => m.Value));
        return names.Distinct().Where(static name => !Exists(name));
    }

    private static bool Exists(string name)
    {
        if (TypesByName.Contains(name))
        {
            return true;
        }

        // Type.Member of ours; a member alone, of any type of ours; what is not ours is not ours to check.
        var parts = name.Split('<', '(')[0].Split('.');
        return parts switch
        {
            [var one] when !char.IsUpper(one[0]) => true,
            [var one] => TypesByName.Contains(one) || Repository.PublicTypes.Any(type => PublicMembers.Has(type, one)),
            [var first, ..] when !TypesByName.Contains(first) => !first.StartsWith("Iv", StringComparison.Ordinal),
            [var first, var second, ..] => TypesByName[first].Any(type => PublicMembers.Has(type, second)),
            _ => false,
        };
    }

    [GeneratedRegex(@"\b(?:Iv|Simulated)[A-Z]\w*(?:\.[A-Z]\w*)?")]
    private static partial Regex IvName();
}
