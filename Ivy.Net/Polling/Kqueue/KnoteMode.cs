namespace Ivy.Net.Polling;

/// <summary>How a descriptor is watched by one filter; a re-ADD does not change it, only DELETE and ADD do.</summary>
internal enum KnoteMode : byte
{
    /// <summary>The kernel has no knote of this filter.</summary>
    Absent,

    /// <summary>Reported as long as it is ready.</summary>
    Level,

    /// <summary>
    /// For the end and errors alone: EV_CLEAR, and a low-water mark that no data reach. macOS cuts the mark to the size of the
    /// buffer, so a full buffer is reported, once for each change of it instead of for ever.
    /// </summary>
    Quiet,
}
