// The client of the echo benchmarks: drives a server and checks every byte that comes back.
//
//     echo_load --port N [--host A] [--connections N] [--size BYTES] [--depth N]
//               [--warm SECONDS] [--seconds SECONDS | --messages N] [--server-pid PID] [--spin]
//     echo_load --port N [--host A] --idle N [--size BYTES] [--seconds SECONDS]
//
// The first form keeps --depth messages under way on each connection: as one comes back, the next is sent. After --warm seconds it
// counts, for --seconds or until --messages have come back; then it sends no more, waits for what is still under way, and prints
// one line of key=value. With --server-pid it also reads that process' CPU clock (all threads, also those that have ended, in
// nanoseconds) at the begin and the end of the window. With --spin it never sleeps, so that the server never pays for waking it.
//
// The second form opens N connections one after the other, sends one message over each and checks its echo, prints `idle=N`, and
// holds them until its standard input ends or --seconds are over. Its connections come from 127.0.0.1 to 127.0.0.16 in turn, so
// that the ports of one address do not run out.
//
// The client must cost less than the server, or it is the client that is measured: it is edge-triggered, takes its messages from a
// fixed table without copying, and looks at the clock once per message.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 256, PERIOD = 4096, MOST = 65536, SOURCES = 16 };

// What a connection sends is one endless stream that repeats after PERIOD bytes; each connection begins elsewhere in it. So any
// part of it, however it is cut, lies in one piece in this table.
static unsigned char stream[PERIOD + MOST];

struct connection {
    int fd;
    unsigned begin;                     // where in the table its stream starts
    uint64_t allowed, sent, received;   // bytes
    int64_t *sent_at;                   // of the messages under way, a ring of depth
};

