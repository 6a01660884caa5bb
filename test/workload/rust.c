// Jobs that work inside and outside a lock of Rust's library, which rust-locks.rs has.

#include "crew.h"

typedef void (*work_function)(void *worker);

void shop_with_mutex(work_function work, void *worker);
void shop_with_write_lock(work_function work, void *worker);
void shop_idle_pool(uint32_t threads);

static unsigned chosen;
static uint64_t idle;

// Of each thread: when it came to the lock.
static _Thread_local struct visit visit;

static void work_inside(void *worker)
{
    burn(&((struct worker *)worker)->burner, visit_enter(&visit), crew.inside);
    visit_leave(&visit);
}

static void job_mutex(struct worker *worker)
{
    visit = visit_arrive(worker->account, 0);
    shop_with_mutex(work_inside, worker);
    worker_burn(worker, crew.outside);
}

static void job_write(struct worker *worker)
{
    visit = visit_arrive(worker->account, 0);
    shop_with_write_lock(work_inside, worker);
    worker_burn(worker, crew.outside);
}

static void (*const jobs[])(struct worker *worker) = {job_mutex, job_write};
static const char *const kind_names[] = {"mutex", "rwlock", NULL};

int main(int argc, char **argv)
{
    struct option_spec options[] = {
        CREW_OPTIONS,
        {.name = "kind", .kind = OPTION_CHOICE, .to.choice = &chosen, .choices = kind_names,
         .help = "Kind of the lock (mutex)"},
        {.name = "idle", .kind = OPTION_INTEGER, .to.number = &idle, .max = MAX_THREADS / 2,
         .help = "Threads that wait at a condition variable for ever (0)"},
    };
    options_parse(argc, argv, options, sizeof options / sizeof *options,
                  "Jobs that work inside and outside a lock of Rust's library.");
    crew_prepare();
    shop_idle_pool((uint32_t)idle);
    crew_start(jobs[chosen]);
    crew_measure();
}
