// ivykis: iv_event, one for each loop.

#include "peer.h"
#include <iv.h>
#include <iv_event.h>

struct receiver {
    struct iv_event event;
};

static void received(struct receiver *r);

static void on_event(void *cookie)
{
    received(cookie);
}

static void receiver_begin(struct receiver *r)
{
    iv_init();
    IV_EVENT_INIT(&r->event);
    r->event.cookie = r;
    r->event.handler = on_event;
    iv_event_register(&r->event);
}

static inline void receiver_post(struct receiver *r)
{
    iv_event_post(&r->event);
}

static void receiver_run(struct receiver *r)
{
    (void)r;
    iv_main();
    iv_deinit();
}

static void receiver_stop(struct receiver *r)
{
    (void)r;
    iv_quit();
}

#include "posts.h"
