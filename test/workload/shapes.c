// Jobs that meet at locks in a given shape: one lock that is held asleep, nested
// ones, stripes, a pipeline, one hot lock of 200, a convoy.

#include "crew.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define STRIPES 16
#define COLD_LOCKS 199
// A section of the convoy that took longer was interrupted.
#define INTERRUPTED (50 * NS_PER_US)
#define CONVOY_ROUNDS 200

static struct {
    unsigned shape;
    uint64_t sleep_inside;
    uint64_t phase;
} config = {.phase = 5 * NS_PER_S};

alignas(CACHE_LINE) pthread_mutex_t shop_mutex = PTHREAD_MUTEX_INITIALIZER;
alignas(CACHE_LINE) pthread_mutex_t orders_mutex = PTHREAD_MUTEX_INITIALIZER;
alignas(CACHE_LINE) pthread_mutex_t stock_mutex = PTHREAD_MUTEX_INITIALIZER;
pthread_mutex_t stripe[STRIPES];
static pthread_mutex_t cold[COLD_LOCKS];
static int file = -1;

// ---- One passage through a lock ----

static void pass(struct worker *worker, pthread_mutex_t *lock, unsigned station, uint64_t amount)
{
    struct visit visit = visit_arrive(worker->account, station);
    pthread_mutex_lock(lock);
    burn(&worker->burner, visit_enter(&visit), amount);
    visit_leave(&visit);
    pthread_mutex_unlock(lock);
}

// Work, then a call that sleeps, both inside: a sleep, or fsync of a file of one block.
static void job_asleep(struct worker *worker)
{
    struct visit visit = visit_arrive(worker->account, 0);
    pthread_mutex_lock(&shop_mutex);
    burn(&worker->burner, visit_enter(&visit), crew.inside);
    const uint64_t from = monotonic_ns();
    const uint64_t cpu = thread_cpu_ns();
    if (file >= 0) {
        if (pwrite(file, &from, sizeof from, 0) != sizeof from || fsync(file) != 0)
            die_errno(errno, "cannot write the file");
    } else if (config.sleep_inside > 0) {
        sleep_until(from + config.sleep_inside);
    }
    const uint64_t lasted = monotonic_ns() - from, used = thread_cpu_ns() - cpu;
    account_add(&visit.station->asleep, lasted > used ? lasted - used : 0);
    visit_leave(&visit);
    pthread_mutex_unlock(&shop_mutex);
    worker_burn(worker, crew.outside);
}

// Two thirds of the inner work is inside both: A is held for all of it.
static void job_nested(struct worker *worker)
{
    struct visit visit = visit_arrive(worker->account, 0);
    pthread_mutex_lock(&orders_mutex);
    burn(&worker->burner, visit_enter(&visit), crew.inside / 3);
    pass(worker, &stock_mutex, 1, crew.inside * 2 / 3);
    visit_leave(&visit);
    pthread_mutex_unlock(&orders_mutex);
    worker_burn(worker, crew.outside);
}

static void job_stripes(struct worker *worker)
{
    const unsigned chosen = (unsigned)(rng_uniform(&worker->rng) * STRIPES);
    pass(worker, &stripe[chosen], chosen, crew.inside);
    worker_burn(worker, crew.outside);
}

static void job_pipeline(struct worker *worker)
{
    pass(worker, &orders_mutex, 0, crew.inside);
    pass(worker, &stock_mutex, 1, crew.inside * 11 / 12);
    worker_burn(worker, crew.outside);
}

// Demands of 6 : 3 : 1, one after the other.
static void job_three(struct worker *worker)
{
    pass(worker, &shop_mutex, 0, crew.inside * 6 / 10);
    worker_burn(worker, crew.outside / 2);
    pass(worker, &orders_mutex, 1, crew.inside * 3 / 10);
    pass(worker, &stock_mutex, 2, crew.inside / 10);
    worker_burn(worker, crew.outside / 2);
}

static void job_many(struct worker *worker)
{
    const unsigned chosen = (unsigned)(rng_uniform(&worker->rng) * COLD_LOCKS);
    pass(worker, &shop_mutex, 0, crew.inside);
    pass(worker, &cold[chosen], 1 + chosen, crew.outside / 8);
    worker_burn(worker, crew.outside * 7 / 8);
}

