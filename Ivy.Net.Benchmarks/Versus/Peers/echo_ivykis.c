// The echo server on ivykis: per readiness one recv and one send. See server.h for the command line.
// Built with -livykis (libivykis-dev).

#include "server.h"
#include <iv.h>

struct connection {
    struct iv_fd watch;
    struct stream stream;
};

static struct iv_fd listener;

static void serve_in(void *cookie);
static void serve_out(void *cookie);

static void handle(struct connection *c, enum outcome outcome)
{
    switch (outcome) {
        case GOES_ON: break;
        case BLOCKED:
            iv_fd_set_handler_in(&c->watch, NULL);
            iv_fd_set_handler_out(&c->watch, serve_out);
            break;
        case DRAINED:
            iv_fd_set_handler_out(&c->watch, NULL);
            iv_fd_set_handler_in(&c->watch, serve_in);
            break;
        case OVER:
            iv_fd_unregister(&c->watch);
            close(c->stream.fd);
            free(c->stream.pending);
            free(c);
            break;
    }
}

static void serve_in(void *cookie)
{
    struct connection *c = cookie;
    handle(c, echo_once(&c->stream));
}

static void serve_out(void *cookie)
{
    struct connection *c = cookie;
    handle(c, flush_pending(&c->stream));
}

static void accept_all(void *unused)
{
    (void)unused;
    for (int fd; (fd = accept_next(listener.fd)) >= 0;) {
        struct connection *c = calloc(1, sizeof *c);
        if (c == NULL) die("calloc");
        c->stream.fd = fd;
        IV_FD_INIT(&c->watch);
        c->watch.fd = fd;
        c->watch.cookie = c;
        c->watch.handler_in = serve_in;
        iv_fd_register(&c->watch);
    }
}

int main(int argc, char **argv)
{
    int fd = open_listener(argc, argv);
    iv_init();
    IV_FD_INIT(&listener);
    listener.fd = fd;
    listener.handler_in = accept_all;
    iv_fd_register(&listener);
    announce(fd);
    iv_main();
    return 0;
}
