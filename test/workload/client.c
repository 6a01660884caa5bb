// The closed-loop client: each connection thinks, sends a request, waits for its
// response, and so on. One thread, epoll and one timer: it costs the server's
// machine little CPU time and makes no futex calls.

#include "protocol.h"
#include "workload.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define NEVER UINT64_MAX

struct connection {
    int socket;
    struct rng rng;
    uint64_t due;       // end of the think time; NEVER while a response is awaited
    uint64_t sent;      // when the request under way was sent
    uint64_t sequence;  // of the last request sent
    struct message response;
    size_t received;    // bytes of response
};

static struct {
    struct sockaddr_in connect;
    uint64_t connections;
    uint64_t think;
    unsigned think_distribution;
    uint64_t duration;
    uint64_t seed;
} config = {
    .connections = 12,
    .think = 100 * NS_PER_MS,
    .duration = 30 * NS_PER_S,
    .seed = 1,
};

static struct connection connections[MAX_THREADS];
static uint64_t start;
static uint64_t requests;
static uint64_t response_time;

static void report(void)
{
    const double elapsed = seconds(monotonic_ns() - start);
    char mean[32] = "null";
    if (requests > 0)
        snprintf(mean, sizeof mean, "%.9f", seconds(response_time) / (double)requests);
    print_line("{\"record\":\"final\",\"seconds\":%.6f,\"requests\":%" PRIu64
               ",\"rate\":%.6f,\"response_seconds_mean\":%s,\"cpu_seconds\":%.6f}",
               elapsed, requests, elapsed > 0 ? (double)requests / elapsed : 0, mean,
               seconds(process_cpu_ns()));
}

// The final line all the same, then one line on stderr and status 1.
static _Noreturn void fail(const struct connection *connection, const char *what, int error)
{
    char when[64] = "";
    const double elapsed = seconds(monotonic_ns() - start);
    report();
    if (config.duration > 0)
        snprintf(when, sizeof when, " of %.3fs", seconds(config.duration));
    die("connection %td: %s%s%s, after %.3fs%s and %" PRIu64 " requests in all",
        connection - connections + 1, what, error != 0 ? ": " : "",
        error != 0 ? strerror(error) : "", elapsed, when, requests);
}

static void request_send(struct connection *connection)
{
    const struct message request = {
        .magic = htobe64(MESSAGE_MAGIC),
        .sequence = htobe64(++connection->sequence),
    };
    connection->due = NEVER;
    connection->received = 0;
    connection->sent = monotonic_ns();
    // One small message is under way at most, so the send buffer has room.
    const ssize_t sent = send(connection->socket, &request, sizeof request, MSG_NOSIGNAL);
    if (sent != (ssize_t)sizeof request)
        fail(connection, "the server went away: cannot send", sent < 0 ? errno : 0);
}

static void response_receive(struct connection *connection)
{
    // A byte that arrives during a think time is one too many.
    const bool awaited = connection->due == NEVER;
    const size_t from = awaited ? connection->received : 0;
    const ssize_t size = recv(connection->socket, (char *)&connection->response + from,
                              sizeof connection->response - from, 0);
    if (size < 0) {
        if (errno == EAGAIN || errno == EINTR)
            return;
        fail(connection, "the server went away", errno);
    }
    if (size == 0)
        fail(connection, "the server went away: it closed the connection", 0);
    if (!awaited)
        fail(connection, "the server sent something without a request", 0);

    connection->received += (size_t)size;
    if (connection->received < sizeof connection->response)
        return;
    if (be64toh(connection->response.magic) != MESSAGE_MAGIC ||
        be64toh(connection->response.sequence) != connection->sequence)
        fail(connection, "the response is not to the request sent", 0);

    const uint64_t now = monotonic_ns();
    requests++;
    response_time += now - connection->sent;
    const uint64_t think =
        draw_duration(&connection->rng, config.think_distribution, config.think);
    if (think == 0)
        request_send(connection);
    else
        connection->due = now + think;
}

static void connection_open(struct connection *connection, uint64_t index)
{
    const int on = 1;
    connection->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection->socket < 0)
        die_errno(errno, "connection %" PRIu64 ": cannot create a socket", index + 1);
    if (connect(connection->socket, (struct sockaddr *)&config.connect,
                sizeof config.connect) != 0)
        die_errno(errno, "connection %" PRIu64 ": cannot connect to port %u", index + 1,
                  ntohs(config.connect.sin_port));
    setsockopt(connection->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connection->rng = rng_stream(config.seed, index);
}

