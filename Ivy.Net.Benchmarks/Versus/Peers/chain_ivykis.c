// ivykis: iv_fd.

#include "peer.h"
#include <iv.h>

static void readable(int i);
static struct iv_fd *watches;

static void on_readable(void *cookie)
{
    readable((int)((struct iv_fd *)cookie - watches));
}

static void loop_prepare(int count)
{
    iv_init();
    watches = malloc(sizeof *watches * (size_t)count);
    if (watches == NULL) die("malloc");
}

static void watch_prepare(int i, int fd)
{
    IV_FD_INIT(&watches[i]);
    watches[i].fd = fd;
    watches[i].cookie = &watches[i];
    watches[i].handler_in = on_readable;
}

static void watch(int i)
{
    iv_fd_register(&watches[i]);
}

static inline void unwatch(int i)
{
    iv_fd_unregister(&watches[i]);
}

static void loop_stop(void)
{
    iv_quit();
}

static void loop_run(void)
{
    iv_main();
}

#include "chain.h"
