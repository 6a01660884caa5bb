#include "crew.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <unistd.h>

// A job that comes later than this is not made up for: the load has its limit.
#define BACKLOG (100 * NS_PER_MS)

struct crew_settings crew = {
    .threads = 4,
    .inside = 600 * NS_PER_US,
    .outside = 400 * NS_PER_US,
    .duration = 30 * NS_PER_S,
};

static sigset_t signals;
static struct burner calibrated;
static uint64_t started;
static void (*crew_job)(struct worker *worker);
static pid_t forked[64];

void crew_prepare(void)
{
    signals = signals_block();
    accounts_create();
    calibrated = burner_calibrate();
    // Pauses are slept to the microsecond; the workers inherit this.
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    started = monotonic_ns();
}

struct worker worker_create(uint64_t index)
{
    return (struct worker){
        .index = index,
        .account = account_take(),
        .burner = calibrated,
        .rng = rng_stream(1, index),
        .next = monotonic_ns(),
    };
}

void sleep_until(uint64_t deadline)
{
    const struct timespec until = timespec_of(deadline);
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
        ;
}

void worker_burn(struct worker *worker, uint64_t amount)
{
    if (amount > 0)
        burn(&worker->burner, thread_cpu_ns(), amount);
}

void worker_job_over(struct worker *worker)
{
    account_add(&worker->account->jobs, 1);
    atomic_store_explicit(&worker->account->thread_cpu, thread_cpu_ns(), memory_order_relaxed);
}

// From load to load_to in a quarter of each sweep, there for half of it, and back in the last quarter.
static double load_at(uint64_t now)
{
    if (crew.sweep == 0)
        return crew.load;
    const double phase = (double)((now - started) % crew.sweep) / (double)crew.sweep;
    const double way = phase < 0.5 ? 4 * phase : 4 - 4 * phase;
    return crew.load + (crew.load_to - crew.load) * (way < 1 ? way : 1);
}

uint64_t worker_next(struct worker *worker, uint64_t sharers)
{
    const uint64_t now = monotonic_ns();
    if (crew.load == 0)
        return now + draw_duration(&worker->rng, DISTRIBUTION_EXPONENTIAL, crew.think);
    const double mean = (double)crew.inside * (double)sharers / load_at(now);
    if (worker->next + BACKLOG < now)
        worker->next = now;
    worker->next += draw_duration(&worker->rng, DISTRIBUTION_EXPONENTIAL, (uint64_t)mean);
    return worker->next;
}

void worker_pause(struct worker *worker, uint64_t sharers)
{
    const uint64_t next = worker_next(worker, sharers);
    if (next > monotonic_ns())
        sleep_until(next);
}

void thread_start(void *(*run)(void *), void *argument)
{
    pthread_t thread;
    const int error = pthread_create(&thread, NULL, run, argument);
    if (error != 0)
        die_errno(error, "cannot create a thread");
    pthread_detach(thread);
}

static void *run_worker(void *argument)
{
    struct worker worker = worker_create((uint64_t)(uintptr_t)argument);
    const uint64_t sharers = crew.threads * (crew.processes > 0 ? crew.processes : 1);
    for (;;) {
        worker_pause(&worker, sharers);
        crew_job(&worker);
        worker_job_over(&worker);
    }
    return NULL;
}

static void threads_start(uint64_t first)
{
    for (uint64_t i = 0; i < crew.threads; i++)
        thread_start(run_worker, (void *)(uintptr_t)(first + i));
}

void crew_start(void (*job)(struct worker *worker))
{
    crew_job = job;
    if (crew.processes == 0)
        threads_start(0);
    for (uint64_t i = 0; i < crew.processes; i++) {
        forked[i] = fork();
        if (forked[i] < 0)
            die_errno(errno, "cannot fork");
        if (forked[i] == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            threads_start(i * crew.threads);
            for (;;)
                pause();
        }
        child_add(forked[i]);
    }
}

void crew_measure_with(void (*each_turn)(void), uint64_t period)
{
    account_period_start();
    print_line("{\"record\":\"ready\",\"pid\":%ld}", (long)getpid());
    const uint64_t start = monotonic_ns();
    const uint64_t end = crew.duration > 0 ? start + crew.duration : UINT64_MAX;
    uint64_t turn = each_turn != NULL ? start + period : UINT64_MAX;
    for (;;) {
        const int received = signals_wait_until(&signals, turn < end ? turn : end);
        if (received == SIGUSR1)
            account_period_start();
        const uint64_t now = monotonic_ns();
        if (received == SIGTERM || received == SIGINT || now >= end)
            break;
        if (now >= turn) {
            each_turn();
            turn += period;
        }
    }
    account_report();
    for (uint64_t i = 0; i < crew.processes; i++)
        kill(forked[i], SIGKILL);
    _exit(0);  // the threads end with the process, wherever they are
}

void crew_measure(void)
{
    crew_measure_with(NULL, 0);
}
