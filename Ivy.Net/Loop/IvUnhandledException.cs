namespace Ivy.Net;

/// <summary>An exception that a handler threw.</summary>
/// <param name="Loop">The loop that ran the handler.</param>
/// <param name="Subject">The object whose handler it was, null for a posted callback.</param>
/// <param name="Exception">What was thrown.</param>
public sealed record IvUnhandledException(IvLoop Loop, IvObject? Subject, Exception Exception);
