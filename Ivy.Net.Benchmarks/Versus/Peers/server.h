// What the echo servers of this folder share: the command line, the listener, and what one readiness of a connection is worth.
//
//     NAME [--host A] [--port N] [--idle-thread]
//
// By default 127.0.0.1:7000; port 0 takes a free one. Each prints `listening on 127.0.0.1:PORT` once it accepts, and ends at SIGTERM.
// --idle-thread adds a thread that sleeps for ever: in a process of more than one thread the kernel counts a reference at each
// look-up of a descriptor, as it does in any .NET process.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFER = 65536, BACKLOG = 4096 };

__attribute__((noreturn, unused)) static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void *sleep_for_ever(void *unused)
{
    for (;;) pause();
    return unused;
}

// The listener, non-blocking; it listens already, and announce() says so.
static int open_listener(int argc, char **argv)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(7000), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    bool idle_thread = false;
    static const struct option options[] = {
        { "host", required_argument, NULL, 'h' }, { "port", required_argument, NULL, 'p' }, { "idle-thread", no_argument, NULL, 't' }, { 0 },
    };

    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 'h' && inet_pton(AF_INET, optarg, &address.sin_addr) == 1) continue;
        if (option == 'p') address.sin_port = htons((unsigned short)atoi(optarg));
        else if (option == 't') idle_thread = true;
        else {
            fprintf(stderr, "usage: %s [--host A.B.C.D] [--port N] [--idle-thread]\n", argv[0]);
            exit(2);
        }
    }

    pthread_t thread;
    if (idle_thread && pthread_create(&thread, NULL, sleep_for_ever, NULL) != 0) die("pthread_create");

    int on = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener < 0) die("socket");
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);     // connections inherit it
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0) die("bind");
    if (listen(listener, BACKLOG) != 0) die("listen");
    return listener;
}

static void announce(int listener)
{
    struct sockaddr_in address;
    socklen_t length = sizeof address;
    char host[INET_ADDRSTRLEN];
    if (getsockname(listener, (struct sockaddr *)&address, &length) != 0) die("getsockname");
    printf("listening on %s:%d\n", inet_ntop(AF_INET, &address.sin_addr, host, sizeof host), ntohs(address.sin_port));
    fflush(stdout);
}

// For the libraries that tell of readiness and leave the transfer to their user: the same transfer for all of them.

struct stream {
    int fd;
    char *pending;              // what the peer has not taken yet; none but for a peer that does not read
    size_t pending_length;
};

enum outcome {
    GOES_ON,                    // as before
    BLOCKED,                    // something is pending: wait until the peer takes more, and read nothing meanwhile
    DRAINED,                    // nothing is pending any more: read again
    OVER,                       // the peer has closed, or the connection is lost: close it
};

// The next connection, non-blocking; -1 if there is none at the moment.
__attribute__((unused)) static int accept_next(int listener)
{
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0 || errno == EAGAIN) return fd;
        if (errno != ECONNABORTED && errno != EINTR) die("accept4");
    }
}

__attribute__((unused)) static ssize_t send_some(int fd, const char *data, size_t length)
{
    ssize_t sent = send(fd, data, length, MSG_NOSIGNAL);
    return sent < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : sent;
}

// One recv and one send.
__attribute__((unused)) static enum outcome echo_once(struct stream *s)
{
    static char buffer[BUFFER];
    ssize_t received = recv(s->fd, buffer, sizeof buffer, 0);
    if (received <= 0) return received < 0 && (errno == EAGAIN || errno == EINTR) ? GOES_ON : OVER;

    ssize_t sent = send_some(s->fd, buffer, (size_t)received);
    if (sent == received) return GOES_ON;
    if (sent < 0) return OVER;
    s->pending_length = (size_t)(received - sent);
    s->pending = malloc(s->pending_length);
    if (s->pending == NULL) die("malloc");
    memcpy(s->pending, buffer + sent, s->pending_length);
    return BLOCKED;
}

__attribute__((unused)) static enum outcome flush_pending(struct stream *s)
{
    ssize_t sent = send_some(s->fd, s->pending, s->pending_length);
    if (sent < 0) return OVER;
    s->pending_length -= (size_t)sent;
    memmove(s->pending, s->pending + sent, s->pending_length);
    if (s->pending_length > 0) return GOES_ON;
    free(s->pending);
    s->pending = NULL;
    return DRAINED;
}
