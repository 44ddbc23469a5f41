// The chain and the cascade workload, once for all libraries: bytes that travel through socket pairs, each watched by the loop.
//
// mode=chain pairs=N active=A writes=W, the shape of libevent's bench.c: all N pairs are watched all the time. A bytes are sent, into
// pairs that are evenly apart. Who is readable reads its byte, and sends one to the next pair, as long as there are writes left of W. An
// event is a byte that has been read: A + W in a repetition.
//
// mode=cascade pairs=N, the shape of its bench_cascade.c: all N pairs are registered, and a byte is sent to the first. Who is readable
// reads its byte, unregisters its pair, and sends one to the next. An event is a pair that was registered, read and unregistered.
//
// A peer defines, before it includes this,
//
//     loop_prepare(count)     makes the loop
//     watch_prepare(i, fd)    makes what watches this descriptor
//     watch(i)                has readable(i) called while it is readable
//     unwatch(i)
//     loop_run()              until loop_stop()
//     loop_stop()             in a handler

#include <fcntl.h>
#include <sys/socket.h>

static int pair_count, active_count, write_count, is_cascade;
static int *near_ends, *far_ends;
static int64_t events, events_expected, bad;
static int writes_left;

static inline void send_to(int i)
{
    if (send(far_ends[i], "e", 1, MSG_NOSIGNAL) != 1) bad++;
}

static inline void readable(int i)
{
    char byte;
    if (recv(near_ends[i], &byte, 1, 0) != 1) {
        bad++;
        return;
    }

    events++;
    if (is_cascade) {
        unwatch(i);
        if (i + 1 < pair_count) send_to(i + 1);
    } else if (writes_left > 0) {
        writes_left--;
        send_to(i + 1 < pair_count ? i + 1 : 0);
    }

    if (events == events_expected) loop_stop();
}

static void repeat(int64_t span)
{
    int64_t first = now_ns(), begin, end;
    do {
        begin = now_ns();
        if (is_cascade) {
            for (int i = 0; i < pair_count; i++) watch(i);
            events_expected += pair_count;
            send_to(0);
        } else {
            writes_left = write_count;
            events_expected += active_count + write_count;
            for (int i = 0; i < active_count; i++) send_to(i * (pair_count / active_count));
        }

        loop_run();
        end = now_ns();
        figure("event", (double)(end - begin) / (is_cascade ? pair_count : active_count + write_count));
    } while (end - first < span && events == events_expected);
}

int main(int argc, char **argv)
{
    struct rlimit limit;
    peer_begin(argc, argv);
    is_cascade = strcmp(parameter_text("mode", "chain"), "cascade") == 0;
    pair_count = (int)parameter("pairs", 100);
    active_count = (int)parameter("active", 1);
    write_count = (int)parameter("writes", 2000);
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);

    loop_prepare(pair_count);
    near_ends = malloc(sizeof *near_ends * (size_t)pair_count);
    far_ends = malloc(sizeof *far_ends * (size_t)pair_count);
    if (near_ends == NULL || far_ends == NULL) die("malloc");
    for (int i = 0; i < pair_count; i++) {
        int ends[2];
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) die("socketpair");
        near_ends[i] = ends[0];
        far_ends[i] = ends[1];
        watch_prepare(i, ends[0]);
        if (!is_cascade) watch(i);
    }

    repeat(parameter("warm", 1000) * 1000000);
    figures_clear();
    repeat(parameter("run", 700) * 1000000);

    char checks[200];
    snprintf(checks, sizeof checks, "\"missing\":%lld,\"bad\":%lld", (long long)(events_expected - events), (long long)bad);
    figures_print(checks);
    return 0;
}
