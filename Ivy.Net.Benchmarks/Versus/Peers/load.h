// What the load generators of this folder share: the bytes that go over the connections, the clocks, the latencies.
//
// Each is one thread, and prints one line of key=value; what goes wrong it says on its standard error, counts as an error, and ends with
// a status that is not 0.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 256, PERIOD = 4096, MOST = 65536 };

// What a connection sends is one endless stream that repeats after PERIOD bytes; each connection begins elsewhere in it. So any
// part of it, however it is cut, lies in one piece in this table.
static unsigned char stream[PERIOD + MOST];

static struct sockaddr_in server = { .sin_family = AF_INET, .sin_addr.s_addr = 0x0100007f };

__attribute__((noreturn, unused)) static void die(const char *what)
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

// The CPU clock of a process: all of its threads, those that have ended, too; user and system, in nanoseconds.
__attribute__((unused)) static clockid_t cpu_clock(pid_t process)
{
    clockid_t clock;
    if (process == 0) return CLOCK_PROCESS_CPUTIME_ID;
    if (clock_getcpuclockid(process, &clock) == 0) return clock;
    fprintf(stderr, "there is no process %d\n", (int)process);
    exit(1);
}

static void fill_stream(void)
{
    uint32_t random = 2463534242u;                      // xorshift: any bytes will do, as long as neighbours differ
    for (int i = 0; i < PERIOD; i++) {
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        stream[i] = (unsigned char)random;
    }
    memcpy(stream + PERIOD, stream, PERIOD);
    for (int i = 2 * PERIOD; i < PERIOD + MOST; i++) stream[i] = stream[i - PERIOD];
}

// Connection N begins here; 61 has no factor in common with PERIOD.
static const unsigned char *stream_at(unsigned connection, uint64_t position)
{
    return stream + (connection * 61 + position) % PERIOD;
}

// Latencies, in buckets that are at most 1/64 of their value wide.
enum { STEPS = 64, BUCKETS = 64 * STEPS };
static uint64_t histogram[BUCKETS];

__attribute__((unused)) static void record(uint64_t ns)
{
    int shift = ns < STEPS ? 0 : 63 - __builtin_clzll(ns) - 6;
    histogram[(uint64_t)shift * STEPS + (ns >> shift)]++;
}

__attribute__((unused)) static double percentile_us(double share)
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

// A connection from 127.0.0.1 + source; with several sources the ports of one of them do not run out.
__attribute__((unused)) static int open_connection(unsigned source, int flags)
{
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
    if (fd < 0) die("socket");
    if (source > 0) {
        struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK + source) };
        setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        if (bind(fd, (struct sockaddr *)&from, sizeof from) != 0) die("bind");
    }

    if (connect(fd, (struct sockaddr *)&server, sizeof server) != 0 && errno != EINPROGRESS) die("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

// What they are told on the command line; each has a use for some of it.
static struct {
    unsigned connections, first;
    size_t size, depth;
    double warm, seconds;
    uint64_t messages;
    pid_t server_pid;
    bool spin;
} given = { .connections = 64, .size = 64, .depth = 1, .seconds = 3 };

static void parse(int argc, char **argv, const char *usage)
{
    static const struct option options[] = {
        { "port", required_argument, NULL, 'p' }, { "connections", required_argument, NULL, 'c' }, { "size", required_argument, NULL, 's' },
        { "depth", required_argument, NULL, 'd' }, { "warm", required_argument, NULL, 'w' }, { "seconds", required_argument, NULL, 't' },
        { "messages", required_argument, NULL, 'm' }, { "server-pid", required_argument, NULL, 'P' }, { "spin", no_argument, NULL, 'S' },
        { "first", required_argument, NULL, 'f' }, { 0 },
    };
    bool wrong = false;
    for (int option; (option = getopt_long(argc, argv, "+", options, NULL)) != -1;) {
        switch (option) {
            case 'p': server.sin_port = htons((unsigned short)atoi(optarg)); break;
            case 'c': given.connections = (unsigned)atoi(optarg); break;
            case 's': given.size = strtoul(optarg, NULL, 10); break;
            case 'd': given.depth = strtoul(optarg, NULL, 10); break;
            case 'w': given.warm = atof(optarg); break;
            case 't': given.seconds = atof(optarg); break;
            case 'm': given.messages = strtoull(optarg, NULL, 10); break;
            case 'P': given.server_pid = atoi(optarg); break;
            case 'S': given.spin = true; break;
            case 'f': given.first = (unsigned)atoi(optarg); break;
            default: wrong = true;
        }
    }

    if (wrong || given.connections < 1 || given.connections > 60000 || given.first >= given.connections || given.size < 1 || given.size > MOST
        || given.depth < 1 || given.depth > 1024 || given.warm < 0 || given.seconds <= 0) {
        fprintf(stderr, "usage: %s %s\n", argv[0], usage);
        exit(2);
    }
    fill_stream();
}
