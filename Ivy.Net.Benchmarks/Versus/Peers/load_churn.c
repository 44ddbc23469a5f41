// The load of the churn workload:
//
//     load_churn --port N [--connections 64] [--size 64] [--warm 0] [--seconds 3] [--server-pid PID] [--spin]
//
// Each of --connections places does the same over and over: connect, send one message, compare its echo, say that no more will come,
// wait until the server has closed, and close. So a server never has more connections than there are places: of a client that does not
// wait, one that closes later than it accepts, as with a queue of its own for each, has ever more of them, until it has no descriptors
// left. A connection counts when its echo has come back in the window of --seconds after --warm. The client ends its side first, so
// the ports that wait for late packets (TIME_WAIT) are the client's: connections come from 127.0.0.2 on, SOURCES addresses in turn, and
// don't run out of them.

#include "load.h"
#include <sys/epoll.h>

enum { SOURCES = 200 };

struct place {
    int fd;
    unsigned number;                    // of the connection that it has now
    size_t received;
    int64_t begun;
};

static int poll_fd;
static unsigned opened;
static uint64_t messages, bytes, errors, open_now;
static bool counting, ending;

static void fail(struct place *p, const char *what)
{
    if (errors++ < 5) fprintf(stderr, "load_churn: connection %u, byte %zu: %s\n", p->number, p->received, what);
    close(p->fd);
    p->fd = -1;
    open_now--;
}

static void send_message(struct place *p)
{
    ssize_t n = send(p->fd, stream_at(p->number, 0), given.size, MSG_NOSIGNAL);
    if (n != (ssize_t)given.size) fail(p, n < 0 ? strerror(errno) : "a new connection had no room for a message");
}

// On loopback a connect is done when it returns, and the message can follow at once.
static void begin(struct place *p)
{
    p->number = opened++;
    p->received = 0;
    p->begun = now_ns(CLOCK_MONOTONIC);
    p->fd = open_connection(1 + p->number % SOURCES, 0);
    open_now++;
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = p };
    send_message(p);
    if (p->fd >= 0 && epoll_ctl(poll_fd, EPOLL_CTL_ADD, p->fd, &event) != 0) die("epoll_ctl");
}

static void end(struct place *p)
{
    close(p->fd);
    p->fd = -1;
    open_now--;
    if (!ending) begin(p);
}

static void receive(struct place *p)
{
    static unsigned char buffer[MOST];
    ssize_t n = recv(p->fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) return;
    if (n == 0 && p->received == given.size) return end(p);
    if (n <= 0) return fail(p, n == 0 ? "the server has closed" : strerror(errno));
    if (p->received + (size_t)n > given.size) return fail(p, "more came back than was sent");
    if (memcmp(buffer, stream_at(p->number, p->received), (size_t)n) != 0) return fail(p, "other bytes came back than were sent");

    p->received += (size_t)n;
    if (p->received < given.size) return;
    if (counting) {
        messages++;
        bytes += given.size;
        record((uint64_t)(now_ns(CLOCK_MONOTONIC) - p->begun));
    }

    if (shutdown(p->fd, SHUT_WR) != 0) fail(p, strerror(errno));
}

static int64_t run_until(int64_t until)
{
    struct epoll_event events[BATCH];
    int64_t now;
    while ((now = now_ns(CLOCK_MONOTONIC)) < until && errors == 0 && open_now > 0) {
        int ready = epoll_wait(poll_fd, events, BATCH, given.spin ? 0 : 100);
        for (int i = 0; i < ready; i++) receive(events[i].data.ptr);
    }
    return now;
}

int main(int argc, char **argv)
{
    parse(argc, argv, "--port N [--connections N] [--size BYTES] [--warm SECONDS] [--seconds SECONDS] [--server-pid PID] [--spin]");
    clockid_t server_clock = cpu_clock(given.server_pid);
    poll_fd = epoll_create1(EPOLL_CLOEXEC);
    struct place *places = calloc(given.connections, sizeof *places);
    for (unsigned i = 0; i < given.connections; i++) begin(&places[i]);
    run_until(now_ns(CLOCK_MONOTONIC) + (int64_t)(given.warm * 1e9));

    counting = true;
    int64_t server_cpu = now_ns(server_clock), own_cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID), start = now_ns(CLOCK_MONOTONIC);
    int64_t end = run_until(start + (int64_t)(given.seconds * 1e9));
    server_cpu = now_ns(server_clock) - server_cpu;
    own_cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID) - own_cpu;
    counting = false;

    ending = true;
    run_until(end + 5000000000LL);
    uint64_t missing = 0;
    for (unsigned i = 0; i < given.connections; i++) missing += places[i].fd >= 0 ? given.size - places[i].received : 0;
    if (open_now > 0 && errors++ == 0) fprintf(stderr, "load_churn: of %u connections the server has left %llu open\n", given.connections, (unsigned long long)open_now);

    printf("messages=%llu bytes=%llu errors=%llu missing_bytes=%llu seconds=%.6f server_cpu_ns=%lld client_cpu_ns=%lld p50_us=%.1f p99_us=%.1f p999_us=%.1f\n",
        (unsigned long long)messages, (unsigned long long)bytes, (unsigned long long)errors, (unsigned long long)missing,
        (double)(end - start) / 1e9, given.server_pid == 0 ? 0 : (long long)server_cpu, (long long)own_cpu,
        percentile_us(0.5), percentile_us(0.99), percentile_us(0.999));
    return errors == 0 && messages > 0 ? 0 : 1;
}
