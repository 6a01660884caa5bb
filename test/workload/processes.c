// Processes that burn CPU time inside a mutex and outside it: they share one, or
// each has its own; they live throughout, or others take their place.
#include "workload.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_PROCESSES 64

// What the processes of one place did, those that ended included.
struct place {
    _Alignas(CACHE_LINE) _Atomic uint64_t cpu_ns;
    _Atomic uint64_t serial_ns;
    _Atomic uint64_t jobs;
};

// Mapped by all processes.
struct common {
    pthread_mutex_t pool_lock;
    struct place places[MAX_PROCESSES];
};

enum memory { MEMORY_SHARED, MEMORY_PRIVATE };
static const char *const memory_names[] = {"shared", "private", NULL};

static struct {
    unsigned memory;
    uint64_t processes, threads, demand, think, life, duration;
    double p;
} config = {.processes = 2,
            .threads = 2,
            .demand = 2150 * NS_PER_US,
            .duration = 30 * NS_PER_S,
            .p = 0.4};

static struct common *common;
static pthread_mutex_t worker_lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t end_ns;
static struct burner burner;

struct worker {
    pthread_t thread;
    pthread_mutex_t *lock;
    struct place *place;
    struct rng rng;
};

static __attribute__((noinline)) uint64_t work_inside(pthread_mutex_t *lock, struct burner *own,
                                                      uint64_t amount)
{
    pthread_mutex_lock(lock);
    const uint64_t begin = thread_cpu_ns();
    const uint64_t end = burn(own, begin, amount);
    pthread_mutex_unlock(lock);
    return end - begin;
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    struct burner own = burner;
    const uint64_t inside = (uint64_t)((1 - config.p) * (double)config.demand);

    while (monotonic_ns() < end_ns) {
        if (config.think > 0) {
            const struct timespec pause =
                timespec_of(draw_duration(&worker->rng, DISTRIBUTION_EXPONENTIAL, config.think));
            nanosleep(&pause, NULL);
        }
        worker->place->serial_ns += work_inside(worker->lock, &own, inside);
        burn(&own, thread_cpu_ns(), config.demand - inside);
        worker->place->jobs += 1;
    }
    return NULL;
}

// Runs the threads of one process until end_ns.
static void run_threads(struct place *place, uint64_t stream)
{
    static struct worker workers[MAX_THREADS];
    for (uint64_t i = 0; i < config.threads; i++) {
        workers[i] = (struct worker){
            .lock = config.memory == MEMORY_SHARED ? &common->pool_lock : &worker_lock,
            .place = place,
            .rng = rng_stream(1, stream + i),
        };
        const int error = pthread_create(&workers[i].thread, NULL, work, &workers[i]);
        if (error != 0)
            die_errno(error, "cannot create a thread");
    }
    for (uint64_t i = 0; i < config.threads; i++)
        pthread_join(workers[i].thread, NULL);
    place->cpu_ns += process_cpu_ns();
}

static pid_t start_process(struct place *place, uint64_t until)
{
    static uint64_t stream;
    stream += MAX_THREADS;
    const pid_t child = fork();
    if (child < 0)
        die_errno(errno, "cannot fork");
    if (child != 0)
        return child;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const uint64_t life_ends = monotonic_ns() + config.life;
    end_ns = config.life > 0 && life_ends < until ? life_ends : until;
    run_threads(place, stream);
    _exit(0);
}

static struct common *map_common(void)
{
    struct common *mapped =
        mmap(NULL, sizeof *mapped, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED)
        die_errno(errno, "cannot map shared memory");
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&mapped->pool_lock, &attributes);
    return mapped;
}

static void report(double elapsed)
{
    uint64_t cpu = 0, serial = 0, busiest = 0, jobs = 0;
    for (uint64_t i = 0; i < config.processes; i++) {
        const struct place *place = &common->places[i];
        cpu += place->cpu_ns;
        serial += place->serial_ns;
        jobs += place->jobs;
        if (place->serial_ns > busiest)
            busiest = place->serial_ns;
    }
    const uint64_t bottleneck = config.memory == MEMORY_SHARED ? serial : busiest;
    print_line("{\"record\":\"final\",\"seconds\":%f,\"jobs\":%" PRIu64
               ",\"cpu_seconds\":%f,\"serial_cpu_seconds\":%f,\"p\":%f,\"process_p\":%f}",
               elapsed, jobs, seconds(cpu), seconds(serial), 1 - (double)bottleneck / (double)cpu,
               1 - (double)serial / (double)cpu);
}

int main(int argc, char **argv)
{
    struct option_spec options[] = {
        {.name = "memory", .kind = OPTION_CHOICE, .to.choice = &config.memory,
         .choices = memory_names, .help = "whether the processes share one mutex"},
        {.name = "processes", .kind = OPTION_INTEGER, .to.number = &config.processes, .min = 1,
         .max = MAX_PROCESSES, .help = "processes at a time"},
        {.name = "threads", .kind = OPTION_INTEGER, .to.number = &config.threads, .min = 1,
         .max = MAX_THREADS, .help = "threads of each"},
        {.name = "p", .kind = OPTION_REAL, .to.real = &config.p, .real_max = 1,
         .help = "share of the demand outside the mutex"},
        {.name = "demand", .kind = OPTION_DURATION, .to.number = &config.demand, .min = NS_PER_US,
         .max = NS_PER_S, .help = "CPU time of a job"},
        {.name = "think", .kind = OPTION_DURATION, .to.number = &config.think,
         .max = 60 * NS_PER_S, .help = "mean sleep before a job, exponential"},
        {.name = "life", .kind = OPTION_DURATION, .to.number = &config.life, .max = NS_PER_DAY,
         .help = "each process ends after this time, and another takes its place; 0: none does"},
        {.name = "duration", .kind = OPTION_DURATION, .to.number = &config.duration,
         .min = NS_PER_MS, .max = NS_PER_DAY, .help = "ends after this time"},
    };
    options_parse(argc, argv, options, sizeof options / sizeof *options,
                  "Processes that burn CPU time inside a mutex and outside it.");
    common = map_common();
    burner = burner_calibrate();
    const uint64_t begin = monotonic_ns(), until = begin + config.duration;
    pid_t running[MAX_PROCESSES];

    for (uint64_t i = 0; i < config.processes; i++)
        running[i] = start_process(&common->places[i], until);
    print_line("{\"record\":\"ready\",\"pid\":%d,\"processes\":%" PRIu64 "}", (int)getpid(),
               config.processes);
    for (uint64_t left = config.processes; left > 0;) {
        int status;
        const pid_t ended = wait(&status);
        if (ended < 0)
            die_errno(errno, "cannot wait for a process");
        if (status != 0)
            die("process %d ended with status %d", (int)ended, status);
        for (uint64_t i = 0; i < config.processes; i++) {
            if (running[i] != ended)
                continue;
            if (monotonic_ns() < until)
                running[i] = start_process(&common->places[i], until);
            else
                left -= 1;
        }
    }
    report(seconds(monotonic_ns() - begin));
    return 0;
}
