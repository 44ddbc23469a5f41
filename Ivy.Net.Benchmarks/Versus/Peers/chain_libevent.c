// libevent: persistent events.

#include "peer.h"
#include <event2/event.h>
#include <event2/event_struct.h>

static void readable(int i);
static struct event_base *base;
static struct event *watches;

static void on_readable(int fd, short what, void *event)
{
    (void)fd, (void)what;
    readable((int)((struct event *)event - watches));
}

static void loop_prepare(int count)
{
    struct event_config *config = event_config_new();
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    base = event_base_new_with_config(config);
    watches = malloc(sizeof *watches * (size_t)count);
    if (base == NULL || watches == NULL) die("event_base_new");
}

static void watch_prepare(int i, int fd)
{
    event_assign(&watches[i], base, fd, EV_READ | EV_PERSIST, on_readable, &watches[i]);
}

static void watch(int i)
{
    if (event_add(&watches[i], NULL) != 0) die("event_add");
}

static inline void unwatch(int i)
{
    event_del(&watches[i]);
}

static void loop_stop(void)
{
    event_base_loopbreak(base);
}

static void loop_run(void)
{
    event_base_dispatch(base);
}

#include "chain.h"
