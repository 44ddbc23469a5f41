using System.Runtime.CompilerServices;
using Ivy.Net.Interop.Linux;

namespace Ivy.Net.Polling;

/// <summary>An io_uring(7) of one thread: the queue of what the kernel is asked for, and the ring of its answers.</summary>
/// <remarks>
/// <para>R1: an entry that was written is submitted by the next <see cref="Enter"/>, or kept for the one after it: how many the
/// kernel has taken is read from its own head, never counted here. So no error of the call loses or doubles one.</para>
/// <para>R2: the ring is bound to the thread that enters first, not to the one that made it: it is made disabled.</para>
/// <para>R3: both heads and both tails are read with acquire and written with release, for the kernel reads and writes them while
/// we do; no full fence is needed as long as no thread of the kernel's polls the queue (SQPOLL).</para>
/// </remarks>
internal sealed unsafe class UringRing : IDisposable
{
    private readonly DescriptorHandle _ring;
    private readonly uint _entries;
    private readonly uint _mask;
    private readonly uint _answerMask;
    private readonly nuint _ringsLength;
    private readonly nuint _submissionsLength;
    private readonly List<UringCompletion> _spilled = [];
    private byte* _rings;
    private UringSubmission* _submissions;
    private uint* _head;
    private uint* _tail;
    private uint* _flags;
    private uint* _answerHead;
    private uint* _answerTail;
    private UringCompletion* _answers;
    private uint _nextTail;
    private uint _nextAnswer;
    private int _nextSpilled;
    private bool _isEnabled;

    private UringRing(DescriptorHandle ring, UringParameters parameters)
    {
        _ring = ring;
        _entries = parameters.SubmissionEntries;
        _mask = _entries - 1;
        _answerMask = parameters.CompletionEntries - 1;
        SetUpFlags = parameters.Flags;
        _ringsLength = Math.Max(
            parameters.Submission.Array + (_entries * sizeof(uint)),
            parameters.Completion.Entry + (parameters.CompletionEntries * (uint)sizeof(UringCompletion)));
        _submissionsLength = _entries * (uint)sizeof(UringSubmission);
    }

    /// <summary>The descriptor.</summary>
    public int Fd => _ring.Fd;

    /// <summary>What the kernel was asked for and agreed to.</summary>
    public uint SetUpFlags { get; }

    /// <summary>How many entries fit between two calls.</summary>
    public int Capacity => (int)_entries;

    /// <summary>How many entries have been written, and not taken by the kernel.</summary>
    public int Pending => (int)(_nextTail - Volatile.Read(ref *_head));

    /// <summary>Makes a ring with the best of what this kernel has.</summary>
    /// <param name="entries">How many entries fit between two calls; more of them cost a call each time.</param>
    /// <param name="answers">How many answers fit; the kernel keeps more of them elsewhere, at a price.</param>
    /// <exception cref="IvException">The kernel refused; the message says what to do.</exception>
    public static UringRing Create(uint entries, uint answers)
    {
        var parameters = default(UringParameters);
        int fd = UringSetUp.Open(entries, answers, ref parameters);
        var handle = new DescriptorHandle(fd);
        var ring = new UringRing(handle, parameters);
        IvError error = ring.Map(parameters);
        if (error != IvError.None)
        {
            ring.Dispose();
            throw UringSetUp.Refused(error, "mmap");
        }

        return ring;
    }

    /// <summary>
    /// An entry to fill, of zeros. It is submitted by the next <see cref="Enter"/>, or by this if there is no room for another.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public UringSubmission* Next()
    {
        if (_nextTail - Volatile.Read(ref *_head) == _entries)
        {
            Submit();
        }

        UringSubmission* entry = &_submissions[_nextTail++ & _mask];
        *entry = default;
        return entry;
    }

    /// <summary>Submits what was written, and waits.</summary>
    /// <param name="complete">For how many answers to wait; 0 only looks.</param>
    /// <param name="nanoseconds">How long at most; negative for ever.</param>
    /// <returns>0 or more, or a negative errno; ETIME at the end of the time. What was written is not lost by any of them.</returns>
    public int Enter(uint complete, long nanoseconds)
    {
        if (!_isEnabled)
        {
            int enabled = Sys.IoUringRegister(_ring.Fd, UringConstants.IORING_REGISTER_ENABLE_RINGS, null, 0);
            if (enabled < 0)
            {
                return enabled;
            }

            _isEnabled = true;
        }

        Volatile.Write(ref *_tail, _nextTail);
        uint submit = (uint)Pending;
        if (nanoseconds < 0 || complete == 0)
        {
            return Sys.IoUringEnter(_ring.Fd, submit, complete, UringConstants.IORING_ENTER_GETEVENTS, null);
        }

        TimeSpec timeout = TimeSpec.Of(nanoseconds);
        var argument = new UringWaitArgument { Timeout = (ulong)&timeout };
        return Sys.IoUringEnter(_ring.Fd, submit, complete, UringConstants.IORING_ENTER_GETEVENTS | UringConstants.IORING_ENTER_EXT_ARG, &argument);
    }

