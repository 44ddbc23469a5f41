namespace Ivy.Net;

/// <summary>Where a <see cref="WorkItem"/> is.</summary>
internal enum WorkStage : byte
{
    /// <summary>With whoever submits it.</summary>
    Preparing,

    /// <summary>Its token fired while it was being submitted.</summary>
    CancelledEarly,

    /// <summary>In the queue.</summary>
    Queued,

    /// <summary>With a worker, or on its way home.</summary>
    Taken,
}
