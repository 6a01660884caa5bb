// The reference server: every job burns (1 - p) * D of CPU time inside one lock,
// then p * D outside it. It measures its own parallel fraction and the mean queue
// at its lock, for an estimate made from outside to be compared with.

#include "protocol.h"
#include "workload.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

// ---- The lock under test ----

alignas(CACHE_LINE) static pthread_mutex_t reference_lock = PTHREAD_MUTEX_INITIALIZER;

static void mutex_acquire(void)
{
    const int error = pthread_mutex_lock(&reference_lock);
    if (error != 0)
        die_errno(error, "pthread_mutex_lock");
}

static void mutex_release(void)
{
    const int error = pthread_mutex_unlock(&reference_lock);
    if (error != 0)
        die_errno(error, "pthread_mutex_unlock");
}

struct lock_kind {
    void (*acquire)(void);
    void (*release)(void);
};

// One entry per kind, in the order of lock_names.
static const struct lock_kind lock_kinds[] = {
    {mutex_acquire, mutex_release},
};
static const char *const lock_names[] = {"mutex", NULL};
_Static_assert(sizeof lock_kinds / sizeof *lock_kinds + 1 ==
                   sizeof lock_names / sizeof *lock_names,
               "every kind of lock has one name");

// ---- Configuration, constant once the workers run ----

static struct {
    struct sockaddr_in listen;
    uint64_t threads;
    double p;
    uint64_t demand;
    unsigned demand_distribution;
    unsigned lock;
    uint64_t sleep_inside;
    uint64_t duration;
    uint64_t warm_up;
    uint64_t report_interval;
    uint64_t seed;
    bool is_inline;
    uint64_t think;
    unsigned think_distribution;
} config = {
    .threads = 12,
    .p = 0.4,
    .demand = 403 * NS_PER_MS,
    .duration = 30 * NS_PER_S,
    .seed = 1,
};

static int listener = -1;

// ---- Workers ----

enum phase { PHASE_AWAY, PHASE_WAITING, PHASE_HOLDING };

// What a worker publishes about itself. Only the worker writes; the reporter
// reads. The version is odd during a change (a sequence lock), so a reading is
// of one moment. Totals count what is over; the phase and its times let the
// reporter add what is under way.
struct counters {
    atomic_uint version;
    atomic_uint phase;
    atomic_uint_least64_t jobs;
    atomic_uint_least64_t acquisitions;
    atomic_uint_least64_t serial_cpu;   // CPU time inside the lock
    atomic_uint_least64_t waited;       // wall time in lock
    atomic_uint_least64_t held;         // wall time from after lock to before unlock
    atomic_uint_least64_t arrived;      // unless PHASE_AWAY: monotonic time of arrival
    atomic_uint_least64_t entered;      // PHASE_HOLDING: monotonic time of entry
    atomic_uint_least64_t entered_cpu;  // PHASE_HOLDING: thread CPU time at entry
};

struct worker {
    alignas(2 * CACHE_LINE) struct counters counters;
    // Used by the worker alone.
    alignas(2 * CACHE_LINE) struct burner burner;
    struct rng rng;
    // Written before the worker is of interest to the reporter.
    pthread_t thread;
    clockid_t cpu_clock;
};

static struct worker workers[MAX_THREADS];

static void put(atomic_uint_least64_t *counter, uint64_t value)
{
    atomic_store_explicit(counter, value, memory_order_relaxed);
}

