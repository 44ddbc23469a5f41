// The timers workload, once for all libraries. A peer defines, before it includes this,
//
//     timers_prepare(count)       makes the timers; none runs
//     add_timer(i, due)           starts timer i, due so many nanoseconds after the loop's idea of now
//     move_timer(i, due)          it runs: moves it to another time
//     postpone_timer(i, due)         it runs: moves it to a time that is not before the one it has
//     delete_timer(i)             it runs: stops it
//     timers_run(step)            runs the loop, with one call of step() from within; returns when no timer runs any more
//
// and calls timer_fired(i) for each timer that runs out. CONSTANT_DURATION: all timers have the same duration, an hour, and in the end
// 10 ms, after timers_use_short_duration(); the due times are not looked at, and there is no moving to anywhere.
//
// One repetition, all from the loop's own thread, in a callback: `count` times each
//
//     add     a time between one and two hours from now
//     move    any timer, to another such time
//     later   any timer, to two hours from now and 1 us more each time: what an idle timeout does
//     delete  all timers, in any order
//     fire    all are added once more, for 1 to 11 ms from now; when all are due, the loop is let go until the last has run.
//             CPU time, as libevent goes to sleep first: it goes by the time at which the callback began
//
// The numbers are drawn once, before, in the order of the arrays below.

#include "peer.h"

enum { HOURS = 3600 };
#define SECOND 1000000000LL
#define FIRE_FROM 1000000LL
#define FIRE_SPAN 10000000LL
#define ORDER_TOLERANCE 1000000LL       // libuv counts milliseconds
#define COARSE_CLOCK 20000000LL         // libevent reads a clock that lags behind by a tick of the kernel

static int timer_count;
static int64_t *add_due, *move_due, *fire_due;
static int *move_which, *later_which, *delete_which;
static int64_t fired, fired_sum, misordered, last_due, fire_end;
static int64_t expected_fired;

static void timers_draw(int count)
{
    timer_count = count;
    add_due = malloc(sizeof *add_due * (size_t)count);
    move_due = malloc(sizeof *move_due * (size_t)count);
    fire_due = malloc(sizeof *fire_due * (size_t)count);
    move_which = malloc(sizeof *move_which * (size_t)count);
    later_which = malloc(sizeof *later_which * (size_t)count);
    delete_which = malloc(sizeof *delete_which * (size_t)count);
    if (!add_due || !move_due || !fire_due || !move_which || !later_which || !delete_which) die("malloc");
    for (int i = 0; i < count; i++) add_due[i] = HOURS * SECOND + (int64_t)random_below(HOURS * 1000000ULL) * 1000;
    for (int i = 0; i < count; i++) move_which[i] = (int)random_below((uint64_t)count);
    for (int i = 0; i < count; i++) move_due[i] = HOURS * SECOND + (int64_t)random_below(HOURS * 1000000ULL) * 1000;
    for (int i = 0; i < count; i++) later_which[i] = (int)random_below((uint64_t)count);
    for (int i = 0; i < count; i++) delete_which[i] = i;
    for (int i = count - 1; i > 0; i--) {
        int j = (int)random_below((uint64_t)i + 1), other = delete_which[i];
        delete_which[i] = delete_which[j];
        delete_which[j] = other;
    }

    for (int i = 0; i < count; i++) fire_due[i] = FIRE_FROM + (int64_t)random_below(FIRE_SPAN);
#ifdef CONSTANT_DURATION
    for (int i = 0; i < count; i++) fire_due[i] = i * ORDER_TOLERANCE;     // which only says that they run in this order
#endif
}

static inline void timer_fired(int i)
{
    if (fire_due[i] + ORDER_TOLERANCE <= last_due) misordered++;
    else if (fire_due[i] > last_due) last_due = fire_due[i];
    fired_sum += i;
    if (++fired == expected_fired) fire_end = cpu_ns();
}

static int64_t fire_begin;

static void one_step(void)
{
    int n = timer_count;
    int64_t begin = now_ns(), end;
    for (int i = 0; i < n; i++) add_timer(i, add_due[i]);
    end = now_ns();
    figure("add", (double)(end - begin) / n);
#ifndef CONSTANT_DURATION
    begin = now_ns();
    for (int i = 0; i < n; i++) move_timer(move_which[i], move_due[i]);
    end = now_ns();
    figure("move", (double)(end - begin) / n);
#endif
    begin = now_ns();
    for (int i = 0; i < n; i++) postpone_timer(later_which[i], 2 * HOURS * SECOND + i * 1000LL);
    end = now_ns();
    figure("later", (double)(end - begin) / n);
    begin = now_ns();
    for (int i = 0; i < n; i++) delete_timer(delete_which[i]);
    end = now_ns();
    figure("delete", (double)(end - begin) / n);

    last_due = 0;
    expected_fired += n;
#ifdef CONSTANT_DURATION
    timers_use_short_duration();
#endif
    begin = now_ns();
    for (int i = 0; i < n; i++) add_timer(i, fire_due[i]);
    end = now_ns() + FIRE_FROM + FIRE_SPAN + COARSE_CLOCK;
    while (now_ns() < end) { }
    fire_begin = cpu_ns();
}

// At least once.
static void repeat(int64_t span)
{
    int64_t begin = now_ns();
    do {
        fire_end = 0;
        timers_run(one_step);
        if (fire_end == 0) break;
        figure("fire", (double)(fire_end - fire_begin) / timer_count);
    } while (now_ns() - begin < span);
}

int main(int argc, char **argv)
{
    peer_begin(argc, argv);
    timers_draw((int)parameter("count", 10000));
    timers_prepare(timer_count);
    repeat(parameter("warm", 1000) * 1000000);
    figures_clear();
    repeat(parameter("run", 700) * 1000000);

    // Per repetition, so that the number of repetitions does not matter.
    int64_t repetitions = expected_fired / timer_count;
    char checks[200];
    snprintf(checks, sizeof checks, "\"fired\":%lld,\"sum\":%lld,\"misordered\":%lld",
        (long long)(fired / repetitions), (long long)(fired_sum / repetitions), (long long)misordered);
    figures_print(checks);
    return 0;
}
