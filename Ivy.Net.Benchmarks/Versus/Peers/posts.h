// The posts workload, once for all libraries: threads that send each other messages through the library's cross-thread wakeup.
//
//     mode=pingpong           two threads with a loop each send a message to and fro
//     mode=stream producers=N   N threads send numbered messages to one loop, as fast as it takes them
//
// A pass is `count` round trips, or `count` messages of all producers together; passes are repeated for warm= and then for run=
// milliseconds. The loop's thread (of ping-pong: the first one) runs on core=, all others on load=. At most WINDOW messages of all
// producers are under way: a producer that is ahead yields its core until the loop has caught up.
//
// A message of a stream is an object of its own, made once and used again when it has been received. The library's event carries no
// message, and many posts of one event are one call: so the messages go through a list under a mutex, which the handler takes as a
// whole. That is how it is done with these libraries, and faster than an event for each message.
//
// A peer defines, before it includes this, struct receiver (which holds what the loop of a thread and its event need) and
//
//     receiver_begin(r)       on the thread of the loop: makes the loop and the event, whose handler calls received(r)
//     receiver_post(r)        any thread
//     receiver_run(r)         runs the loop until receiver_stop
//     receiver_stop(r)        on the thread of the loop
//
// sleeps counts how often a thread of the process has gone to sleep (voluntary context switches), per message or round trip.

#include <stdatomic.h>

enum { WINDOW = 1024, MOST_PRODUCERS = 16, CACHE_LINE = 64 };

struct message {
    struct message *next;
    int producer;
    int64_t number;
};

struct producer {
    pthread_t thread;
    int index;
    struct message *messages;               // a ring of as many as may be under way
    _Alignas(CACHE_LINE) atomic_long done;  // received
    int64_t next_number;                    // of the receiver
};

static int pass_count, window, producer_count, core, load;
static atomic_long passes_begun;
static atomic_int is_over;
static struct producer producers[MOST_PRODUCERS];
static int64_t pass_begin, phase_begin, phase_span, pass_sleeps, total_passes, misordered;
static int is_warm;

// What the receiver writes at each message, away from what the producers read.
static struct {
    _Alignas(CACHE_LINE) int64_t in_pass;
    int64_t in_all;
} got;

static struct {
    _Alignas(CACHE_LINE) pthread_mutex_t lock;
    struct message *first, **end;
} list = { PTHREAD_MUTEX_INITIALIZER, NULL, &list.first };

static inline int64_t sleeps(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_nvcsw;
}

static void begin_pass(void)
{
    got.in_pass = 0;
    pass_sleeps = sleeps();
    pass_begin = now_ns();
}

// True if there is another one.
static int end_pass(const char *metric, int is_rate)
{
    int64_t end = now_ns();
    total_passes++;
    figure(metric, is_rate ? pass_count * 1e9 / (double)(end - pass_begin) : (double)(end - pass_begin) / pass_count);
    figure("sleeps", (double)(sleeps() - pass_sleeps) / pass_count);
    if (end - phase_begin < phase_span) return 1;
    if (is_warm) return 0;
    is_warm = 1;
    figures_clear();
    phase_begin = end;
    phase_span = parameter("run", 700) * 1000000;
    return 1;
}

// ---- stream ----

static void begin_stream_pass(void)
{
    begin_pass();
    atomic_fetch_add_explicit(&passes_begun, 1, memory_order_release);
}

static inline void receive(struct message *m)
{
    struct producer *p = &producers[m->producer];
    if (m->number != p->next_number++) misordered++;
    got.in_all++;
    got.in_pass++;
    atomic_store_explicit(&p->done, p->next_number, memory_order_release);
}

static void stream_received(struct receiver *r)
{
    pthread_mutex_lock(&list.lock);
    struct message *m = list.first;
    list.first = NULL;
    list.end = &list.first;
    pthread_mutex_unlock(&list.lock);
    while (m != NULL) {
        struct message *next = m->next;     // m is the producer's again when it has been received
        receive(m);
        m = next;
    }

    if (got.in_pass == pass_count && !atomic_load(&is_over)) {
        if (end_pass("posts", 1)) {
            begin_stream_pass();
        } else {
            atomic_store(&is_over, 1);
            receiver_stop(r);
        }
    }
}