static uint64_t get(const atomic_uint_least64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static void add(atomic_uint_least64_t *counter, uint64_t value)
{
    put(counter, get(counter) + value);  // one writer: no read-modify-write needed
}

static void change_begin(struct counters *c)
{
    const unsigned version = atomic_load_explicit(&c->version, memory_order_relaxed);
    atomic_store_explicit(&c->version, version + 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
}

static void change_end(struct counters *c, enum phase phase)
{
    const unsigned version = atomic_load_explicit(&c->version, memory_order_relaxed);
    atomic_store_explicit(&c->phase, (unsigned)phase, memory_order_relaxed);
    atomic_store_explicit(&c->version, version + 1, memory_order_release);
}

static void rest(uint64_t duration)
{
    if (duration == 0)
        return;
    const struct timespec until = timespec_of(monotonic_ns() + duration);
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
        ;
}

static void run_serial_part(struct worker *worker, uint64_t amount)
{
    const struct lock_kind *lock = &lock_kinds[config.lock];
    struct counters *c = &worker->counters;

    const uint64_t arrived = monotonic_ns();
    change_begin(c);
    put(&c->arrived, arrived);
    change_end(c, PHASE_WAITING);

    lock->acquire();

    const uint64_t entered = monotonic_ns();
    const uint64_t entered_cpu = thread_cpu_ns();
    change_begin(c);
    add(&c->waited, entered - arrived);
    put(&c->entered, entered);
    put(&c->entered_cpu, entered_cpu);
    change_end(c, PHASE_HOLDING);

    const uint64_t leaving_cpu = burn(&worker->burner, entered_cpu, amount);
    rest(config.sleep_inside);

    const uint64_t leaving = monotonic_ns();
    change_begin(c);
    add(&c->serial_cpu, leaving_cpu - entered_cpu);
    add(&c->held, leaving - entered);
    add(&c->acquisitions, 1);
    change_end(c, PHASE_AWAY);

    lock->release();
}

static void run_job(struct worker *worker)
{
    const uint64_t demand =
        draw_duration(&worker->rng, config.demand_distribution, config.demand);
    const uint64_t serial = (uint64_t)llround((double)demand * (1 - config.p));

    if (serial > 0)
        run_serial_part(worker, serial);
    if (demand > serial)
        burn(&worker->burner, thread_cpu_ns(), demand - serial);
    add(&worker->counters.jobs, 1);
}

static void *run_inline(void *argument)
{
    struct worker *worker = argument;
    rest(draw_first_think(&worker->rng, config.think_distribution, config.think));
    for (;;) {
        run_job(worker);
        rest(draw_duration(&worker->rng, config.think_distribution, config.think));
    }
    return NULL;
}

static void serve_connection(struct worker *worker, int connection)
{
    struct message message;
    for (;;) {
        if (recv(connection, &message, sizeof message, MSG_WAITALL) != sizeof message)
            return;  // the client is done, or gone
        if (be64toh(message.magic) != MESSAGE_MAGIC) {
            fprintf(stderr, "%s: closed a connection that sent something else than a request\n",
                    program_invocation_short_name);
            return;
        }
        run_job(worker);
        if (send(connection, &message, sizeof message, MSG_NOSIGNAL) != sizeof message)
            return;
    }
}

// The kernel's accept queue hands the connections out, so that the workers
// share no lock but the one under test.
static void *run_server(void *argument)
{
    struct worker *worker = argument;
    for (;;) {
        const int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (connection < 0) {
            if (errno == ECONNABORTED || errno == EINTR)
                continue;
            die_errno(errno, "cannot accept a connection");
        }
        const int on = 1;
        setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        serve_connection(worker, connection);
        close(connection);
    }
    return NULL;
}

static void workers_start(void)
{
    const struct burner burner = burner_calibrate();
    // Think times are slept to the microsecond; the workers inherit this.
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);

    for (uint64_t i = 0; i < config.threads; i++) {
        struct worker *worker = &workers[i];
        worker->burner = burner;
        worker->rng = rng_stream(config.seed, i);
        int error = pthread_create(&worker->thread, NULL,
                                   config.is_inline ? run_inline : run_server, worker);
        if (error == 0)
            error = pthread_getcpuclockid(worker->thread, &worker->cpu_clock);
        if (error != 0)
            die_errno(error, "cannot create worker thread %" PRIu64, i + 1);
    }
}

// ---- Measuring ----

// Totals since the start of the process, at one moment.
struct totals {
    uint64_t wall;
    uint64_t cpu;
    uint64_t jobs;
    uint64_t acquisitions;
    uint64_t serial_cpu;
    uint64_t waited;
    uint64_t held;
};

static uint64_t since(uint64_t now, uint64_t then)
{
    return now > then ? now - then : 0;
}

// Adds the worker's totals and, as of the time now, what it has under way.
// Returns false when the worker changed something meanwhile.
static bool worker_add(const struct worker *worker, uint64_t now, struct totals *totals)
{
    const struct counters *c = &worker->counters;
    const unsigned version = atomic_load_explicit(&c->version, memory_order_acquire);
    const unsigned phase = atomic_load_explicit(&c->phase, memory_order_relaxed);
    struct totals t = {
        .jobs = get(&c->jobs),
        .acquisitions = get(&c->acquisitions),
        .serial_cpu = get(&c->serial_cpu),
        .waited = get(&c->waited),
        .held = get(&c->held),
    };
    if (phase == PHASE_WAITING)
        t.waited += since(now, get(&c->arrived));
    if (phase == PHASE_HOLDING) {
        t.held += since(now, get(&c->entered));
        t.serial_cpu += since(clock_ns(worker->cpu_clock), get(&c->entered_cpu));
    }
    atomic_thread_fence(memory_order_acquire);
    if (version % 2 != 0 || atomic_load_explicit(&c->version, memory_order_relaxed) != version)
        return false;

    totals->jobs += t.jobs;
    totals->acquisitions += t.acquisitions;
    totals->serial_cpu += t.serial_cpu;
    totals->waited += t.waited;
    totals->held += t.held;
    return true;
}

// Reads everything within a short time. When the workers' CPU load holds the
// reading up, it starts again, so that its parts belong to the same moment.
static struct totals totals_read(void)
{
    const uint64_t allowed = 100 * NS_PER_US + config.threads * NS_PER_US;
    struct totals totals;

    for (int attempt = 1;; attempt++) {
        totals = (struct totals){.wall = monotonic_ns(), .cpu = process_cpu_ns()};
        for (uint64_t i = 0; i < config.threads; i++) {
            while (!worker_add(&workers[i], totals.wall, &totals)) {
                // The worker may be off the CPU in the middle of a change: let it run.
                const struct timespec pause = {.tv_nsec = 20000};
                if (monotonic_ns() - totals.wall > allowed)
                    nanosleep(&pause, NULL);
            }
        }
        if (monotonic_ns() - totals.wall <= allowed || attempt == 20)
            return totals;
    }
}

static void report(const char *record, const struct totals *from, const struct totals *to)
{
    const double wall = seconds(to->wall - from->wall);
    const double per_second = wall > 0 ? 1 / wall : 0;
    const uint64_t jobs = to->jobs - from->jobs;
    const uint64_t acquisitions = to->acquisitions - from->acquisitions;
    const double cpu = seconds(to->cpu - from->cpu);
    const double serial_cpu = seconds(since(to->serial_cpu, from->serial_cpu));
    const double held = seconds(since(to->held, from->held)) * per_second;
    const double waiters = seconds(since(to->waited, from->waited)) * per_second;
    char p[32] = "null";

    if (cpu > 0)
        snprintf(p, sizeof p, "%.6f", 1 - serial_cpu / cpu);
    print_line("{\"record\":\"%s\",\"seconds\":%.6f,\"jobs\":%" PRIu64 ",\"rate\":%.6f,"
               "\"cpu_seconds\":%.6f,\"serial_cpu_seconds\":%.6f,\"p\":%s,\"queue\":%.6f,"
               "\"held\":%.6f,\"waiters\":%.6f,\"acquisitions\":%" PRIu64
               ",\"acquisition_rate\":%.6f,\"serial_utilization\":%.6f}",
               record, wall, jobs, (double)jobs * per_second, cpu, serial_cpu, p,
               held + waiters, held, waiters, acquisitions,
               (double)acquisitions * per_second, serial_cpu * per_second);
}

// ---- The main thread: time and signals ----

static _Noreturn void measure(const sigset_t *signals)
{
    struct totals now = totals_read();
    struct totals period = now;    // start of the measured period
    struct totals interval = now;  // start of the present interval
    const uint64_t warm_until = now.wall + config.warm_up;
    const uint64_t end = config.duration > 0 ? warm_until + config.duration : UINT64_MAX;
    bool warming_up = config.warm_up > 0;
    uint64_t next_report = UINT64_MAX;
    if (!warming_up && config.report_interval > 0)
        next_report = now.wall + config.report_interval;

    for (;;) {
        uint64_t deadline = warming_up ? warm_until : end;
        if (next_report < deadline)
            deadline = next_report;
        const int received = signals_wait_until(signals, deadline);
        now = totals_read();

        if (received == SIGUSR1 || (warming_up && now.wall >= warm_until)) {
            warming_up = false;
            period = interval = now;
            if (config.report_interval > 0)
                next_report = now.wall + config.report_interval;
        } else if (received == SIGUSR2) {
            report("report", &period, &now);
        }
        if (now.wall >= next_report) {
            report("interval", &interval, &now);
            interval = now;
            next_report += config.report_interval;
            if (next_report <= now.wall)  // held up: leave out what has passed
                next_report = now.wall + config.report_interval;
        }
        if (received == SIGTERM || received == SIGINT || now.wall >= end) {
            report("final", &period, &now);
            _exit(0);  // the workers end with the process, wherever they are
        }
    }
}

static uint16_t listener_open(void)
{
    const int on = 1;
    socklen_t length = sizeof config.listen;

    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0)
        die_errno(errno, "cannot create a socket");
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&config.listen, length) != 0 ||
        listen(listener, SOMAXCONN) != 0)
        die_errno(errno, "cannot listen on port %u", ntohs(config.listen.sin_port));
    if (getsockname(listener, (struct sockaddr *)&config.listen, &length) != 0)
        die_errno(errno, "cannot read the port listened on");
    return ntohs(config.listen.sin_port);
}

