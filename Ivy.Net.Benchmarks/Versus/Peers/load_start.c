// The load of the start workload:
//
//     load_start [--size 64] COMMAND [ARGUMENT...]
//
// From just before fork until the first echo has come back: COMMAND is to print a line `listening on HOST:PORT`; as soon as it does, one
// connection is made, one message is sent, and its echo compared. Then COMMAND is killed.

#include "load.h"
#include <signal.h>
#include <sys/wait.h>

static const char announcement[] = "listening on ";

int main(int argc, char **argv)
{
    static unsigned char buffer[MOST];
    const char *usage = "[--size BYTES] COMMAND [ARGUMENT...]";
    parse(argc, argv, usage);
    if (optind >= argc) return fprintf(stderr, "usage: load_start %s\n", usage), 2;
    int ends[2];
    if (pipe2(ends, 0) != 0) die("pipe2");

    int64_t begin = now_ns(CLOCK_MONOTONIC);
    pid_t child = fork();
    if (child < 0) die("fork");
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execvp(argv[optind], argv + optind);
        perror(argv[optind]);
        _exit(127);
    }

    close(ends[1]);
    FILE *output = fdopen(ends[0], "r");
    char line[4096], *found = NULL;
    while (found == NULL && fgets(line, sizeof line, output) != NULL) found = strstr(line, announcement);
    char *colon = found == NULL ? NULL : strchr(found, ':');
    int64_t listening = now_ns(CLOCK_MONOTONIC), echoed = listening;
    bool ok = false;
    if (colon == NULL) {
        fprintf(stderr, "load_start: %s ended without saying what it is listening on\n", argv[optind]);
    } else {
        server.sin_port = htons((unsigned short)atoi(colon + 1));
        struct timeval patience = { .tv_sec = 10 };
        int fd = open_connection(0, 0);
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        ok = send(fd, stream_at(0, 0), given.size, MSG_NOSIGNAL) == (ssize_t)given.size
            && recv(fd, buffer, given.size, MSG_WAITALL) == (ssize_t)given.size && memcmp(buffer, stream_at(0, 0), given.size) == 0;
        echoed = now_ns(CLOCK_MONOTONIC);
        if (!ok) fprintf(stderr, "load_start: no echo, or a wrong one\n");
    }

    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    printf("errors=%d listening_ms=%.3f first_echo_ms=%.3f\n", !ok, (double)(listening - begin) / 1e6, (double)(echoed - begin) / 1e6);
    return ok ? 0 : 1;
}
