// Bare epoll, level-triggered: what a C programmer writes by hand.

#include "peer.h"
#include <sys/epoll.h>

enum { BATCH = 256 };

static void readable(int i);
static int poll_fd, is_stopped, *watched;

static void loop_prepare(int count)
{
    poll_fd = epoll_create1(EPOLL_CLOEXEC);
    watched = malloc(sizeof *watched * (size_t)count);
    if (poll_fd < 0 || watched == NULL) die("epoll_create1");
}

static void watch_prepare(int i, int fd)
{
    watched[i] = fd;
}

static void watch(int i)
{
    struct epoll_event event = { .events = EPOLLIN, .data.u32 = (uint32_t)i };
    if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, watched[i], &event) != 0) die("epoll_ctl");
}

static inline void unwatch(int i)
{
    if (epoll_ctl(poll_fd, EPOLL_CTL_DEL, watched[i], NULL) != 0) die("epoll_ctl");
}

static void loop_stop(void)
{
    is_stopped = 1;
}

static void loop_run(void)
{
    is_stopped = 0;
    while (!is_stopped) {
        struct epoll_event ready[BATCH];
        int count = epoll_wait(poll_fd, ready, BATCH, -1);
        for (int i = 0; i < count; i++) readable((int)ready[i].data.u32);
    }
}

#include "chain.h"
