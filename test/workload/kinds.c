// One lock of a given kind: each job burns CPU time inside it and outside it. The
// kinds differ in how a thread waits and in where the kernel or libc keep the owner.

#include "crew.h"

#include <errno.h>
#include <linux/futex.h>
#include <malloc.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TIMEOUT_SECONDS 60
// Threads between the two halves of the monitor.
#define MONITOR_PERMITS 2
// Beyond the size that a thread's own cache keeps (1032 bytes), below that of a mapping of its own.
#define BLOCK_BYTES 8192
#define READS_OF_FOUR 3

static unsigned chosen;
// In memory that forked processes share.
static pthread_mutex_t *shared_mutex;

alignas(CACHE_LINE) pthread_mutex_t shop_mutex;
alignas(CACHE_LINE) pthread_rwlock_t shop_rwlock = PTHREAD_RWLOCK_INITIALIZER;
alignas(CACHE_LINE) sem_t shop_semaphore;
alignas(CACHE_LINE) static pthread_cond_t permit_free = PTHREAD_COND_INITIALIZER;
static unsigned permits = MONITOR_PERMITS;
alignas(CACHE_LINE) static pthread_barrier_t barrier;
static FILE *file;
// 0 free, 1 held, 2 held and waited for: the third mutex of Ulrich Drepper, Futexes Are Tricky.
alignas(CACHE_LINE) atomic_uint shop_word;

static void check(int error, const char *what)
{
    if (error != 0)
        die_errno(error, "%s", what);
}

// ---- What a job does ----

#define INSIDE(worker, amount, acquire, release)                                          \
    do {                                                                                  \
        struct visit visit = visit_arrive((worker)->account, 0);                          \
        acquire;                                                                          \
        burn(&(worker)->burner, visit_enter(&visit), amount);                             \
        visit_leave(&visit);                                                              \
        release;                                                                          \
    } while (0)

static void job_mutex(struct worker *worker)
{
    INSIDE(worker, crew.inside, check(pthread_mutex_lock(&shop_mutex), "pthread_mutex_lock"),
           pthread_mutex_unlock(&shop_mutex));
    worker_burn(worker, crew.outside);
}

static void job_timed(struct worker *worker)
{
    struct timespec deadline = timespec_of(clock_ns(CLOCK_REALTIME));
    deadline.tv_sec += TIMEOUT_SECONDS;
    INSIDE(worker, crew.inside,
           check(pthread_mutex_timedlock(&shop_mutex, &deadline), "pthread_mutex_timedlock"),
           pthread_mutex_unlock(&shop_mutex));
    worker_burn(worker, crew.outside);
}

static void job_shared(struct worker *worker)
{
    INSIDE(worker, crew.inside,
           check(pthread_mutex_lock(shared_mutex), "pthread_mutex_lock"),
           pthread_mutex_unlock(shared_mutex));
    worker_burn(worker, crew.outside);
}

static void job_write(struct worker *worker)
{
    INSIDE(worker, crew.inside,
           check(pthread_rwlock_wrlock(&shop_rwlock), "pthread_rwlock_wrlock"),
           pthread_rwlock_unlock(&shop_rwlock));
    worker_burn(worker, crew.outside);
}

// Three of four jobs read, in a station of their own that many may be in.
static void job_mostly_read(struct worker *worker)
{
    if (worker->account->jobs % (READS_OF_FOUR + 1) == 0) {
        job_write(worker);
        return;
    }
    struct visit visit = visit_arrive(worker->account, 1);
    check(pthread_rwlock_rdlock(&shop_rwlock), "pthread_rwlock_rdlock");
    burn(&worker->burner, visit_enter(&visit), crew.inside);
    visit_leave(&visit);
    pthread_rwlock_unlock(&shop_rwlock);
    worker_burn(worker, crew.outside);
}

static void job_semaphore(struct worker *worker)
{
    INSIDE(worker, crew.inside, while (sem_wait(&shop_semaphore) != 0 && errno == EINTR);
           , sem_post(&shop_semaphore));
    worker_burn(worker, crew.outside);
}