    /// <summary>Submits what was written, whatever it takes, and lets the kernel do what it has put off; does not wait.</summary>
    public void Submit()
    {
        // Interrupted, it tries again; out of memory for requests (EAGAIN) or full of answers (EBUSY), when those are taken away.
        const int MostRefusals = 1000;
        for (int refusals = 0; refusals < MostRefusals;)
        {
            int result = Enter(0, 0);
            if (result >= 0 && Pending == 0)
            {
                return;
            }

            if (result is 0 or -(int)IvError.EAGAIN or -(int)IvError.EBUSY)
            {
                Spill();
                refusals++;
            }
            else if (result < 0 && result != -Sys.EINTR)
            {
                RaiseFailed(result);
            }
        }

        RaiseFailed(-(int)IvError.EBUSY);
    }

    /// <summary>
    /// As <see cref="Submit"/>, and goes on until the kernel has done what it has put off: it does some twenty things at a time, and
    /// what was submitted last may lie behind them.
    /// </summary>
    public void SubmitAndSettle()
    {
        const uint ManyAnswers = 16;
        uint before;
        do
        {
            Spill();
            before = Volatile.Read(ref *_answerTail);
            Submit();
        }
        while (Volatile.Read(ref *_answerTail) - before >= ManyAnswers);
    }

    /// <summary>The next answer, if there is one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryTake(out UringCompletion answer)
    {
        if (_nextSpilled < _spilled.Count)
        {
            answer = TakeSpilled();
            return true;
        }

        if (_nextAnswer == Volatile.Read(ref *_answerTail))
        {
            answer = default;
            return false;
        }

        answer = _answers[_nextAnswer & _answerMask];
        Volatile.Write(ref *_answerHead, ++_nextAnswer);
        return true;
    }

    /// <summary>Whether an answer is there to be taken without a call.</summary>
    public bool HasAnswer => _nextSpilled < _spilled.Count || _nextAnswer != Volatile.Read(ref *_answerTail);

    /// <summary>Whether the kernel keeps answers for which the ring has no room.</summary>
    public bool HasOverflow => (Volatile.Read(ref *_flags) & UringConstants.IORING_SQ_CQ_OVERFLOW) != 0;

    /// <summary>The kernel refused to take the queue or to wait: nobody can go on.</summary>
    public void RaiseFailed(int result) => IvFatal.Raise(
        FatalCondition.PollFailed,
        $"io_uring: waiting failed: {Sys.Error(result).Describe()}. Something closed the loop's descriptor {_ring.Fd}, which it does not own, or the kernel is out of memory.",
        this);

    public void Dispose()
    {
        _ring.Dispose();
        Sys.Unmap(_rings, _ringsLength);
        Sys.Unmap((byte*)_submissions, _submissionsLength);
        _rings = null;
        _submissions = null;
    }

    private IvError Map(UringParameters parameters)
    {
        IvError error = Sys.Map(_ringsLength, _ring.Fd, UringConstants.IORING_OFF_SQ_RING, out _rings);
        if (error != IvError.None)
        {
            return error;
        }

        error = Sys.Map(_submissionsLength, _ring.Fd, UringConstants.IORING_OFF_SQES, out byte* submissions);
        if (error != IvError.None)
        {
            return error;
        }

        // SAFETY: the offsets are the kernel's own, and lie within the memory that was just mapped with it.
        _submissions = (UringSubmission*)submissions;
        _head = (uint*)(_rings + parameters.Submission.Head);
        _tail = (uint*)(_rings + parameters.Submission.Tail);
        _flags = (uint*)(_rings + parameters.Submission.Flags);
        _answerHead = (uint*)(_rings + parameters.Completion.Head);
        _answerTail = (uint*)(_rings + parameters.Completion.Tail);
        _answers = (UringCompletion*)(_rings + parameters.Completion.Entry);
        _nextTail = *_tail;
        _nextAnswer = *_answerHead;

        // The array between ring and entries could change their order; it never does.
        uint* array = (uint*)(_rings + parameters.Submission.Array);
        for (uint i = 0; i < _entries; i++)
        {
            array[i] = i;
        }

        return IvError.None;
    }

    // Out of the ring, in their order, so that the kernel has room for more.
    private void Spill()
    {
        while (_nextAnswer != Volatile.Read(ref *_answerTail))
        {
            _spilled.Add(_answers[_nextAnswer & _answerMask]);
            Volatile.Write(ref *_answerHead, ++_nextAnswer);
        }
    }

    private UringCompletion TakeSpilled()
    {
        UringCompletion answer = _spilled[_nextSpilled++];
        if (_nextSpilled == _spilled.Count)
        {
            _spilled.Clear();
            _nextSpilled = 0;
        }

        return answer;
    }
}
