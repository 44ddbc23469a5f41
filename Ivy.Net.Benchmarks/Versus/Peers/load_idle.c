// The load of the idle workload:
//
//     load_idle --port N --server-pid PID [--connections 15000] [--first 1000] [--size 64] [--warm 1] [--seconds 3]
//
// Opens the connections one after the other, sends one message over each and compares its echo, and reads the server's memory twice, after
// --warm seconds to settle: when the first of them are open, and when all are. What a server needs to serve at all, code that is compiled
// when it has run for a while say, is there by then and counts for no connection; so that it can be, the first ones come in eight parts,
// with --warm seconds between them. Then the server's CPU clock, at both ends of --seconds in which nothing happens.
// The connections come from 127.0.0.2 to 127.0.0.17 in turn, so that the ports of one address do not run out.

#include "load.h"

enum { SOURCES = 16, PATIENCE = 10, PARTS = 8 };

struct memory { long long resident, anonymous; };

static struct memory memory_of(pid_t process)
{
    char path[64], line[256];
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)process);
    FILE *file = fopen(path, "r");
    if (file == NULL) die(path);
    struct memory m = { 0 };
    long long kilobytes;
    while (fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "Rss: %lld", &kilobytes) == 1) m.resident = kilobytes * 1024;
        if (sscanf(line, "Anonymous: %lld", &kilobytes) == 1) m.anonymous = kilobytes * 1024;
    }
    fclose(file);
    return m;
}

static void pause_for(double seconds)
{
    struct timespec t = { (time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9) };
    while (nanosleep(&t, &t) != 0 && errno == EINTR) { }
}

int main(int argc, char **argv)
{
    static unsigned char buffer[MOST];
    given.connections = 15000;
    given.first = 1000;
    given.warm = 1;
    const char *usage = "--port N --server-pid PID [--connections N] [--first N] [--size BYTES] [--warm SECONDS] [--seconds SECONDS]";
    parse(argc, argv, usage);
    if (given.server_pid == 0) return fprintf(stderr, "usage: load_idle %s\n", usage), 2;

    clockid_t server_clock = cpu_clock(given.server_pid);
    struct timeval patience = { .tv_sec = PATIENCE };
    struct memory before = { 0 };
    uint64_t errors = 0;
    unsigned open = 0;
    while (open < given.connections && errors == 0) {
        if (open < given.first ? open % (given.first / PARTS + 1) == 0 : open == given.first) pause_for(given.warm);
        if (open == given.first) before = memory_of(given.server_pid);

        int fd = open_connection(1 + open % SOURCES, 0);
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        if (send(fd, stream_at(open, 0), given.size, MSG_NOSIGNAL) != (ssize_t)given.size
            || recv(fd, buffer, given.size, MSG_WAITALL) != (ssize_t)given.size || memcmp(buffer, stream_at(open, 0), given.size) != 0) {
            fprintf(stderr, "load_idle: connection %u of %u had no echo, or a wrong one\n", open + 1, given.connections);
            errors++;
        }
        open++;
    }

    pause_for(given.warm);
    struct memory after = memory_of(given.server_pid);
    int64_t server_cpu = now_ns(server_clock), begin = now_ns(CLOCK_MONOTONIC);
    pause_for(given.seconds);
    server_cpu = now_ns(server_clock) - server_cpu;
    printf("connections=%u first=%u errors=%llu seconds=%.6f server_cpu_ns=%lld resident_before=%lld resident_after=%lld anonymous_before=%lld anonymous_after=%lld\n",
        open, given.first, (unsigned long long)errors, (double)(now_ns(CLOCK_MONOTONIC) - begin) / 1e9, (long long)server_cpu,
        before.resident, after.resident, before.anonymous, after.anonymous);
    return errors == 0 ? 0 : 1;
}