// The mutex of a monitor is held for the work inside; a wait for a permit lets go of it.
static void permit_take(struct worker *worker)
{
    struct visit visit = visit_arrive(worker->account, 0);
    pthread_mutex_lock(&shop_mutex);
    uint64_t from = visit_enter(&visit);
    while (permits == 0) {
        visit_leave(&visit);
        pthread_cond_wait(&permit_free, &shop_mutex);
        // The time until the mutex is had again is taken for a wait for the permit.
        visit = visit_arrive(worker->account, 0);
        from = visit_enter(&visit);
    }
    permits--;
    burn(&worker->burner, from, crew.inside / 2);
    visit_leave(&visit);
    pthread_mutex_unlock(&shop_mutex);
}

static void permit_give_back(struct worker *worker)
{
    INSIDE(worker, crew.inside / 2, pthread_mutex_lock(&shop_mutex), permits++;
           pthread_cond_signal(&permit_free); pthread_mutex_unlock(&shop_mutex));
}

static void job_monitor(struct worker *worker)
{
    permit_take(worker);
    worker_burn(worker, crew.outside);
    permit_give_back(worker);
}

// All work outside, then one of them works alone while the others wait for it.
static void job_barrier(struct worker *worker)
{
    worker_burn(worker, crew.outside);
    if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD) {
        struct visit visit = visit_arrive(worker->account, 0);
        burn(&worker->burner, visit_enter(&visit), crew.inside);
        visit_leave(&visit);
    }
    pthread_barrier_wait(&barrier);
}

static void word_futex(int operation, unsigned value)
{
    syscall(SYS_futex, &shop_word, operation | FUTEX_PRIVATE_FLAG, value, NULL, NULL, 0);
}

static void word_lock(void)
{
    unsigned found = 0;
    if (atomic_compare_exchange_strong(&shop_word, &found, 1))
        return;
    if (found != 2)
        found = atomic_exchange(&shop_word, 2);
    while (found != 0) {
        word_futex(FUTEX_WAIT, 2);
        found = atomic_exchange(&shop_word, 2);
    }
}

static void word_unlock(void)
{
    if (atomic_exchange(&shop_word, 0) == 2)
        word_futex(FUTEX_WAKE, 1);
}

static void job_plain(struct worker *worker)
{
    INSIDE(worker, crew.inside, word_lock(), word_unlock());
    worker_burn(worker, crew.outside);
}

static void job_stdio(struct worker *worker)
{
    INSIDE(worker, crew.inside, flockfile(file), funlockfile(file));
    worker_burn(worker, crew.outside);
}

// Of the locks inside malloc and putc only this much can be said from here: all the CPU time of the calls.
static void job_calls(struct worker *worker, void (*calls)(void))
{
    struct visit visit = visit_arrive(worker->account, 0);
    const uint64_t end = visit_enter(&visit) + crew.inside;
    do {
        calls();
    } while (thread_cpu_ns() < end);
    visit_leave(&visit);
    worker_burn(worker, crew.outside);
}

static void malloc_and_free(void)
{
    void *blocks[16];
    const unsigned count = sizeof blocks / sizeof *blocks;
    for (unsigned i = 0; i < count; i++)
        blocks[i] = malloc(BLOCK_BYTES + 64 * i);
    for (unsigned i = 0; i < count; i++)
        free(blocks[i * 7 % count]);
}

static void putc_often(void)
{
    for (unsigned i = 0; i < 100; i++)
        putc('x', file);
}

static void job_malloc(struct worker *worker) { job_calls(worker, malloc_and_free); }
static void job_putc(struct worker *worker) { job_calls(worker, putc_often); }

// ---- Kinds ----

static void mutex_create(pthread_mutex_t *mutex, int type, int robust, int protocol, int process)
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    check(pthread_mutexattr_settype(&attributes, type), "type of the mutex");
    check(pthread_mutexattr_setrobust(&attributes, robust), "robustness of the mutex");
    check(pthread_mutexattr_setprotocol(&attributes, protocol), "protocol of the mutex");
    check(pthread_mutexattr_setpshared(&attributes, process), "sharing of the mutex");
    check(pthread_mutex_init(mutex, &attributes), "pthread_mutex_init");
}