static void configure(int argc, char **argv)
{
    struct option_spec options[] = {
        {.name = "listen", .kind = OPTION_ADDRESS, .to.address = &config.listen, .max = 65535,
         .help = "Serve TCP connections here; port 0: one that is free"},
        {.name = "inline", .kind = OPTION_SWITCH, .to.flag = &config.is_inline,
         .help = "No network: each thread runs job after job"},
        {.name = "threads", .kind = OPTION_INTEGER, .to.number = &config.threads, .min = 1,
         .max = MAX_THREADS, .help = "Worker threads (12)"},
        {.name = "p", .kind = OPTION_REAL, .to.real = &config.p, .real_max = 1,
         .help = "Share of a job's demand outside the lock (0.4)"},
        {.name = "demand", .kind = OPTION_DURATION, .to.number = &config.demand,
         .min = NS_PER_US, .max = 3600 * NS_PER_S, .help = "CPU time of a job (403ms)"},
        {.name = "demand-distribution", .kind = OPTION_CHOICE,
         .to.choice = &config.demand_distribution, .choices = distribution_names,
         .help = "Distribution of the demand (fixed)"},
        {.name = "lock", .kind = OPTION_CHOICE, .to.choice = &config.lock,
         .choices = lock_names, .help = "Kind of the lock (mutex)"},
        {.name = "sleep-inside", .kind = OPTION_DURATION, .to.number = &config.sleep_inside,
         .max = NS_PER_DAY, .help = "Sleep before the lock is released, as for I/O (0s)"},
        {.name = "think", .kind = OPTION_DURATION, .to.number = &config.think,
         .max = NS_PER_DAY, .help = "With --inline: sleep between jobs (0s)"},
        {.name = "think-distribution", .kind = OPTION_CHOICE,
         .to.choice = &config.think_distribution, .choices = distribution_names,
         .help = "With --inline: distribution of the think time (fixed)"},
        {.name = "duration", .kind = OPTION_DURATION, .to.number = &config.duration,
         .max = 365 * NS_PER_DAY,
         .help = "End this long after the warm-up (30s); 0: at SIGTERM or SIGINT"},
        {.name = "warm-up", .kind = OPTION_DURATION, .to.number = &config.warm_up,
         .max = NS_PER_DAY, .help = "Time before the measured period (0s)"},
        {.name = "report-interval", .kind = OPTION_DURATION,
         .to.number = &config.report_interval, .max = NS_PER_DAY,
         .help = "Print an interval record this often (0s: never)"},
        {.name = "seed", .kind = OPTION_INTEGER, .to.number = &config.seed, .max = UINT64_MAX,
         .help = "Seed of the random draws (1)"},
    };
    const size_t count = sizeof options / sizeof *options;

    options_parse(argc, argv, options, count,
                  "Runs jobs with a known parallel fraction p around one mutex.");
    const bool listens = option_given(options, count, "listen");
    if (listens == config.is_inline)
        usage_error("flags --listen and --inline: %s given; exactly one of them is needed",
                    listens ? "both are" : "neither is");
    if (!config.is_inline && (option_given(options, count, "think") ||
                              option_given(options, count, "think-distribution")))
        usage_error("flags --think and --think-distribution: allowed with --inline only");
}

int main(int argc, char **argv)
{
    configure(argc, argv);
    const sigset_t signals = signals_block();
    char port[8] = "null";

    if (!config.is_inline)
        snprintf(port, sizeof port, "%u", listener_open());
    workers_start();
    print_line("{\"record\":\"ready\",\"pid\":%ld,\"port\":%s,\"threads\":%" PRIu64 "}",
               (long)getpid(), port, config.threads);
    measure(&signals);
}
