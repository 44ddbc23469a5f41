namespace Ivy.Net.Polling;

/// <summary>Bugs that the tests plant in an engine, to prove that the model finds them. Never there outside of tests.</summary>
internal enum AfdBug
{
    None,

    /// <summary>A registration does not wait for the poll of the one before it.</summary>
    NoHeir,

    /// <summary>A block is given to the next registration before its packet was seen.</summary>
    FreedEarly,

    /// <summary>A packet is taken for one of whoever has the handle now.</summary>
    RoutedByHandle,

    /// <summary>A poll that asks for too little is left in flight.</summary>
    NotWidened,

    /// <summary>An answer that is of no interest ends the polling.</summary>
    NotRearmed,

    /// <summary>What was reported is not looked at again.</summary>
    EdgeTriggered,

    /// <summary>What is not wanted any more is reported.</summary>
    NotFiltered,

    /// <summary>An answer that came before the cancellation is dropped, with the poll.</summary>
    LostToCancel,

    /// <summary>A socket that was closed stays registered.</summary>
    ClosedKept,
}