#define PLAIN PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_NONE, PTHREAD_PROCESS_PRIVATE
static void prepare_normal(void) { mutex_create(&shop_mutex, PTHREAD_MUTEX_NORMAL, PLAIN); }
static void prepare_recursive(void) { mutex_create(&shop_mutex, PTHREAD_MUTEX_RECURSIVE, PLAIN); }
static void prepare_errorcheck(void) { mutex_create(&shop_mutex, PTHREAD_MUTEX_ERRORCHECK, PLAIN); }
#ifndef PTHREAD_MUTEX_ADAPTIVE_NP  // No glibc.
#define PTHREAD_MUTEX_ADAPTIVE_NP PTHREAD_MUTEX_NORMAL
#endif
static void prepare_adaptive(void) { mutex_create(&shop_mutex, PTHREAD_MUTEX_ADAPTIVE_NP, PLAIN); }

static void prepare_robust(void)
{
    mutex_create(&shop_mutex, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ROBUST, PTHREAD_PRIO_NONE,
                 PTHREAD_PROCESS_PRIVATE);
}

static void prepare_inherit(void)
{
    mutex_create(&shop_mutex, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_INHERIT,
                 PTHREAD_PROCESS_PRIVATE);
}

static void prepare_shared(void)
{
    void *memory = mmap(NULL, sizeof *shared_mutex, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        die("no memory to share");
    shared_mutex = memory;
    mutex_create(shared_mutex, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_NONE,
                 PTHREAD_PROCESS_SHARED);
}

static void prepare_semaphore(void) { sem_init(&shop_semaphore, 0, 1); }
static void prepare_barrier(void) { pthread_barrier_init(&barrier, NULL, (unsigned)crew.threads); }
static void prepare_rwlock(void) { station_is_shared(1); }

static void prepare_malloc(void)
{
#ifdef M_ARENA_MAX
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
#endif
}

static void prepare_file(void)
{
    file = fopen("/dev/null", "w");
    if (file == NULL)
        die("cannot write to /dev/null");
}

static const struct {
    void (*prepare)(void);
    void (*job)(struct worker *worker);
} kinds[] = {
    {prepare_normal, job_mutex},        {prepare_recursive, job_mutex},
    {prepare_errorcheck, job_mutex},    {prepare_adaptive, job_mutex},
    {prepare_robust, job_mutex},        {prepare_inherit, job_mutex},
    {prepare_normal, job_timed},        {prepare_shared, job_shared},
    {prepare_rwlock, job_write},        {prepare_rwlock, job_mostly_read},
    {prepare_semaphore, job_semaphore}, {prepare_normal, job_monitor},
    {prepare_barrier, job_barrier},     {prepare_file, job_stdio},
    {prepare_file, job_putc},           {prepare_malloc, job_malloc},
    {prepare_normal, job_plain},
};
static const char *const kind_names[] = {
    "normal",  "recursive", "errorcheck",   "adaptive",  "robust",  "inherit", "timed", "shared",
    "rwlock",  "mostly-read", "semaphore",  "monitor",   "barrier", "stdio",   "putc",  "malloc",
    "plain",
    NULL,
};
_Static_assert(sizeof kinds / sizeof *kinds + 1 == sizeof kind_names / sizeof *kind_names,
               "every kind has one name");

int main(int argc, char **argv)
{
    struct option_spec options[] = {
        CREW_OPTIONS,
        {.name = "kind", .kind = OPTION_CHOICE, .to.choice = &chosen, .choices = kind_names,
         .help = "Kind of the lock (normal)"},
    };
    options_parse(argc, argv, options, sizeof options / sizeof *options,
                  "Jobs that work inside and outside one lock of a given kind.");
    if (crew.processes > 0 && kinds[chosen].prepare != prepare_shared)
        usage_error("flag --processes: only --kind shared is a lock between processes");
    crew_prepare();
    kinds[chosen].prepare();
    crew_start(kinds[chosen].job);
    crew_measure();
}
