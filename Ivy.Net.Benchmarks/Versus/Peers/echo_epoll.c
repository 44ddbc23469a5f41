// The echo server that Ivy.Net is measured against: what a C programmer writes by hand, with nothing in between.
//
//     echo_epoll [--host A] [--port N] [--threads-idle N]
//
// One thread, level-triggered epoll, up to 256 events per wait; per readiness one recv and one send. EPOLLOUT is asked for only
// after a send that did not take everything, and until then nothing more is read from that peer. --threads-idle adds threads that
// sleep for ever: a process with more than one thread pays for a reference count at each look-up of a descriptor, as any .NET
// process does.
//
// SIGTERM and SIGINT end it, with a line of totals.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BATCH = 256, BUFFER = 65536 };

struct connection {
    int fd;
    size_t pending_length;
    char *pending;              // what the peer has not taken yet; none but for a peer that does not read
};

static int poll_fd;
static unsigned long long accepted, waits, reads, writes, bytes;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void watch(int operation, int fd, unsigned events, void *pointer)
{
    struct epoll_event event = { .events = events, .data.ptr = pointer };
    if (epoll_ctl(poll_fd, operation, fd, &event) != 0) die("epoll_ctl");
}

static void drop(struct connection *c)
{
    close(c->fd);               // which takes it out of epoll, too
    free(c->pending);
    free(c);
}

static void accept_all(int listener)
{
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno == EAGAIN) return;
            if (errno == ECONNABORTED || errno == EINTR) continue;
            die("accept4");
        }

        struct connection *c = calloc(1, sizeof *c);
        if (c == NULL) die("calloc");
        c->fd = fd;
        watch(EPOLL_CTL_ADD, fd, EPOLLIN, c);
        accepted++;
    }
}

// Sends what it can; the number of bytes taken, or -1 if the connection is lost.
static ssize_t send_some(struct connection *c, const char *data, size_t length)
{
    writes++;
    ssize_t sent = send(c->fd, data, length, MSG_NOSIGNAL);
    if (sent >= 0) return sent;
    return errno == EAGAIN || errno == EINTR ? 0 : -1;
}

static void flush(struct connection *c)
{
    ssize_t sent = send_some(c, c->pending, c->pending_length);
    if (sent < 0) {
        drop(c);
        return;
    }

    c->pending_length -= (size_t)sent;
    if (c->pending_length > 0) {
        memmove(c->pending, c->pending + sent, c->pending_length);
        return;
    }

    free(c->pending);
    c->pending = NULL;
    watch(EPOLL_CTL_MOD, c->fd, EPOLLIN, c);
}

static void echo(struct connection *c)
{
    static char buffer[BUFFER];

    reads++;
    ssize_t received = recv(c->fd, buffer, sizeof buffer, 0);
    if (received <= 0) {
        if (received == 0 || (errno != EAGAIN && errno != EINTR)) drop(c);
        return;
    }

    bytes += (unsigned long long)received;
    ssize_t sent = send_some(c, buffer, (size_t)received);
    if (sent == received) return;
    if (sent < 0) {
        drop(c);
        return;
    }

    c->pending_length = (size_t)(received - sent);
    c->pending = malloc(c->pending_length);
    if (c->pending == NULL) die("malloc");
    memcpy(c->pending, buffer + sent, c->pending_length);
    watch(EPOLL_CTL_MOD, c->fd, EPOLLOUT, c);
}

static void *sleep_for_ever(void *unused)
{
    for (;;) pause();
    return unused;
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(7000), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int idle_threads = 0;
    static const struct option options[] = {
        { "host", required_argument, NULL, 'h' }, { "port", required_argument, NULL, 'p' }, { "threads-idle", required_argument, NULL, 't' }, { 0 },
    };

    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 'h' && inet_pton(AF_INET, optarg, &address.sin_addr) == 1) continue;
        if (option == 'p') address.sin_port = htons((unsigned short)atoi(optarg));
        else if (option == 't') idle_threads = atoi(optarg);
        else return fprintf(stderr, "usage: echo_epoll [--host A.B.C.D] [--port N] [--threads-idle N]\n"), 2;
    }

    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    int stop = signalfd(-1, &signals, SFD_CLOEXEC);

    for (int i = 0; i < idle_threads; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, sleep_for_ever, NULL) != 0) die("pthread_create");
    }

    int on = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener < 0) die("socket");
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);     // connections inherit it
    socklen_t length = sizeof address;
    if (bind(listener, (struct sockaddr *)&address, length) != 0) die("bind");
    if (listen(listener, 4096) != 0) die("listen");
    getsockname(listener, (struct sockaddr *)&address, &length);

    poll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (poll_fd < 0) die("epoll_create1");
    watch(EPOLL_CTL_ADD, listener, EPOLLIN, &listener);
    watch(EPOLL_CTL_ADD, stop, EPOLLIN, &stop);

    char host[INET_ADDRSTRLEN];
    printf("listening on %s:%d\n", inet_ntop(AF_INET, &address.sin_addr, host, sizeof host), ntohs(address.sin_port));
    fflush(stdout);

    for (;;) {
        struct epoll_event events[BATCH];
        waits++;
        int ready = epoll_wait(poll_fd, events, BATCH, -1);
        if (ready < 0 && errno != EINTR) die("epoll_wait");

        for (int i = 0; i < ready; i++) {
            if (events[i].data.ptr == &listener) {
                accept_all(listener);
            } else if (events[i].data.ptr == &stop) {
                printf("connections=%llu waits=%llu reads=%llu writes=%llu bytes=%llu\n", accepted, waits, reads, writes, bytes);
                return 0;
            } else {
                struct connection *c = events[i].data.ptr;
                if (c->pending != NULL) flush(c);
                else echo(c);
            }
        }
    }
}
