using Ivy.Net.Benchmarks.Versus.Running;

namespace Ivy.Net.Benchmarks.Versus;

/// <summary>What the command line asks for.</summary>
internal sealed record VersusOptions
{
    public const int FullRounds = 7;
    public const int QuickRounds = 3;

    /// <summary>By name; all if there is none.</summary>
    public IReadOnlyList<string> Workloads { get; init; } = [];

    public Scale Scale { get; init; }

    /// <summary>Null: as many as the scale has.</summary>
    public int? Rounds { get; init; }

    /// <summary>Only cases whose parameters contain one of these.</summary>
    public IReadOnlyList<string> Cases { get; init; } = [];

    /// <summary>Only subjects whose name contains one of these.</summary>
    public IReadOnlyList<string> Subjects { get; init; } = [];

    public FileInfo? Json { get; init; }

    public IReadOnlyList<FileInfo> Markdown { get; init; } = [];

    public DirectoryInfo? Svg { get; init; }

    /// <summary>For what is measured, and for what loads it.</summary>
    public (int Subject, int Load) Cores { get; init; } = (0, 1);

    /// <summary>The command, as it goes into the report.</summary>
    public string Command { get; init; } = string.Empty;

    public int EffectiveRounds => Rounds ?? (Scale switch { Scale.Full => FullRounds, Scale.Quick => QuickRounds, _ => 1 });

    /// <summary>The rounds, and what to think of them.</summary>
    public string RoundsText => Scale switch
    {
        Scale.Smoke => $"{RoundsWord} of tiny sizes: the figures mean nothing",
        Scale.Quick => $"{RoundsWord}, quick: to see where one stands, not to publish",
        _ => EffectiveRounds < FullRounds ? $"{RoundsWord}: too few to publish" : RoundsWord,
    };

    private string RoundsWord => EffectiveRounds == 1 ? "1 round" : $"{EffectiveRounds} rounds";
}
