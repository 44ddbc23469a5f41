// The load of the echo workloads:
//
//     load_echo --port N [--connections 64] [--size 64] [--depth 1] [--warm 0] [--seconds 3 | --messages N] [--server-pid PID] [--spin]
//
// A closed loop: it keeps --depth messages of --size bytes under way on each connection; as one comes back, the next is sent. Every byte
// is compared. After --warm seconds it counts, for --seconds or until --messages have come back; then it sends no more, and waits for
// what is still under way. It reads the CPU clock of --server-pid at the begin and the end of the window in which it counts. With --spin
// it never sleeps, so that the server never pays for waking it.
//
// The client must cost less than the server, or it is the client that is measured: it is edge-triggered, takes its messages from a
// fixed table without copying, and looks at the clock once per message.

#include "load.h"
#include <fcntl.h>
#include <sys/epoll.h>

struct connection {
    int fd;
    unsigned number;
    uint64_t allowed, sent, received;   // bytes
    int64_t *sent_at;                   // of the messages under way, a ring of depth
};

static uint64_t budget = UINT64_MAX;    // messages that may still be sent
static uint64_t messages, bytes, errors;
static bool counting;

static void fail(struct connection *c, const char *what)
{
    if (errors++ < 5) fprintf(stderr, "load_echo: connection %u, byte %llu: %s\n", c->number, (unsigned long long)c->received, what);
    close(c->fd);
    c->fd = -1;
}

static void send_allowed(struct connection *c, int64_t now)
{
    while (c->sent < c->allowed) {
        size_t length = c->allowed - c->sent < MOST ? (size_t)(c->allowed - c->sent) : MOST;
        ssize_t n = send(c->fd, stream_at(c->number, c->sent), length, MSG_NOSIGNAL);
        if (n < 0) {
            if (errno != EAGAIN) fail(c, strerror(errno));
            return;
        }

        // A message counts as sent with its first byte.
        for (uint64_t m = (c->sent + given.size - 1) / given.size; m * given.size < c->sent + (uint64_t)n; m++) c->sent_at[m % given.depth] = now;
        c->sent += (uint64_t)n;
    }
}

static int64_t receive(struct connection *c)
{
    static unsigned char buffer[MOST];
    for (;;) {
        ssize_t n = recv(c->fd, buffer, sizeof buffer, 0);
        int64_t now = now_ns(CLOCK_MONOTONIC);
        if (n <= 0) {
            if (n == 0 || errno != EAGAIN) fail(c, n == 0 ? "the server has closed" : strerror(errno));
            return now;
        }

        if (c->received + (uint64_t)n > c->sent) return fail(c, "more came back than was sent"), now;
        if (memcmp(buffer, stream_at(c->number, c->received), (size_t)n) != 0) return fail(c, "other bytes came back than were sent"), now;

        for (uint64_t m = c->received / given.size; (m + 1) * given.size <= c->received + (uint64_t)n; m++) {
            if (counting) {
                messages++;
                record((uint64_t)(now - c->sent_at[m % given.depth]));
            }
            if (budget > 0) {
                budget--;
                c->allowed += given.size;
            }
        }

        c->received += (uint64_t)n;
        if (counting) bytes += (uint64_t)n;
        if ((size_t)n < sizeof buffer) return now;      // a short read; what comes later is another edge
    }
}

// One turn: whatever is ready now, or soon.
static int64_t turn(int poll_fd)
{
    struct epoll_event events[BATCH];
    int ready = epoll_wait(poll_fd, events, BATCH, given.spin ? 0 : 100);
    int64_t now = 0;
    for (int i = 0; i < ready; i++) {
        struct connection *c = events[i].data.ptr;
        if (c->fd >= 0) now = receive(c);
        if (c->fd >= 0) send_allowed(c, now);
    }
    return now != 0 ? now : now_ns(CLOCK_MONOTONIC);
}

static uint64_t under_way(const struct connection *connections)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < given.connections; i++) {
        if (connections[i].fd >= 0) sum += connections[i].allowed - connections[i].received;
    }
    return sum;
}

int main(int argc, char **argv)
{
    parse(argc, argv, "--port N [--connections N] [--size BYTES] [--depth N] [--warm SECONDS] [--seconds SECONDS | --messages N] [--server-pid PID] [--spin]");
    uint64_t wanted = given.messages, first = (uint64_t)given.connections * given.depth;
    if (wanted > 0 && wanted < first) return fprintf(stderr, "load_echo: --messages must be at least connections x depth\n"), 2;
    clockid_t server_clock = cpu_clock(given.server_pid);

    int poll_fd = epoll_create1(EPOLL_CLOEXEC);
    struct connection *connections = calloc(given.connections, sizeof *connections);
    for (unsigned i = 0; i < given.connections; i++) {
        struct connection *c = &connections[i];
        c->fd = open_connection(0, 0);
        c->number = i;
        c->sent_at = calloc(given.depth, sizeof *c->sent_at);
        fcntl(c->fd, F_SETFL, O_NONBLOCK);
        struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c };
        if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, c->fd, &event) != 0) die("epoll_ctl");
    }

    // The first messages; all others follow as these come back.
    if (wanted > 0 && given.warm <= 0) budget = wanted;
    for (unsigned i = 0; i < given.connections; i++) {
        for (size_t d = 0; d < given.depth && budget > 0; d++, budget--) connections[i].allowed += given.size;
        send_allowed(&connections[i], now_ns(CLOCK_MONOTONIC));
    }

    int64_t begin = now_ns(CLOCK_MONOTONIC), until = begin + (int64_t)(given.warm * 1e9), now = begin;
    while (now < until && errors == 0) now = turn(poll_fd);
    if (wanted > 0 && given.warm > 0) budget = wanted - under_way(connections) / given.size;

    counting = true;
    int64_t server_cpu = now_ns(server_clock), own_cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID);
    begin = now = now_ns(CLOCK_MONOTONIC);
    until = wanted > 0 ? INT64_MAX : begin + (int64_t)(given.seconds * 1e9);
    while (now < until && errors == 0 && (wanted == 0 || messages < wanted)) now = turn(poll_fd);
    int64_t end = now_ns(CLOCK_MONOTONIC);
    server_cpu = now_ns(server_clock) - server_cpu;
    own_cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID) - own_cpu;
    counting = false;

    // Nothing more is sent; all that was has to come back.
    budget = 0;
    until = end + 5000000000LL;
    uint64_t missing;
    while ((missing = under_way(connections)) > 0 && now < until && errors == 0) now = turn(poll_fd);
    if (missing > 0 && errors == 0) errors++;

    printf("messages=%llu bytes=%llu errors=%llu missing_bytes=%llu seconds=%.6f server_cpu_ns=%lld client_cpu_ns=%lld p50_us=%.1f p99_us=%.1f p999_us=%.1f\n",
        (unsigned long long)messages, (unsigned long long)bytes, (unsigned long long)errors, (unsigned long long)missing,
        (double)(end - begin) / 1e9, given.server_pid == 0 ? 0 : (long long)server_cpu, (long long)own_cpu,
        percentile_us(0.5), percentile_us(0.99), percentile_us(0.999));
    return errors == 0 && messages > 0 ? 0 : 1;
}
