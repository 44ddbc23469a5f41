// libev: ev_io.

#include "peer.h"
#include <ev.h>

static void readable(int i);
static struct ev_loop *loop;
static ev_io *watches;

static void on_readable(struct ev_loop *l, ev_io *io, int what)
{
    (void)l, (void)what;
    readable((int)(io - watches));
}

static void loop_prepare(int count)
{
    loop = ev_default_loop(EVBACKEND_EPOLL);
    watches = malloc(sizeof *watches * (size_t)count);
    if (loop == NULL || watches == NULL) die("ev_default_loop");
}

static void watch_prepare(int i, int fd)
{
    ev_io_init(&watches[i], on_readable, fd, EV_READ);
}

static void watch(int i)
{
    ev_io_start(loop, &watches[i]);
}

static inline void unwatch(int i)
{
    ev_io_stop(loop, &watches[i]);
}

static void loop_stop(void)
{
    ev_break(loop, EVBREAK_ONE);
}

static void loop_run(void)
{
    ev_run(loop, 0);
}

#include "chain.h"
