// Threads and processes that come and go: a thread for each request, or processes
// that live for a moment. Each works inside one mutex and outside it.

#include "crew.h"

#include <errno.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

// A thread that only waits and works with registers needs little.
#define STACK_BYTES (64 * 1024)
// More at once would show that the machine is too slow for the rate.
#define MAX_REQUESTS 512

enum { SHAPE_REQUESTS, SHAPE_KNOCKS };
static const char *const shape_names[] = {"requests", "knocks", "processes", NULL};

static struct {
    unsigned shape;
    double rate;
    uint64_t requests;
    uint64_t life;
} config = {.rate = 100, .life = 300 * NS_PER_MS};

alignas(CACHE_LINE) pthread_mutex_t shop_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct burner calibrated;
static atomic_uint requests_open;

static void job(struct account *account)
{
    struct burner burner = calibrated;
    struct visit visit = visit_arrive(account, 0);
    pthread_mutex_lock(&shop_mutex);
    burn(&burner, visit_enter(&visit), crew.inside);
    visit_leave(&visit);
    pthread_mutex_unlock(&shop_mutex);
    burn(&burner, thread_cpu_ns(), crew.outside);
    account_add(&account->jobs, 1);
}

// ---- A thread for each request ----

// A mutex that is never free: a thread waits for it once, in one futex call, until its time is up. So the number of
// waits is known to the last one.
alignas(CACHE_LINE) pthread_mutex_t door_mutex = PTHREAD_MUTEX_INITIALIZER;

static void knock(struct account *account)
{
    const struct timespec deadline = timespec_of(clock_ns(CLOCK_REALTIME) + NS_PER_MS);
    if (pthread_mutex_timedlock(&door_mutex, &deadline) != ETIMEDOUT)
        die("the door opened");
    account_add(&account->jobs, 1);
}

static void *run_request(void *argument)
{
    struct account *account = account_take();
    (void)argument;
    if (config.shape == SHAPE_KNOCKS)
        knock(account);
    else
        job(account);
    account_give_back(account);
    atomic_fetch_sub(&requests_open, 1);
    return NULL;
}

static void *requests_run(void *argument)
{
    pthread_attr_t attributes;
    struct rng rng = rng_stream(1, 0);
    uint64_t next = monotonic_ns();
    (void)argument;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    for (uint64_t made = 0; config.requests == 0 || made < config.requests;) {
        next += draw_duration(&rng, DISTRIBUTION_EXPONENTIAL, (uint64_t)(1e9 / config.rate));
        sleep_until(next);
        if (atomic_fetch_add(&requests_open, 1) >= MAX_REQUESTS) {
            atomic_fetch_sub(&requests_open, 1);
            continue;
        }
        pthread_t thread;
        const int error = pthread_create(&thread, &attributes, run_request, NULL);
        if (error != 0)
            die_errno(error, "cannot create a thread");
        made++;
    }
    return NULL;
}

// ---- Processes that live for a moment, one after the other ----

static void *run_jobs(void *argument)
{
    struct account *account = argument;
    struct rng rng = rng_stream(monotonic_ns(), 0);
    for (;;) {
        job(account);
        sleep_until(monotonic_ns() + draw_duration(&rng, DISTRIBUTION_EXPONENTIAL, crew.think));
    }
    return NULL;
}

static pid_t process_start(struct account *const *accounts)
{
    const pid_t pid = fork();
    if (pid < 0)
        die_errno(errno, "cannot fork");
    if (pid > 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (uint64_t i = 0; i < crew.threads; i++)
        thread_start(run_jobs, accounts[i]);
    sleep_until(monotonic_ns() + config.life);
    _exit(0);
}

static pid_t present;
static struct account *of_threads[MAX_THREADS];

static void process_renew(void)
{
    if (present > 0) {
        waitpid(present, NULL, 0);
        child_remove(present);
    }
    present = process_start(of_threads);
    child_add(present);
}

// ---- The program ----

int main(int argc, char **argv)
{
    struct option_spec options[] = {
        CREW_OPTIONS,
        {.name = "shape", .kind = OPTION_CHOICE, .to.choice = &config.shape,
         .choices = shape_names, .help = "What comes and goes (requests)"},
        {.name = "rate", .kind = OPTION_REAL, .to.real = &config.rate, .real_min = 0.1,
         .real_max = 10000, .help = "With --shape requests or knocks: new threads per second (100)"},
        {.name = "requests", .kind = OPTION_INTEGER, .to.number = &config.requests,
         .max = UINT64_MAX, .help = "With --shape requests or knocks: end after so many (0: none)"},
        {.name = "life", .kind = OPTION_DURATION, .to.number = &config.life,
         .min = 10 * NS_PER_MS, .max = NS_PER_DAY,
         .help = "With --shape processes: of each process (300ms)"},
    };
    const size_t count = sizeof options / sizeof *options;
    options_parse(argc, argv, options, count, "Threads or processes that come and go.");
    if (crew.processes > 0 || crew.load > 0)
        usage_error("flags --processes and --load: not for threads that come and go");
    crew_prepare();
    calibrated = burner_calibrate();
    if (config.shape == SHAPE_REQUESTS || config.shape == SHAPE_KNOCKS) {
        pthread_mutex_lock(&door_mutex);
        thread_start(requests_run, NULL);
        crew_measure();
    }
    for (uint64_t i = 0; i < crew.threads; i++)
        of_threads[i] = account_take();
    process_renew();
    crew_measure_with(process_renew, config.life);
}
