using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Files;

/// <summary>Does at random what can be done to a tree, from one seed.</summary>
internal sealed class TreeDisk(string root, string outside, int seed)
{
    private readonly Random _random = new(seed);
    private int _names;

    public static SortedSet<string> List(string root)
    {
        var all = new SortedSet<string>(StringComparer.Ordinal);
        Add(root);
        return all;

        void Add(string folder)
        {
            foreach (string path in Directory.EnumerateFileSystemEntries(folder))
            {
                all.Add(path);
                if (IsFolder(path))
                {
                    Add(path);
                }
            }
        }
    }

    /// <summary>One operation; those that the disk refuses are left out.</summary>
    public string Act()
    {
        string what = "nothing";
        try
        {
            what = _random.Next(15) switch
            {
                0 or 1 => MakeFolder(),
                2 => MakeDeepFolder(),
                3 or 4 or 5 => MakeFile(),
                6 => Change(),
                7 => DeleteFile(),
                8 => DeleteFolder(),
                9 => MoveWithin(folders: true),
                10 => MoveWithin(folders: false),
                11 => MoveOut(),
                12 => MoveIn(),
                13 => Link(),
                _ => Exchange(),
            };
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The name is taken, or something else has changed meanwhile.
        }

        return what;
    }

    private static bool IsFolder(string path) => (new FileInfo(path).Attributes & (FileAttributes.Directory | FileAttributes.ReparsePoint)) == FileAttributes.Directory;

    // Few names, so that they meet.
    private string NewName() => ((char)('a' + _random.Next(6))).ToString();

    private string? Pick(bool folders, bool withRoot)
    {
        var found = new List<string>();
        foreach (string path in List(root))
        {
            if (IsFolder(path) == folders)
            {
                found.Add(path);
            }
        }

        if (withRoot)
        {
            found.Add(root);
        }

        return found.Count == 0 ? null : found[_random.Next(found.Count)];
    }

    private string Fresh() => Path.Combine(Pick(folders: true, withRoot: true)!, NewName());

    private string MakeFolder()
    {
        string path = Fresh();
        Directory.CreateDirectory(path);
        return $"mkdir {path}";
    }

    private string MakeDeepFolder()
    {
        string path = Path.Combine(Fresh(), NewName(), NewName());
        Directory.CreateDirectory(path);
        File.WriteAllText(Path.Combine(path, "deep"), "x");
        return $"mkdir -p {path}";
    }

    private string MakeFile()
    {
        string path = Fresh();
        File.WriteAllText(path, "x");
        return $"create {path}";
    }

    private string Change()
    {
        if (Pick(folders: false, withRoot: false) is { } path)
        {
            File.AppendAllText(path, "y");
        }

        return "write";
    }

    private string DeleteFile()
    {
        string? path = Pick(folders: false, withRoot: false);
        if (path is not null)
        {
            File.Delete(path);
        }

        return $"rm {path}";
    }

    private string DeleteFolder()
    {
        string? path = Pick(folders: true, withRoot: false);
        if (path is not null)
        {
            Directory.Delete(path, recursive: true);
        }

        return $"rm -r {path}";
    }

    private string MoveWithin(bool folders)
    {
        string? path = Pick(folders, withRoot: false);
        string target = Fresh();
        if (path is not null)
        {
            Native.Rename(path, target);
        }

        return $"mv {path} {target}";
    }

    private string MoveOut()
    {
        string? path = Pick(folders: _random.Next(2) == 0, withRoot: false);
        string target = Path.Combine(outside, $"{_names++}");
        if (path is not null)
        {
            Native.Rename(path, target);
        }

        return $"mv {path} {target}";
    }

    private string MoveIn()
    {
        string source = Path.Combine(outside, $"{_names++}");
        if (_random.Next(2) == 0)
        {
            File.WriteAllText(source, "x");
        }
        else
        {
            string[] back = Directory.GetDirectories(outside);
            source = back.Length > 0 ? back[_random.Next(back.Length)] : source;
            Directory.CreateDirectory(Path.Combine(source, NewName(), NewName()));
        }

        string target = Fresh();
        Native.Rename(source, target);
        return $"mv {source} {target}";
    }

    private string Link()
    {
        string path = Fresh();
        File.CreateSymbolicLink(path, root);
        return $"ln -s {path}";
    }

    private string Exchange()
    {
        string? one = Pick(folders: _random.Next(2) == 0, withRoot: false);
        string? other = Pick(folders: _random.Next(2) == 0, withRoot: false);
        if (one is not null && other is not null && one != other)
        {
            Native.Exchange(one, other);
        }

        return $"exchange {one} {other}";
    }
}
