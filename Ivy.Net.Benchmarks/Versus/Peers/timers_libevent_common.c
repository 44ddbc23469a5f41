// libevent: common timeouts, a queue for each duration. What they are made for: all timers have the same duration.

#include "peer.h"
#include <event2/event.h>
#include <event2/event_struct.h>

#define CONSTANT_DURATION

static void timer_fired(int i);
static struct event_base *base;
static struct event *timers, step_event;
static const struct timeval *hour, *milliseconds, *duration;

static void on_timer(int fd, short what, void *event)
{
    (void)fd, (void)what;
    timer_fired((int)((struct event *)event - timers));
}

static void on_step(int fd, short what, void *step)
{
    (void)fd, (void)what;
    duration = hour;
    ((void (*)(void))step)();
}

static inline void add_timer(int i, long long unused)
{
    (void)unused;
    event_add(&timers[i], duration);
}

static inline void delete_timer(int i)
{
    event_del(&timers[i]);
}

#define postpone_timer add_timer

static void timers_use_short_duration(void)
{
    duration = milliseconds;
}

static void timers_run(void (*step)(void))
{
    struct timeval at_once = { 0, 0 };
    event_assign(&step_event, base, -1, 0, on_step, step);
    event_add(&step_event, &at_once);
    event_base_dispatch(base);
}

static void timers_prepare(int count)
{
    struct timeval one_hour = { 3600, 0 }, ten_milliseconds = { 0, 10000 };
    struct event_config *config = event_config_new();
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    base = event_base_new_with_config(config);
    hour = event_base_init_common_timeout(base, &one_hour);
    milliseconds = event_base_init_common_timeout(base, &ten_milliseconds);
    timers = malloc(sizeof *timers * (size_t)count);
    for (int i = 0; i < count; i++) event_assign(&timers[i], base, -1, 0, on_timer, &timers[i]);
}

#include "timers.h"
