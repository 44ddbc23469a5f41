// libevent: evtimer, in its heap.

#include "peer.h"
#include <event2/event.h>
#include <event2/event_struct.h>

static void timer_fired(int i);
static struct event_base *base;
static struct event *timers, step_event;

static void on_timer(int fd, short what, void *event)
{
    (void)fd, (void)what;
    timer_fired((int)((struct event *)event - timers));
}

static void on_step(int fd, short what, void *step)
{
    (void)fd, (void)what;
    ((void (*)(void))step)();
}

// A running event is moved, too.
static inline void add_timer(int i, long long due)
{
    struct timeval after = { .tv_sec = due / 1000000000, .tv_usec = due % 1000000000 / 1000 };
    event_add(&timers[i], &after);
}

static inline void delete_timer(int i)
{
    event_del(&timers[i]);
}

#define move_timer add_timer
#define postpone_timer add_timer

static void timers_run(void (*step)(void))
{
    struct timeval at_once = { 0, 0 };
    event_assign(&step_event, base, -1, 0, on_step, step);
    event_add(&step_event, &at_once);
    event_base_dispatch(base);
}

static void timers_prepare(int count)
{
    // As the others do it: without locks.
    struct event_config *config = event_config_new();
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    base = event_base_new_with_config(config);
    timers = malloc(sizeof *timers * (size_t)count);
    for (int i = 0; i < count; i++) event_assign(&timers[i], base, -1, 0, on_timer, &timers[i]);
}

#include "timers.h"
