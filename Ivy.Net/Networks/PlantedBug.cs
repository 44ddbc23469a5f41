namespace Ivy.Net;

/// <summary>
/// Bugs that the tests plant, to prove that the simulation finds them within 1,000 seeds. Never active outside of tests.
/// </summary>
internal enum PlantedBug
{
    None,

    /// <summary>The simulated poller reports what is still readable after a partial read only when more comes.</summary>
    EdgeTriggeredRead,

    /// <summary>The simulated network loses a FIN now and then: the peer never sees the end.</summary>
    LostClose,

    /// <summary>The loop runs timers up to a millisecond before their deadline.</summary>
    EarlyTimer,

    /// <summary>The loop does not wake its poller for a post that it should.</summary>
    LostWakeup,

    /// <summary>The loop delivers an event to whoever has the slot now.</summary>
    StaleToken,

    /// <summary>The loop forgets a change of interest.</summary>
    LostInterest,

    /// <summary>The loop runs posts of one producer in another order.</summary>
    ReorderedPosts,

    /// <summary>The loop tells of the hang-up before the data that came first.</summary>
    HangupBeforeData,

    /// <summary>The loop goes on with a batch after a handler unregistered one of it.</summary>
    CallAfterUnregister,

    /// <summary>A timer that was stopped while it was about to run runs.</summary>
    StoppedTimerRuns,

    /// <summary>What a short write left over is dropped.</summary>
    DroppedShortWrite,
}