static struct sockaddr_in server = { .sin_family = AF_INET };
static size_t size = 64, depth = 1;
static uint64_t budget = UINT64_MAX;    // messages that may still be sent
static uint64_t messages, bytes, errors;
static bool counting;
static int patience_ms = 100;           // of a wait; 0 with --spin

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static int64_t now_ns(clockid_t clock)
{
    struct timespec t;
    if (clock_gettime(clock, &t) != 0) die("clock_gettime");
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

// Latencies, in buckets that are at most 1/64 of their value wide.
enum { STEPS = 64, BUCKETS = 64 * STEPS };
static uint64_t histogram[BUCKETS];

static void record(uint64_t ns)
{
    int shift = ns < STEPS ? 0 : 63 - __builtin_clzll(ns) - 6;
    histogram[(uint64_t)shift * STEPS + (ns >> shift)]++;
}

static double percentile_us(double share)
{
    uint64_t total = 0, seen = 0;
    for (int i = 0; i < BUCKETS; i++) total += histogram[i];
    for (int i = 0; i < BUCKETS; i++) {
        seen += histogram[i];
        if (seen == 0 || (double)seen < share * (double)total) continue;
        int shift = i < 2 * STEPS ? 0 : i / STEPS - 1;
        return (double)((uint64_t)(i - shift * STEPS) << shift) / 1000;
    }
    return 0;
}

static const unsigned char *stream_at(const struct connection *c, uint64_t position)
{
    return stream + (c->begin + position) % PERIOD;
}

static int open_connection(int source)
{
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) die("socket");
    if (source > 0) {
        struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000000u + (unsigned)source) };
        setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        if (bind(fd, (struct sockaddr *)&from, sizeof from) != 0) die("bind");
    }

    if (connect(fd, (struct sockaddr *)&server, sizeof server) != 0) die("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

static void fail(struct connection *c, const char *what)
{
    if (errors++ < 5) fprintf(stderr, "echo_load: descriptor %d, byte %llu: %s\n", c->fd, (unsigned long long)c->received, what);
    close(c->fd);
    c->fd = -1;
}

static void send_allowed(struct connection *c, int64_t now)
{
    while (c->sent < c->allowed) {
        size_t length = c->allowed - c->sent < MOST ? (size_t)(c->allowed - c->sent) : MOST;
        ssize_t n = send(c->fd, stream_at(c, c->sent), length, MSG_NOSIGNAL);
        if (n < 0) {
            if (errno != EAGAIN) fail(c, strerror(errno));
            return;
        }

        // A message counts as sent with its first byte.
        for (uint64_t m = (c->sent + size - 1) / size; m * size < c->sent + (uint64_t)n; m++) c->sent_at[m % depth] = now;
        c->sent += (uint64_t)n;
    }
}

static int64_t receive(struct connection *c)
{
    static unsigned char buffer[MOST];
    int64_t now = 0;
    for (;;) {
        ssize_t n = recv(c->fd, buffer, sizeof buffer, 0);
        now = now_ns(CLOCK_MONOTONIC);
        if (n <= 0) {
            if (n == 0 || errno != EAGAIN) fail(c, n == 0 ? "the server has closed" : strerror(errno));
            return now;
        }

        if (c->received + (uint64_t)n > c->sent) return fail(c, "more came back than was sent"), now;
        if (memcmp(buffer, stream_at(c, c->received), (size_t)n) != 0) return fail(c, "other bytes came back than were sent"), now;

        for (uint64_t m = c->received / size; (m + 1) * size <= c->received + (uint64_t)n; m++) {
            if (counting) {
                messages++;
                record((uint64_t)(now - c->sent_at[m % depth]));
            }
            if (budget > 0) {
                budget--;
                c->allowed += size;
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
    int ready = epoll_wait(poll_fd, events, BATCH, patience_ms);
    int64_t now = 0;
    for (int i = 0; i < ready; i++) {
        struct connection *c = events[i].data.ptr;
        if (c->fd >= 0) now = receive(c);
        if (c->fd >= 0) send_allowed(c, now);
    }
    return now != 0 ? now : now_ns(CLOCK_MONOTONIC);
}

static uint64_t under_way(const struct connection *connections, int count)
{
    uint64_t sum = 0;
    for (int i = 0; i < count; i++) {
        if (connections[i].fd >= 0) sum += connections[i].allowed - connections[i].received;
    }
    return sum;
}

static int load(int count, double warm, double seconds, uint64_t wanted, pid_t server_pid)
{
    clockid_t server_clock = CLOCK_PROCESS_CPUTIME_ID;
    if (server_pid != 0 && clock_getcpuclockid(server_pid, &server_clock) != 0) {
        return fprintf(stderr, "echo_load: there is no process %d\n", (int)server_pid), 1;
    }

    int poll_fd = epoll_create1(EPOLL_CLOEXEC);
    struct connection *connections = calloc((size_t)count, sizeof *connections);
    for (int i = 0; i < count; i++) {
        struct connection *c = &connections[i];
        c->fd = open_connection(0);
        c->begin = (unsigned)i * 61;
        c->sent_at = calloc(depth, sizeof *c->sent_at);
        fcntl(c->fd, F_SETFL, O_NONBLOCK);
        struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c };
        if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, c->fd, &event) != 0) die("epoll_ctl");
    }

    // The first messages; all others follow as these come back.
    if (wanted > 0 && warm <= 0) budget = wanted;
    for (int i = 0; i < count; i++) {
        for (size_t d = 0; d < depth && budget > 0; d++, budget--) connections[i].allowed += size;
        send_allowed(&connections[i], now_ns(CLOCK_MONOTONIC));
    }

    int64_t begin = now_ns(CLOCK_MONOTONIC), until = begin + (int64_t)(warm * 1e9), now = begin;
    while (now < until && errors == 0) now = turn(poll_fd);
    if (wanted > 0 && warm > 0) budget = wanted - under_way(connections, count) / size;

    counting = true;
    int64_t server_cpu = now_ns(server_clock), own_cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID);
    begin = now_ns(CLOCK_MONOTONIC);
    until = wanted > 0 ? INT64_MAX : begin + (int64_t)(seconds * 1e9);
    now = begin;
    while (now < until && errors == 0 && (wanted == 0 || messages < wanted)) now = turn(poll_fd);
    int64_t end = now_ns(CLOCK_MONOTONIC);
    server_cpu = now_ns(server_clock) - server_cpu;
    own_cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID) - own_cpu;
    counting = false;

    // Nothing more is sent; all that was has to come back.
    budget = 0;
    until = end + 5000000000LL;
    uint64_t missing;
    while ((missing = under_way(connections, count)) > 0 && now < until && errors == 0) now = turn(poll_fd);
    if (missing > 0 && errors == 0) errors++;

    double elapsed = (double)(end - begin) / 1e9;
    printf("messages=%llu seconds=%.6f bytes=%llu errors=%llu missing_bytes=%llu messages_per_second=%.0f", (unsigned long long)messages, elapsed,
        (unsigned long long)bytes, (unsigned long long)errors, (unsigned long long)missing, (double)messages / elapsed);
    if (server_pid != 0) {
        printf(" server_cpu_ns=%lld server_ns_per_message=%.1f server_busy=%.3f",
            (long long)server_cpu, messages == 0 ? 0 : (double)server_cpu / (double)messages, (double)server_cpu / 1e9 / elapsed);
    }
    printf(" client_busy=%.3f p50_us=%.1f p99_us=%.1f p999_us=%.1f\n",
        (double)own_cpu / 1e9 / elapsed, percentile_us(0.5), percentile_us(0.99), percentile_us(0.999));
    return errors == 0 && messages > 0 ? 0 : 1;
}

