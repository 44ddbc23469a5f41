// The echo server on io_uring: multishot accept, multishot receive into a ring of provided buffers, and a send out of the buffer that
// was received into; nothing is copied, and one system call serves all connections that are ready. See server.h for the command line.
// Built with -luring (liburing-dev); it takes Linux 6.1 (DEFER_TASKRUN).

#include "server.h"
#include <liburing.h>
#include <sys/mman.h>

enum {
    ENTRIES = 1024,             // of the submission ring
    COMPLETIONS = 16384,
    BUFFERS = 1024,             // a power of two
    SIZE = 16384,
    STRIDE = SIZE + 64,         // so that their first bytes do not all compete for the same lines of the cache
    GROUP = 0,
    NONE = -1,
};

enum operation { ACCEPT, RECEIVE, SEND, CLOSE };

struct connection {
    int fd;
    int first, last;            // received and not sent yet, linked by next_of; the first one is being sent
    unsigned sent;              // of the first one
    bool receiving, ending;
};

static struct io_uring ring;
static struct io_uring_buf_ring *buffers;
static char *memory;
static int next_of[BUFFERS];
static unsigned length_of[BUFFERS];
static struct connection *starved[65536];       // lost their receive because there was no buffer
static int starved_count;

static void check(int result, const char *what)
{
    if (result >= 0) return;
    errno = -result;
    die(what);
}

static struct io_uring_sqe *next_entry(void)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
    if (sqe == NULL) {
        io_uring_submit(&ring);
        sqe = io_uring_get_sqe(&ring);
    }
    if (sqe == NULL) die("io_uring_get_sqe");
    return sqe;
}

// A pointer of malloc has its low bits clear.
static void tag(struct io_uring_sqe *sqe, enum operation operation, struct connection *c)
{
    io_uring_sqe_set_data64(sqe, (uintptr_t)c | operation);
}

static void start_accept(int listener)
{
    struct io_uring_sqe *sqe = next_entry();
    io_uring_prep_multishot_accept(sqe, listener, NULL, NULL, SOCK_CLOEXEC);
    tag(sqe, ACCEPT, NULL);
}

static void start_receive(struct connection *c)
{
    struct io_uring_sqe *sqe = next_entry();
    io_uring_prep_recv_multishot(sqe, c->fd, NULL, 0, 0);
    sqe->flags |= IOSQE_BUFFER_SELECT;
    sqe->buf_group = GROUP;
    tag(sqe, RECEIVE, c);
    c->receiving = true;
}

static void start_send(struct connection *c)
{
    struct io_uring_sqe *sqe = next_entry();
    io_uring_prep_send(sqe, c->fd, memory + (size_t)c->first * STRIDE + c->sent, length_of[c->first] - c->sent, MSG_NOSIGNAL | MSG_WAITALL);
    tag(sqe, SEND, c);
}

static void give_back(int buffer)
{
    io_uring_buf_ring_add(buffers, memory + (size_t)buffer * STRIDE, SIZE, (unsigned short)buffer, io_uring_buf_ring_mask(BUFFERS), 0);
    io_uring_buf_ring_advance(buffers, 1);
    if (starved_count > 0) start_receive(starved[--starved_count]);
}

// The memory goes when nothing of it is under way any more.
static void end_if_done(struct connection *c)
{
    if (!c->ending || c->receiving || c->first != NONE) return;
    struct io_uring_sqe *sqe = next_entry();
    io_uring_prep_close(sqe, c->fd);
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
    tag(sqe, CLOSE, NULL);
    free(c);
}

static void on_accept(int listener, struct io_uring_cqe *cqe)
{
    if (!(cqe->flags & IORING_CQE_F_MORE)) start_accept(listener);
    if (cqe->res == -ECONNABORTED) return;
    check(cqe->res, "accept");

    struct connection *c = calloc(1, sizeof *c);
    if (c == NULL) die("calloc");
    c->fd = cqe->res;
    c->first = c->last = NONE;
    start_receive(c);
}

static void on_receive(struct connection *c, struct io_uring_cqe *cqe)
{
    c->receiving = (cqe->flags & IORING_CQE_F_MORE) != 0;
    if (cqe->res == -ENOBUFS) {
        if (starved_count == (int)(sizeof starved / sizeof *starved)) die("too many connections");
        c->receiving = true;
        starved[starved_count++] = c;
        return;
    }
    if (cqe->res <= 0) {
        c->ending = true;
        end_if_done(c);
        return;
    }

    int buffer = (int)(cqe->flags >> IORING_CQE_BUFFER_SHIFT);
    length_of[buffer] = (unsigned)cqe->res;
    next_of[buffer] = NONE;
    if (c->first == NONE) {
        c->first = c->last = buffer;
        c->sent = 0;
        start_send(c);
    } else {
        next_of[c->last] = buffer;
        c->last = buffer;
    }
    if (!c->receiving) start_receive(c);
}

static void on_send(struct connection *c, struct io_uring_cqe *cqe)
{
    c->sent += cqe->res > 0 ? (unsigned)cqe->res : 0;
    if (cqe->res < 0) {
        // Lost: what is left goes nowhere. The receive ends by itself.
        c->ending = true;
        while (c->first != NONE) {
            int buffer = c->first;
            c->first = next_of[buffer];
            give_back(buffer);
        }
    } else if (c->sent == length_of[c->first]) {
        int buffer = c->first;
        c->first = next_of[buffer];
        c->sent = 0;
        give_back(buffer);
    }
    if (c->first != NONE) start_send(c);
    else end_if_done(c);
}

int main(int argc, char **argv)
{
    int listener = open_listener(argc, argv);
    struct io_uring_params params = {
        .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE, .cq_entries = COMPLETIONS,
    };
    int result = io_uring_queue_init_params(ENTRIES, &ring, &params);
    check(result, "io_uring_queue_init_params");

    memory = mmap(NULL, (size_t)BUFFERS * STRIDE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    buffers = mmap(NULL, BUFFERS * sizeof(struct io_uring_buf), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED || buffers == MAP_FAILED) die("mmap");
    struct io_uring_buf_reg registration = { .ring_addr = (uintptr_t)buffers, .ring_entries = BUFFERS, .bgid = GROUP };
    check(io_uring_register_buf_ring(&ring, &registration, 0), "io_uring_register_buf_ring");
    io_uring_buf_ring_init(buffers);
    for (int i = 0; i < BUFFERS; i++) give_back(i);
    start_accept(listener);
    announce(listener);

    for (;;) {
        result = io_uring_submit_and_wait(&ring, 1);
        if (result != -EINTR) check(result, "io_uring_submit_and_wait");

        struct io_uring_cqe *cqe;
        unsigned head, count = 0;
        io_uring_for_each_cqe(&ring, head, cqe) {
            count++;
            struct connection *c = (struct connection *)(uintptr_t)(cqe->user_data & ~(uint64_t)3);
            switch ((enum operation)(cqe->user_data & 3)) {
                case ACCEPT: on_accept(listener, cqe); break;
                case RECEIVE: on_receive(c, cqe); break;
                case SEND: on_send(c, cqe); break;
                case CLOSE: break;
            }
        }
        io_uring_cq_advance(&ring, count);
    }
}
