// What a C programmer writes by hand, with nothing in between: level-triggered epoll, up to 256 events per wait; per readiness one
// recv and one send. See server.h for the command line.

#include "server.h"
#include <sys/epoll.h>

enum { BATCH = 256 };

static int poll_fd;

static void watch(int operation, int fd, unsigned events, void *pointer)
{
    struct epoll_event event = { .events = events, .data.ptr = pointer };
    if (epoll_ctl(poll_fd, operation, fd, &event) != 0) die("epoll_ctl");
}

static void accept_all(int listener)
{
    for (int fd; (fd = accept_next(listener)) >= 0;) {
        struct stream *s = calloc(1, sizeof *s);
        if (s == NULL) die("calloc");
        s->fd = fd;
        watch(EPOLL_CTL_ADD, fd, EPOLLIN, s);
    }
}

static void serve(struct stream *s)
{
    switch (s->pending != NULL ? flush_pending(s) : echo_once(s)) {
        case GOES_ON: break;
        case BLOCKED: watch(EPOLL_CTL_MOD, s->fd, EPOLLOUT, s); break;
        case DRAINED: watch(EPOLL_CTL_MOD, s->fd, EPOLLIN, s); break;
        case OVER:
            close(s->fd);       // which takes it out of epoll, too
            free(s->pending);
            free(s);
            break;
    }
}

int main(int argc, char **argv)
{
    int listener = open_listener(argc, argv);
    poll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (poll_fd < 0) die("epoll_create1");
    watch(EPOLL_CTL_ADD, listener, EPOLLIN, &listener);
    announce(listener);

    for (;;) {
        struct epoll_event events[BATCH];
        int ready = epoll_wait(poll_fd, events, BATCH, -1);
        if (ready < 0 && errno != EINTR) die("epoll_wait");

        for (int i = 0; i < ready; i++) {
            if (events[i].data.ptr == &listener) accept_all(listener);
            else serve(events[i].data.ptr);
        }
    }
}
