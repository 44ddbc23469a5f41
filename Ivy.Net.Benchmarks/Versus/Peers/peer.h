// What the peers share: parameters (KEY=VALUE), a clock, the numbers that all subjects draw, and the line of figures that the runner reads.

#ifndef PEER_H
#define PEER_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { MOST_SAMPLES = 100000, MOST_METRICS = 8 };

static int peer_argc;
static char **peer_argv;

static inline void die(const char *what)
{
    perror(what);
    exit(1);
}

static inline int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

// CPU time of all threads of the process.
static inline int64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static inline const char *parameter_text(const char *key, const char *otherwise)
{
    size_t length = strlen(key);
    for (int i = 1; i < peer_argc; i++) {
        if (strncmp(peer_argv[i], key, length) == 0 && peer_argv[i][length] == '=') return peer_argv[i] + length + 1;
    }

    return otherwise;
}

static inline long parameter(const char *key, long otherwise)
{
    const char *text = parameter_text(key, NULL);
    return text == NULL ? otherwise : strtol(text, NULL, 10);
}

static inline void *peer_sleep_for_ever(void *unused)
{
    for (;;) pause();
    return unused;
}

// First thing in main. idle=1: a second thread that sleeps for ever.
static inline void peer_begin(int argc, char **argv)
{
    pthread_t thread;
    peer_argc = argc;
    peer_argv = argv;
    if (parameter("idle", 0) != 0 && pthread_create(&thread, NULL, peer_sleep_for_ever, NULL) != 0) die("pthread_create");
}

static inline void pin_this_thread(int core)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    if (pthread_setaffinity_np(pthread_self(), sizeof set, &set) != 0) die("pthread_setaffinity_np");
}

// xorshift64*, always from the same seed: every subject draws the same numbers.
static uint64_t random_state = 88172645463325252ULL;

static inline uint64_t random_next(void)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return random_state * 2685821657736338717ULL;
}

static inline uint64_t random_below(uint64_t bound)
{
    return ((random_next() >> 32) * bound) >> 32;
}

// Samples by metric; the median of each is printed.
struct metric {
    const char *name;
    int count;
    double *samples;
};

static struct metric peer_metrics[MOST_METRICS];

static inline void figure(const char *name, double value)
{
    for (int i = 0; i < MOST_METRICS; i++) {
        struct metric *m = &peer_metrics[i];
        if (m->name == NULL) {
            m->name = name;
            m->samples = malloc(MOST_SAMPLES * sizeof *m->samples);
            if (m->samples == NULL) die("malloc");
        }

        if (strcmp(m->name, name) == 0) {
            if (m->count < MOST_SAMPLES) m->samples[m->count++] = value;
            return;
        }
    }
}

// The warm-up is over.
static inline void figures_clear(void)
{
    for (int i = 0; i < MOST_METRICS; i++) peer_metrics[i].count = 0;
}

static inline int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static inline double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, compare_doubles);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

// {"values":{"add":30.1},"checks":{"fired":10000}}; checks is the inside of the braces.
static inline void figures_print(const char *checks)
{
    const char *comma = "";
    printf("{\"values\":{");
    for (int i = 0; i < MOST_METRICS; i++) {
        struct metric *m = &peer_metrics[i];
        if (m->count == 0) continue;
        printf("%s\"%s\":%.6g", comma, m->name, median(m->samples, m->count));
        comma = ",";
    }

    printf("},\"checks\":{%s}}\n", checks);
}

#endif
