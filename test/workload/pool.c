// A thread pool that idles on a condition variable and is woken at a set rate to
// do tiny work. Its threads spend their lives in futex waits, none of them for a
// lock: an estimator which takes idle waits for lock waits fails here.
//
// The waker changes the predicate under the mutex, lets go of the mutex, and only
// then wakes a worker, so that the worker finds the mutex free. Only a broadcast
// makes workers meet at the mutex, as POSIX has them all reacquire it.

#include "workload.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <unistd.h>

enum wake { WAKE_SIGNAL, WAKE_BROADCAST };
static const char *const wake_names[] = {"signal", "broadcast", NULL};

static struct {
    uint64_t threads;
    double rate;
    unsigned wake;
    uint64_t work;
    uint64_t duration;
} config = {
    .threads = 8,
    .rate = 50,
    .work = 10 * NS_PER_US,
    .duration = 30 * NS_PER_S,
};

struct worker {
    alignas(2 * CACHE_LINE) atomic_uint_least64_t wakeups;  // written by its thread only
    struct burner burner;
};

static struct worker workers[MAX_THREADS];

alignas(CACHE_LINE) static pthread_mutex_t pool_lock = PTHREAD_MUTEX_INITIALIZER;
alignas(CACHE_LINE) static pthread_cond_t pool_work = PTHREAD_COND_INITIALIZER;
// Under pool_lock.
static uint64_t pending;     // WAKE_SIGNAL: wake-ups not yet taken
static uint64_t generation;  // WAKE_BROADCAST: wake-ups so far

// Waits for a wake-up; handled is the last generation this worker has taken.
static void wake_up_await(uint64_t *handled)
{
    pthread_mutex_lock(&pool_lock);
    if (config.wake == WAKE_BROADCAST) {
        while (generation == *handled)
            pthread_cond_wait(&pool_work, &pool_lock);
        *handled = generation;
    } else {
        while (pending == 0)
            pthread_cond_wait(&pool_work, &pool_lock);
        pending--;
    }
    pthread_mutex_unlock(&pool_lock);
}

static void *run_worker(void *argument)
{
    struct worker *worker = argument;
    uint64_t handled = 0;
    for (;;) {
        wake_up_await(&handled);
        burn(&worker->burner, thread_cpu_ns(), config.work);
        atomic_store_explicit(&worker->wakeups,
                              atomic_load_explicit(&worker->wakeups, memory_order_relaxed) + 1,
                              memory_order_relaxed);
    }
    return NULL;
}

static void wake(void)
{
    pthread_mutex_lock(&pool_lock);
    if (config.wake == WAKE_BROADCAST)
        generation++;
    else
        pending++;
    pthread_mutex_unlock(&pool_lock);
    if (config.wake == WAKE_BROADCAST)
        pthread_cond_broadcast(&pool_work);
    else
        pthread_cond_signal(&pool_work);
}

static void configure(int argc, char **argv)
{
    struct option_spec options[] = {
        {.name = "threads", .kind = OPTION_INTEGER, .to.number = &config.threads, .min = 1,
         .max = MAX_THREADS, .help = "Worker threads (8)"},
        {.name = "rate", .kind = OPTION_REAL, .to.real = &config.rate, .real_min = 0.1,
         .real_max = 10000, .help = "Wake-ups per second (50)"},
        {.name = "wake", .kind = OPTION_CHOICE, .to.choice = &config.wake,
         .choices = wake_names, .help = "Wake one worker or all of them (signal)"},
        {.name = "work", .kind = OPTION_DURATION, .to.number = &config.work,
         .max = NS_PER_S, .help = "CPU time a worker burns when woken (10us)"},
        {.name = "duration", .kind = OPTION_DURATION, .to.number = &config.duration,
         .max = 365 * NS_PER_DAY, .help = "End after this time (30s); 0: at SIGTERM or SIGINT"},
    };
    options_parse(argc, argv, options, sizeof options / sizeof *options,
                  "Idles on a condition variable, with no contention for a lock.");
}

int main(int argc, char **argv)
{
    configure(argc, argv);
    const sigset_t signals = signals_block();
    const struct burner burner = burner_calibrate();

    for (uint64_t i = 0; i < config.threads; i++) {
        pthread_t thread;
        workers[i].burner = burner;
        const int error = pthread_create(&thread, NULL, run_worker, &workers[i]);
        if (error != 0)
            die_errno(error, "cannot create worker thread %" PRIu64, i + 1);
    }
    print_line("{\"record\":\"ready\",\"pid\":%ld,\"threads\":%" PRIu64 "}", (long)getpid(),
               config.threads);

    const uint64_t start = monotonic_ns();
    const uint64_t end = config.duration > 0 ? start + config.duration : UINT64_MAX;
    const double period = (double)NS_PER_S / config.rate;
    uint64_t wakes = 0;
    for (;;) {
        const uint64_t next = start + (uint64_t)((double)(wakes + 1) * period);
        const int received = signals_wait_until(&signals, next < end ? next : end);
        if (received == SIGTERM || received == SIGINT || monotonic_ns() >= end)
            break;
        if (received == 0) {
            wake();
            wakes++;
        }
    }

    const double elapsed = seconds(monotonic_ns() - start);
    uint64_t wakeups = 0;
    for (uint64_t i = 0; i < config.threads; i++)
        wakeups += atomic_load_explicit(&workers[i].wakeups, memory_order_relaxed);
    print_line("{\"record\":\"final\",\"seconds\":%.6f,\"wakes\":%" PRIu64
               ",\"wakeups\":%" PRIu64 ",\"rate\":%.6f,\"cpu_seconds\":%.6f}",
               elapsed, wakes, wakeups, (double)wakes / elapsed, seconds(process_cpu_ns()));
    _exit(0);  // the workers idle on; they end with the process
}
