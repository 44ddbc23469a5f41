// The echo server on libuv's streams: all connections read into one buffer, because uv_try_write sends it before the next one is read;
// what the peer does not take is copied and written by uv_write. See server.h for the command line. Built with -luv (libuv1-dev).

#include "server.h"
#include <signal.h>
#include <uv.h>

struct unsent {
    uv_write_t request;
    char bytes[];
};

static void check(int result, const char *what)
{
    if (result >= 0) return;
    fprintf(stderr, "%s: %s\n", what, uv_strerror(result));
    exit(1);
}

static void on_close(uv_handle_t *handle)
{
    free(handle);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    static char bytes[BUFFER];
    (void)handle, (void)suggested;
    *buffer = uv_buf_init(bytes, sizeof bytes);
}

static void on_read(uv_stream_t *stream, ssize_t received, const uv_buf_t *buffer);

static void on_write(uv_write_t *request, int status)
{
    uv_stream_t *stream = request->handle;
    free(request);
    if (uv_is_closing((uv_handle_t *)stream)) return;
    if (status < 0) uv_close((uv_handle_t *)stream, on_close);
    else check(uv_read_start(stream, on_alloc, on_read), "uv_read_start");
}

static void on_read(uv_stream_t *stream, ssize_t received, const uv_buf_t *buffer)
{
    if (received == 0) return;
    uv_buf_t data = uv_buf_init(buffer->base, received < 0 ? 0 : (unsigned)received);
    int sent = received < 0 ? (int)received : uv_try_write(stream, &data, 1);
    if (sent == received && received > 0) return;
    if (sent < 0 && sent != UV_EAGAIN) {
        uv_close((uv_handle_t *)stream, on_close);
        return;
    }

    size_t taken = sent < 0 ? 0 : (size_t)sent, left = (size_t)received - taken;
    struct unsent *rest = malloc(sizeof *rest + left);
    if (rest == NULL) die("malloc");
    memcpy(rest->bytes, buffer->base + taken, left);
    data = uv_buf_init(rest->bytes, (unsigned)left);
    uv_read_stop(stream);
    check(uv_write(&rest->request, stream, &data, 1, on_write), "uv_write");
}

static void on_connection(uv_stream_t *listener, int status)
{
    check(status, "accept");
    uv_tcp_t *connection = malloc(sizeof *connection);
    if (connection == NULL) die("malloc");
    check(uv_tcp_init(listener->loop, connection), "uv_tcp_init");
    check(uv_accept(listener, (uv_stream_t *)connection), "uv_accept");
    check(uv_read_start((uv_stream_t *)connection, on_alloc, on_read), "uv_read_start");
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    int fd = open_listener(argc, argv);
    uv_loop_t *loop = uv_default_loop();
    uv_tcp_t listener;
    check(uv_tcp_init(loop, &listener), "uv_tcp_init");
    check(uv_tcp_open(&listener, fd), "uv_tcp_open");
    check(uv_listen((uv_stream_t *)&listener, BACKLOG, on_connection), "uv_listen");
    announce(fd);
    return uv_run(loop, UV_RUN_DEFAULT);
}
