// libuv: uv_poll.

#include "peer.h"
#include <uv.h>

static void readable(int i);
static uv_loop_t *loop;
static uv_poll_t *watches;

static void on_readable(uv_poll_t *poll, int status, int what)
{
    (void)status, (void)what;
    readable((int)(poll - watches));
}

static void loop_prepare(int count)
{
    loop = uv_default_loop();
    watches = malloc(sizeof *watches * (size_t)count);
    if (loop == NULL || watches == NULL) die("uv_default_loop");
}

static void watch_prepare(int i, int fd)
{
    if (uv_poll_init(loop, &watches[i], fd) != 0) die("uv_poll_init");
}

static void watch(int i)
{
    if (uv_poll_start(&watches[i], UV_READABLE, on_readable) != 0) die("uv_poll_start");
}

static inline void unwatch(int i)
{
    uv_poll_stop(&watches[i]);
}

static void loop_stop(void)
{
    uv_stop(loop);
}

static void loop_run(void)
{
    uv_run(loop, UV_RUN_DEFAULT);
}

#include "chain.h"