static int hold(int count, double seconds)
{
    static unsigned char buffer[MOST];
    int64_t until = now_ns(CLOCK_MONOTONIC) + (int64_t)(seconds * 1e9);
    struct timeval patience = { .tv_sec = 10 };
    for (int i = 0; i < count; i++) {
        struct connection c = { .fd = open_connection(1 + i % SOURCES), .begin = (unsigned)i * 61 };
        setsockopt(c.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        if (send(c.fd, stream_at(&c, 0), size, MSG_NOSIGNAL) != (ssize_t)size) die("send");
        if (recv(c.fd, buffer, size, MSG_WAITALL) != (ssize_t)size || memcmp(buffer, stream_at(&c, 0), size) != 0) {
            return fprintf(stderr, "echo_load: connection %d of %d had no echo, or a wrong one\n", i + 1, count), 1;
        }
    }

    printf("idle=%d\n", count);
    fflush(stdout);
    struct pollfd input = { .fd = 0, .events = POLLIN };
    for (;;) {
        int64_t left = seconds > 0 ? (until - now_ns(CLOCK_MONOTONIC)) / 1000000 : -1;
        if (seconds > 0 && left <= 0) return 0;
        if (poll(&input, 1, (int)left) > 0 && read(0, buffer, sizeof buffer) <= 0) return 0;
    }
}

int main(int argc, char **argv)
{
    const char *host = "127.0.0.1";
    int port = 0, connections = 64, idle = 0;
    double warm = 0, seconds = 0;
    uint64_t wanted = 0;
    pid_t server_pid = 0;
    static const struct option options[] = {
        { "host", required_argument, NULL, 'h' }, { "port", required_argument, NULL, 'p' }, { "connections", required_argument, NULL, 'c' },
        { "size", required_argument, NULL, 's' }, { "depth", required_argument, NULL, 'd' }, { "warm", required_argument, NULL, 'w' },
        { "seconds", required_argument, NULL, 't' }, { "messages", required_argument, NULL, 'm' },
        { "server-pid", required_argument, NULL, 'P' }, { "idle", required_argument, NULL, 'i' }, { "spin", no_argument, NULL, 'S' }, { 0 },
    };

    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (option) {
            case 'h': host = optarg; break;
            case 'p': port = atoi(optarg); break;
            case 'c': connections = atoi(optarg); break;
            case 's': size = strtoul(optarg, NULL, 10); break;
            case 'd': depth = strtoul(optarg, NULL, 10); break;
            case 'w': warm = atof(optarg); break;
            case 't': seconds = atof(optarg); break;
            case 'm': wanted = strtoull(optarg, NULL, 10); break;
            case 'P': server_pid = atoi(optarg); break;
            case 'i': idle = atoi(optarg); break;
            case 'S': patience_ms = 0; break;
            default: return 2;
        }
    }

    server.sin_port = htons((unsigned short)port);
    bool wrong = port <= 0 || port > 65535 || inet_pton(AF_INET, host, &server.sin_addr) != 1 || connections < 1 || size < 1 || size > MOST
        || depth < 1 || depth > 1024 || warm < 0 || (wanted > 0 && wanted < (uint64_t)connections * depth);
    if (wrong) {
        return fprintf(stderr, "echo_load: it needs --port; --host is an IPv4 address, --size 1 to %d, --depth 1 to 1024, --messages at least "
            "connections x depth (see the head of echo_load.c)\n", MOST), 2;
    }

    uint32_t random = 2463534242u;                      // xorshift: any bytes will do, as long as neighbours differ
    for (int i = 0; i < PERIOD; i++) {
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        stream[i] = (unsigned char)random;
    }
    for (int i = PERIOD; i < PERIOD + MOST; i++) stream[i] = stream[i - PERIOD];

    if (idle > 0) return hold(idle, seconds);
    return load(connections, warm, seconds > 0 ? seconds : 3, wanted, server_pid);
}
