// libuv: uv_timer, milliseconds. uv_timer_start moves a running one.

#include "peer.h"
#include <uv.h>

static void timer_fired(int i);
static uv_loop_t *loop;
static uv_timer_t *timers, step_timer;

static void on_timer(uv_timer_t *timer)
{
    timer_fired((int)(timer - timers));
}

static void on_step(uv_timer_t *timer)
{
    ((void (*)(void))timer->data)();
}

static inline void add_timer(int i, long long due)
{
    uv_timer_start(&timers[i], on_timer, (unsigned long long)(due + 999999) / 1000000, 0);
}

#define move_timer add_timer
#define postpone_timer add_timer

static inline void delete_timer(int i)
{
    uv_timer_stop(&timers[i]);
}

static void timers_run(void (*step)(void))
{
    uv_timer_init(loop, &step_timer);
    step_timer.data = step;
    uv_timer_start(&step_timer, on_step, 0, 0);
    uv_run(loop, UV_RUN_DEFAULT);
}

static void timers_prepare(int count)
{
    loop = uv_default_loop();
    timers = malloc(sizeof *timers * (size_t)count);
    for (int i = 0; i < count; i++) uv_timer_init(loop, &timers[i]);
}

#include "timers.h"
