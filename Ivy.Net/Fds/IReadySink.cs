using Ivy.Net.Polling;

namespace Ivy.Net;

/// <summary>Who takes all bands of a descriptor at once instead of having a handler for each, and says itself what is wanted.</summary>
internal interface IReadySink
{
    /// <summary>What the poller is asked for. Who changes it tells <see cref="FdTable.MarkChanged"/>.</summary>
    IvBands Interest { get; }

    /// <summary>The descriptor is ready; or, with an error, the poller refused a change of interest, and has dropped it.</summary>
    void OnReady(IvBands bands, IvError refused);
}