static void watch(int epoll, int descriptor, uint64_t tag)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = tag};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) != 0)
        die_errno(errno, "cannot watch a descriptor");
}

static void configure(int argc, char **argv)
{
    struct option_spec options[] = {
        {.name = "connect", .kind = OPTION_ADDRESS, .to.address = &config.connect, .min = 1,
         .max = 65535, .help = "Where the server listens (required)"},
        {.name = "connections", .kind = OPTION_INTEGER, .to.number = &config.connections,
         .min = 1, .max = MAX_THREADS, .help = "Connections (12)"},
        {.name = "think", .kind = OPTION_DURATION, .to.number = &config.think,
         .max = NS_PER_DAY, .help = "Mean time from a response to the next request (100ms)"},
        {.name = "think-distribution", .kind = OPTION_CHOICE,
         .to.choice = &config.think_distribution, .choices = distribution_names,
         .help = "Distribution of the think time (fixed)"},
        {.name = "duration", .kind = OPTION_DURATION, .to.number = &config.duration,
         .max = 365 * NS_PER_DAY, .help = "End after this time (30s); 0: at SIGTERM or SIGINT"},
        {.name = "seed", .kind = OPTION_INTEGER, .to.number = &config.seed, .max = UINT64_MAX,
         .help = "Seed of the random draws (1)"},
    };
    const size_t count = sizeof options / sizeof *options;

    options_parse(argc, argv, options, count,
                  "Sends requests to workload-server in a closed loop.");
    if (!option_given(options, count, "connect"))
        usage_error("flag --connect: not given, and it is needed");
}

// The loop's descriptors other than connections, which are tagged by index.
enum { TAG_TIMER = MAX_THREADS, TAG_SIGNAL };

int main(int argc, char **argv)
{
    configure(argc, argv);
    sigset_t signals = signals_block();
    sigdelset(&signals, SIGUSR1);
    sigdelset(&signals, SIGUSR2);

    struct rlimit descriptors;  // MAX_THREADS connections exceed the usual soft limit
    if (getrlimit(RLIMIT_NOFILE, &descriptors) == 0) {
        descriptors.rlim_cur = descriptors.rlim_max;
        setrlimit(RLIMIT_NOFILE, &descriptors);
    }

    const int epoll = epoll_create1(EPOLL_CLOEXEC);
    const int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    const int signal_descriptor = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (epoll < 0 || timer < 0 || signal_descriptor < 0)
        die_errno(errno, "cannot create the event loop");
    watch(epoll, timer, TAG_TIMER);
    watch(epoll, signal_descriptor, TAG_SIGNAL);
    for (uint64_t i = 0; i < config.connections; i++) {
        connection_open(&connections[i], i);
        watch(epoll, connections[i].socket, i);
    }

    start = monotonic_ns();
    const uint64_t end = config.duration > 0 ? start + config.duration : NEVER;
    for (uint64_t i = 0; i < config.connections; i++)
        connections[i].due = start + draw_first_think(&connections[i].rng,
                                                      config.think_distribution, config.think);

    uint64_t armed = NEVER;  // when the timer goes off
    for (;;) {
        const uint64_t now = monotonic_ns();
        if (now >= end)
            break;
        uint64_t next = end;
        for (uint64_t i = 0; i < config.connections; i++) {
            if (connections[i].due <= now)
                request_send(&connections[i]);
            else if (connections[i].due < next)
                next = connections[i].due;
        }
        if (next != armed && next != NEVER) {
            const struct itimerspec setting = {.it_value = timespec_of(next)};
            timerfd_settime(timer, TFD_TIMER_ABSTIME, &setting, NULL);
            armed = next;
        }

        struct epoll_event events[64];
        const int count = epoll_wait(epoll, events, (int)(sizeof events / sizeof *events), -1);
        if (count < 0 && errno != EINTR)
            die_errno(errno, "cannot wait for events");
        bool stopped = false;
        for (int i = 0; i < count; i++) {
            uint64_t expirations;
            switch (events[i].data.u64) {
            case TAG_TIMER:
                if (read(timer, &expirations, sizeof expirations) > 0)
                    armed = NEVER;
                break;
            case TAG_SIGNAL:
                stopped = true;
                break;
            default:
                // At the end the server may go first: that is no failure.
                if (monotonic_ns() < end)
                    response_receive(&connections[events[i].data.u64]);
            }
        }
        if (stopped)
            break;
    }
    report();
    return 0;
}
