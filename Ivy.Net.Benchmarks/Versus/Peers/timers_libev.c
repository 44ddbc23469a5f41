// libev: ev_timer. ev_timer_again moves a running one within the heap, and is used as it is meant to be: with `repeat` as the
// time that is left.

#include "peer.h"
#include <ev.h>

static void timer_fired(int i);
static struct ev_loop *loop;
static ev_timer *timers, step_timer;

static void on_timer(struct ev_loop *l, ev_timer *timer, int events)
{
    (void)events;
    timer->repeat = 0;
    ev_timer_stop(l, timer);
    timer_fired((int)(timer - timers));
}

static void on_step(struct ev_loop *l, ev_timer *timer, int events)
{
    (void)l, (void)events;
    ((void (*)(void))timer->data)();
}

static inline void add_timer(int i, long long due)
{
    ev_timer_set(&timers[i], (double)due * 1e-9, 0.);
    ev_timer_start(loop, &timers[i]);
}

static inline void move_timer(int i, long long due)
{
    timers[i].repeat = (double)due * 1e-9;
    ev_timer_again(loop, &timers[i]);
}

#define postpone_timer move_timer

static inline void delete_timer(int i)
{
    ev_timer_stop(loop, &timers[i]);
}

static void timers_run(void (*step)(void))
{
    ev_timer_init(&step_timer, on_step, 0., 0.);
    step_timer.data = step;
    ev_timer_start(loop, &step_timer);
    ev_run(loop, 0);
}

static void timers_prepare(int count)
{
    loop = ev_default_loop(EVBACKEND_EPOLL);
    timers = malloc(sizeof *timers * (size_t)count);
    for (int i = 0; i < count; i++) ev_timer_init(&timers[i], on_timer, 0., 0.);
}

#include "timers.h"
