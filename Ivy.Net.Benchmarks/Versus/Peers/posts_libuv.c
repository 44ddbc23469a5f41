// libuv: uv_async, one for each loop.

#include "peer.h"
#include <uv.h>

struct receiver {
    uv_loop_t loop;
    uv_async_t async;
};

static void received(struct receiver *r);

static void on_async(uv_async_t *async)
{
    received(async->data);
}

static void receiver_begin(struct receiver *r)
{
    uv_loop_init(&r->loop);
    r->async.data = r;
    uv_async_init(&r->loop, &r->async, on_async);
}

static inline void receiver_post(struct receiver *r)
{
    uv_async_send(&r->async);
}

static void receiver_run(struct receiver *r)
{
    uv_run(&r->loop, UV_RUN_DEFAULT);
}

static void receiver_stop(struct receiver *r)
{
    uv_stop(&r->loop);
}

#include "posts.h"