// p = .9, then .3, in turn: the demand of a job stays, its place changes.
static void job_phases(struct worker *worker)
{
    const uint64_t demand = crew.inside + crew.outside;
    const bool is_parallel = monotonic_ns() / config.phase % 2 == 0;
    const uint64_t inside = is_parallel ? demand / 10 : demand * 7 / 10;
    pass(worker, &shop_mutex, 0, inside);
    worker_burn(worker, demand - inside);
}

static void spin(struct worker *worker, uint64_t amount)
{
    const uint64_t count = (uint64_t)((double)amount / worker->burner.ns_per_iteration);
    uint64_t state = worker->burner.state;
    for (uint64_t i = 0; i < count; i++)
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    __asm__ volatile("" : "+r"(state));
    worker->burner.state = state;
}

// Sections of about a microsecond: a reading of the thread's CPU clock would be a good part of one, so the time inside
// is taken for CPU time, but for what was interrupted. The handling of the lock counts as outside.
static void job_convoy(struct worker *worker)
{
    struct station *station = &worker->account->stations[0];
    for (unsigned i = 0; i < CONVOY_ROUNDS; i++) {
        const uint64_t arrived = monotonic_ns();
        pthread_mutex_lock(&shop_mutex);
        const uint64_t entered = monotonic_ns();
        spin(worker, crew.inside);
        const uint64_t inside = monotonic_ns() - entered;
        pthread_mutex_unlock(&shop_mutex);
        account_add(&station->waited, entered - arrived);
        account_add(&station->held, inside);
        account_add(&station->cpu, inside < INTERRUPTED ? inside : crew.inside);
        spin(worker, crew.outside);
    }
}

// ---- The program ----

static void (*const shapes[])(struct worker *worker) = {
    job_asleep, job_asleep, job_asleep, job_nested, job_stripes,
    job_pipeline, job_three, job_many, job_phases, job_convoy,
};
enum { SHAPE_SLEEP = 1, SHAPE_FSYNC = 2 };
static const char *const shape_names[] = {
    "one", "sleep", "fsync", "nested", "stripes", "pipeline", "three", "many", "phases", "convoy", NULL,
};
_Static_assert(sizeof shapes / sizeof *shapes + 1 == sizeof shape_names / sizeof *shape_names,
               "every shape has one name");

// In the folder for temporary files, gone at once.
static int file_create(void)
{
    const char *folder = getenv("TMPDIR");
    char path[4096];
    snprintf(path, sizeof path, "%s/workload-XXXXXX", folder != NULL ? folder : "/tmp");
    const int descriptor = mkstemp(path);
    if (descriptor < 0)
        die_errno(errno, "cannot create %s", path);
    unlink(path);
    return descriptor;
}

int main(int argc, char **argv)
{
    struct option_spec options[] = {
        CREW_OPTIONS,
        {.name = "shape", .kind = OPTION_CHOICE, .to.choice = &config.shape,
         .choices = shape_names, .help = "How the jobs meet at locks (one)"},
        {.name = "sleep-inside", .kind = OPTION_DURATION, .to.number = &config.sleep_inside,
         .max = NS_PER_S, .help = "With --shape sleep: before the lock is released (0s)"},
        {.name = "phase", .kind = OPTION_DURATION, .to.number = &config.phase, .min = NS_PER_MS,
         .max = NS_PER_DAY, .help = "With --shape phases: length of each (5s)"},
    };
    const size_t count = sizeof options / sizeof *options;
    options_parse(argc, argv, options, count, "Jobs that meet at locks in a given shape.");
    if (option_given(options, count, "sleep-inside") && config.shape != SHAPE_SLEEP)
        usage_error("flag --sleep-inside: allowed with --shape sleep only");
    if (crew.processes > 0)
        usage_error("flag --processes: the locks are those of one process");
    if (config.shape == SHAPE_FSYNC)
        file = file_create();
    for (unsigned i = 0; i < STRIPES; i++)
        pthread_mutex_init(&stripe[i], NULL);
    for (unsigned i = 0; i < COLD_LOCKS; i++)
        pthread_mutex_init(&cold[i], NULL);
    crew_prepare();
    crew_start(shapes[config.shape]);
    crew_measure();
}
