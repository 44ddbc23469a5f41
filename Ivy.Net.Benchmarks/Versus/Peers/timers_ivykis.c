// ivykis: iv_timer, absolute times.

#include "peer.h"
#include <iv.h>

static void timer_fired(int i);
static struct iv_timer *timers;
static struct iv_task step_task;

static void on_timer(void *cookie)
{
    timer_fired((int)((struct iv_timer *)cookie - timers));
}

static void on_step(void *step)
{
    ((void (*)(void))step)();
}

static inline void set(int i, long long due)
{
    struct timespec at = *__iv_now_location_valid();
    at.tv_sec += due / 1000000000;
    at.tv_nsec += due % 1000000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }

    timers[i].expires = at;
}

static inline void add_timer(int i, long long due)
{
    set(i, due);
    iv_timer_register(&timers[i]);
}

static inline void delete_timer(int i)
{
    iv_timer_unregister(&timers[i]);
}

static inline void move_timer(int i, long long due)
{
    iv_timer_unregister(&timers[i]);
    add_timer(i, due);
}

#define postpone_timer move_timer

static void timers_run(void (*step)(void))
{
    IV_TASK_INIT(&step_task);
    step_task.handler = on_step;
    step_task.cookie = step;
    iv_task_register(&step_task);
    iv_main();
}

static void timers_prepare(int count)
{
    iv_init();
    timers = malloc(sizeof *timers * (size_t)count);
    for (int i = 0; i < count; i++) {
        IV_TIMER_INIT(&timers[i]);
        timers[i].handler = on_timer;
        timers[i].cookie = &timers[i];
    }
}

#include "timers.h"
