// time_to_line TEXT COMMAND [ARGUMENT...]: the milliseconds from just before fork to the moment at which COMMAND has written a line
// that contains TEXT to its standard output; then ends it with SIGTERM and waits for it.

#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int pipe_fds[2];
    if (argc < 3) return fprintf(stderr, "usage: time_to_line TEXT COMMAND [ARGUMENT...]\n"), 2;
    if (pipe2(pipe_fds, O_CLOEXEC) != 0) return perror("pipe2"), 1;

    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    pid_t child = fork();
    if (child < 0) return perror("fork"), 1;
    if (child == 0) {
        dup2(pipe_fds[1], STDOUT_FILENO);
        execvp(argv[2], argv + 2);
        perror(argv[2]);
        _exit(127);
    }

    close(pipe_fds[1]);
    FILE *output = fdopen(pipe_fds[0], "r");
    char line[4096];
    int found = 0;
    while (!found && fgets(line, sizeof line, output) != NULL) found = strstr(line, argv[1]) != NULL;
    clock_gettime(CLOCK_MONOTONIC, &end);

    kill(child, SIGTERM);
    waitpid(child, NULL, 0);
    if (!found) return fprintf(stderr, "%s ended without a line that contains `%s`\n", argv[2], argv[1]), 1;
    printf("%.2f\n", (double)(end.tv_sec - begin.tv_sec) * 1e3 + (double)(end.tv_nsec - begin.tv_nsec) / 1e6);
    return 0;
}