static struct { _Alignas(CACHE_LINE) struct receiver receiver; } stream;

static void *produce(void *argument)
{
    struct producer *p = argument;
    int64_t number = 0, most = window;
    pin_this_thread(load);
    for (long pass = 1; ; pass++) {
        while (atomic_load_explicit(&passes_begun, memory_order_acquire) < pass) {
            if (atomic_load(&is_over)) return NULL;
            sched_yield();
        }

        for (int i = 0; i < pass_count / producer_count; i++) {
            while (number - atomic_load_explicit(&p->done, memory_order_acquire) >= most) sched_yield();
            struct message *m = &p->messages[number % most];
            m->producer = p->index;
            m->number = number++;
            m->next = NULL;
            pthread_mutex_lock(&list.lock);
            *list.end = m;
            list.end = &m->next;
            pthread_mutex_unlock(&list.lock);
            receiver_post(&stream.receiver);
        }
    }
}

static void run_stream(void)
{
    window = WINDOW / producer_count;
    pass_count -= pass_count % producer_count;
    receiver_begin(&stream.receiver);
    for (int i = 0; i < producer_count; i++) {
        producers[i].index = i;
        producers[i].messages = calloc((size_t)window, sizeof *producers[i].messages);
        if (producers[i].messages == NULL || pthread_create(&producers[i].thread, NULL, produce, &producers[i]) != 0) die("producer");
    }

    begin_stream_pass();
    receiver_run(&stream.receiver);
    for (int i = 0; i < producer_count; i++) pthread_join(producers[i].thread, NULL);
}

// ---- ping-pong ----

static struct { _Alignas(CACHE_LINE) struct receiver receiver; } players[2];
static pthread_barrier_t ready;

static void pingpong_received(struct receiver *r)
{
    if (r == &players[1].receiver) {
        if (atomic_load_explicit(&is_over, memory_order_relaxed)) receiver_stop(r);
        receiver_post(&players[0].receiver);
        return;
    }

    if (atomic_load_explicit(&is_over, memory_order_relaxed)) {
        receiver_stop(r);
        return;
    }

    got.in_all++;
    if (++got.in_pass == pass_count) {
        if (!end_pass("roundtrip", 0)) atomic_store(&is_over, 1);
        else begin_pass();
    }

    receiver_post(&players[1].receiver);
}

static void *play(void *argument)
{
    pin_this_thread(load);
    receiver_begin(argument);
    pthread_barrier_wait(&ready);
    receiver_run(argument);
    return NULL;
}

static void run_pingpong(void)
{
    pthread_t other;
    pthread_barrier_init(&ready, NULL, 2);
    receiver_begin(&players[0].receiver);
    if (pthread_create(&other, NULL, play, &players[1].receiver) != 0) die("pthread_create");
    pthread_barrier_wait(&ready);
    begin_pass();
    receiver_post(&players[1].receiver);
    receiver_run(&players[0].receiver);
    pthread_join(other, NULL);
}

static void received(struct receiver *r)
{
    if (producer_count > 0) stream_received(r);
    else pingpong_received(r);
}

int main(int argc, char **argv)
{
    peer_begin(argc, argv);
    core = (int)parameter("core", 0);
    load = (int)parameter("load", 1);
    pass_count = (int)parameter("count", 100000);
    producer_count = strcmp(parameter_text("mode", "stream"), "stream") == 0 ? (int)parameter("producers", 1) : 0;
    if (producer_count < 0 || producer_count > MOST_PRODUCERS) return fprintf(stderr, "producers: at most %d\n", MOST_PRODUCERS), 2;
    pin_this_thread(core);
    phase_begin = now_ns();
    phase_span = parameter("warm", 1000) * 1000000;
    if (producer_count > 0) run_stream();
    else run_pingpong();

    char checks[200];
    snprintf(checks, sizeof checks, "\"received\":%lld,\"misordered\":%lld",
        (long long)(got.in_all / total_passes), (long long)misordered);
    figures_print(checks);
    return got.in_all % total_passes == 0 ? 0 : 1;
}
