using Ivy.Net.Interop.Bsd;

namespace Ivy.Net.Tests.Support;

/// <summary>A knote of the model.</summary>
internal sealed class KqueueModelKnote(KqueueEvent added, KqueueModelFile? file)
{
    /// <summary>What a re-ADD does not change.</summary>
    private const ushort Sticky = KqueueNumbers.EV_CLEAR | KqueueNumbers.EV_ONESHOT | KqueueNumbers.EV_DISPATCH;

    private KqueueEvent _asked = added;

    public KqueueModelFile? File => file;

    public nuint Ident => _asked.Ident;

    public short Filter => _asked.Filter;

    public ushort Flags { get; } = (ushort)(added.Flags & Sticky);

    public uint FilterFlags => _asked.FilterFlags;

    public bool IsDisabled { get; set; } = (added.Flags & KqueueNumbers.EV_DISABLE) != 0;

    /// <summary>On the queue's list of what may be ready.</summary>
    public bool IsListed { get; set; }

    /// <summary>Taken out of the queue.</summary>
    public bool IsGone { get; set; }

    /// <summary>Of a user event.</summary>
    public bool IsTriggered { get; set; }

    /// <summary>FreeBSD has marked it so, with the end of a pipe.</summary>
    public bool EndsWithNext { get; private set; }

    /// <summary>Each change overwrites all of these.</summary>
    public void Overwrite(KqueueEvent change)
    {
        _asked.FilterFlags = change.FilterFlags;
        _asked.Data = change.Data;
        _asked.UserData = change.UserData;
    }

    /// <summary>The event, if there is one.</summary>
    public bool TryReport(KqueueDialect dialect, out KqueueEvent report)
    {
        report = new KqueueEvent { Ident = _asked.Ident, Filter = _asked.Filter, Flags = Flags, UserData = _asked.UserData };
        if (file is null)
        {
            return IsTriggered;
        }

        if (_asked.Filter == dialect.UrgentFilter)
        {
            report.FilterFlags = KqueueNumbers.NOTE_OOB;
            return file.Urgent().IsReady;
        }

        bool hasMark = (_asked.FilterFlags & KqueueNumbers.NOTE_LOWAT) != 0;
        KqueueModelFile.State state = _asked.Filter == KqueueNumbers.EVFILT_READ ? file.Read(hasMark, _asked.Data) : file.Write(hasMark, _asked.Data);
        EndsWithNext = state.EndsKnote;
        report.Data = state.Data;
        report.FilterFlags = state.Error;
        report.Flags |= (ushort)((state.IsEnd ? KqueueNumbers.EV_EOF : 0) | (state.EndsKnote ? KqueueNumbers.EV_ONESHOT : 0));
        return state.IsReady;
    }
}
