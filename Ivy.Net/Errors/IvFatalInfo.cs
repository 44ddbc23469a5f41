namespace Ivy.Net;

/// <summary>A fatal condition, as the handler of <see cref="IvFatal"/> gets it.</summary>
/// <param name="Id">The stable id, as in <c>IVF0012</c>; ivy-fatal(7) lists them all.</param>
/// <param name="Message">What object, in what state, which rule, what to do instead. Begins with the id.</param>
/// <param name="Reason">Misuse or Internal.</param>
/// <param name="Subject">The object that it is about, if there is one.</param>
/// <param name="Exception">The exception behind it, if there is one.</param>
public sealed record IvFatalInfo(string Id, string Message, IvFatalReason Reason, object? Subject, Exception? Exception);
