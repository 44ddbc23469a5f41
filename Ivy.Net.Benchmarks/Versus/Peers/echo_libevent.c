// The echo server on libevent's bufferevents, with evconnlistener: input moves to output without being copied. See server.h for the
// command line. Built with -levent_core (libevent-dev).

#include "server.h"
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <signal.h>

static void on_read(struct bufferevent *connection, void *unused)
{
    (void)unused;
    if (bufferevent_write_buffer(connection, bufferevent_get_input(connection)) != 0) die("bufferevent_write_buffer");
}

static void on_event(struct bufferevent *connection, short what, void *unused)
{
    (void)unused;
    if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) bufferevent_free(connection);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from, int length, void *unused)
{
    (void)from, (void)length, (void)unused;
    struct bufferevent *connection = bufferevent_socket_new(evconnlistener_get_base(listener), fd, BEV_OPT_CLOSE_ON_FREE);
    if (connection == NULL) die("bufferevent_socket_new");
    bufferevent_setcb(connection, on_read, NULL, on_event, NULL);
    if (bufferevent_enable(connection, EV_READ) != 0) die("bufferevent_enable");
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    int fd = open_listener(argc, argv);
    struct event_config *config = event_config_new();
    event_config_require_features(config, EV_FEATURE_O1);
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
    struct event_base *base = event_base_new_with_config(config);
    if (base == NULL) die("event_base_new_with_config");
    struct evconnlistener *listener = evconnlistener_new(base, on_accept, NULL, LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_CLOSE_ON_FREE, 0, fd);
    if (listener == NULL) die("evconnlistener_new");
    announce(fd);
    return event_base_dispatch(base) == 0 ? 0 : 1;
}
