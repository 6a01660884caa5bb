// One kind of futex wait per run, for a tracer to tell apart: waits for locks of
// every class, and waits that look like one and are none.
//
//     waits KIND SECONDS
//
// Prints at its end the CPU time of the process and that inside its lock.

#include "workload.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORK (2 * NS_PER_MS)
#define PAUSE (1 * NS_PER_MS)

// In memory that forked processes share.
static struct {
    alignas(CACHE_LINE) pthread_mutex_t mutex;
    alignas(CACHE_LINE) atomic_uint_least64_t inside;  // CPU time inside the lock
} *common;

alignas(CACHE_LINE) static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
alignas(CACHE_LINE) static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
alignas(CACHE_LINE) static sem_t semaphore;
alignas(CACHE_LINE) static pthread_barrier_t barrier;
alignas(CACHE_LINE) static atomic_uint word = 0x80000001;
// Of each process.
alignas(CACHE_LINE) static pthread_mutex_t own_mutex = PTHREAD_MUTEX_INITIALIZER;
// Under the mutex.
static unsigned tokens;

static struct burner calibrated;

static void compute(struct burner *burner, uint64_t amount)
{
    burn(burner, thread_cpu_ns(), amount);
}

static void compute_inside(struct burner *burner)
{
    const uint64_t start = thread_cpu_ns();
    atomic_fetch_add(&common->inside, burn(burner, start, WORK) - start);
}

static void pause_for(uint64_t duration)
{
    const struct timespec pause = timespec_of(duration);
    nanosleep(&pause, NULL);
}

static struct timespec soon(clockid_t clock, uint64_t duration)
{
    return timespec_of(clock_ns(clock) + duration);
}

// ---- Locks: a job is as long inside as outside ----

static void job_mutex(struct burner *burner)
{
    pthread_mutex_lock(&common->mutex);
    compute_inside(burner);
    pthread_mutex_unlock(&common->mutex);
    compute(burner, WORK);
}

static void job_timed(struct burner *burner)
{
    const struct timespec deadline = soon(CLOCK_REALTIME, NS_PER_S * 60);
    if (pthread_mutex_timedlock(&common->mutex, &deadline) != 0)
        die("pthread_mutex_timedlock");
    compute_inside(burner);
    pthread_mutex_unlock(&common->mutex);
    compute(burner, WORK);
}

static void job_writer(struct burner *burner)
{
    pthread_rwlock_wrlock(&rwlock);
    compute_inside(burner);
    pthread_rwlock_unlock(&rwlock);
    compute(burner, WORK);
}

static void job_reader(struct burner *burner)
{
    pthread_rwlock_rdlock(&rwlock);
    compute(burner, WORK);
    pthread_rwlock_unlock(&rwlock);
    compute(burner, WORK);
}

static void job_semaphore(struct burner *burner)
{
    sem_wait(&semaphore);
    compute_inside(burner);
    sem_post(&semaphore);
    compute(burner, WORK);
}

// The holder sleeps.
static void job_asleep(struct burner *burner)
{
    pthread_mutex_lock(&common->mutex);
    compute(burner, NS_PER_MS / 10);
    pause_for(5 * NS_PER_MS);
    pthread_mutex_unlock(&common->mutex);
}

static void job_outside(struct burner *burner)
{
    compute(burner, WORK);
}

// One holds for two seconds, so that the first wait of the others is a long one.
static void job_long(struct burner *burner)
{
    pthread_mutex_lock(&common->mutex);
    for (unsigned i = 0; i < 1000; i++)
        compute(burner, WORK);
    pthread_mutex_unlock(&common->mutex);
}

// ---- No locks ----

// A pool: its threads wait for tokens that others hand out.
static void job_take(struct burner *burner)
{
    pthread_mutex_lock(&common->mutex);
    while (tokens == 0)
        pthread_cond_wait(&condition, &common->mutex);
    tokens--;
    pthread_mutex_unlock(&common->mutex);
    compute(burner, NS_PER_MS / 10);
}

static void job_take_timed(struct burner *burner)
{
    pthread_mutex_lock(&common->mutex);
    const struct timespec deadline = soon(CLOCK_REALTIME, 50 * NS_PER_MS);
    while (tokens == 0)
        if (pthread_cond_timedwait(&condition, &common->mutex, &deadline) == ETIMEDOUT)
            break;
    if (tokens > 0)
        tokens--;
    pthread_mutex_unlock(&common->mutex);
    compute(burner, NS_PER_MS / 10);
}

static void job_give(struct burner *burner)
{
    (void)burner;
    pause_for(PAUSE * 20);
    pthread_mutex_lock(&common->mutex);
    tokens++;
    pthread_mutex_unlock(&common->mutex);
    pthread_cond_signal(&condition);
}

// The threads that wait for the condition signal it themselves: a token goes round.
static void job_pass(struct burner *burner)
{
    pthread_mutex_lock(&common->mutex);
    while (tokens == 0)
        pthread_cond_wait(&condition, &common->mutex);
    tokens--;
    pthread_mutex_unlock(&common->mutex);
    compute(burner, NS_PER_MS / 2);
    pthread_mutex_lock(&common->mutex);
    tokens++;
    pthread_mutex_unlock(&common->mutex);
    pthread_cond_signal(&condition);
}

// Signals come as fast as they go, so that the groups of waiters of the condition change all the time.
static void job_crowd(struct burner *burner)
{
    pthread_mutex_lock(&common->mutex);
    if (tokens < 4) {
        tokens++;
        pthread_cond_signal(&condition);
    } else {
        tokens = 0;
        pthread_cond_wait(&condition, &common->mutex);
    }
    pthread_mutex_unlock(&common->mutex);
    compute(burner, NS_PER_US * 200);
}

static void job_barrier(struct burner *burner)
{
    compute(burner, WORK);
    pthread_barrier_wait(&barrier);
}

// As the words of InnoDB: FUTEX_WAIT_PRIVATE with a count above 0x80000000.
static void job_private_word(struct burner *burner)
{
    const struct timespec pause = timespec_of(5 * NS_PER_MS);
    syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0x80000001, &pause, NULL, 0);
    compute(burner, NS_PER_MS / 10);
}

// Threads that end: each waits once.
static void *run_once(void *argument)
{
    (void)argument;
    sem_wait(&semaphore);
    sem_post(&semaphore);
    return NULL;
}

static void job_threads(struct burner *burner)
{
    pthread_t threads[8];
    sem_wait(&semaphore);
    for (unsigned i = 0; i < 8; i++)
        pthread_create(&threads[i], NULL, run_once, NULL);
    compute(burner, WORK);
    sem_post(&semaphore);
    for (unsigned i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
}

// Holds the mutex for a while in a process that is about to end.
static void *hold(void *argument)
{
    (void)argument;
    pthread_mutex_lock(&own_mutex);
    pause_for(2 * PAUSE);
    pthread_mutex_unlock(&own_mutex);
    pause_for(2 * PAUSE);
    _exit(0);
}

// Processes that end or become another program; of half of them the main thread ends first.
static void job_processes(struct burner *burner)
{
    static atomic_uint count;
    const unsigned number = atomic_fetch_add(&count, 1);
    (void)burner;
    const pid_t child = fork();
    if (child != 0) {
        if (child > 0)
            waitpid(child, NULL, 0);
        return;
    }
    pthread_t thread;
    pthread_create(&thread, NULL, hold, NULL);
    pause_for(PAUSE);
    pthread_mutex_lock(&own_mutex);
    pthread_mutex_unlock(&own_mutex);
    if (number % 4 == 0)
        execl("/bin/true", "true", (char *)NULL);
    if (number % 4 == 1)
        _exit(0);
    pthread_exit(NULL);
}

// ---- What there is ----

typedef void (*job)(struct burner *burner);

struct kind {
    const char *name;
    job job;
    unsigned threads;
    job other_job;  // of other threads
    unsigned other_threads;
    int protocol, robust, shared;  // of the mutex; where it is shared, a second process does the same
    unsigned permits;      // of the semaphore
};

static const struct kind kinds[] = {
    {.name = "mutex", .job = job_mutex, .threads = 4},
    {.name = "timed", .job = job_timed, .threads = 4},
    {.name = "robust", .job = job_mutex, .threads = 4, .robust = PTHREAD_MUTEX_ROBUST},
    {.name = "pi", .job = job_mutex, .threads = 4, .protocol = PTHREAD_PRIO_INHERIT},
    {.name = "shared", .job = job_mutex, .threads = 2, .shared = PTHREAD_PROCESS_SHARED},
    {.name = "writers", .job = job_writer, .threads = 4},
    {.name = "rwlock", .job = job_writer, .threads = 2, .other_job = job_reader, .other_threads = 3},
    {.name = "semaphore", .job = job_semaphore, .threads = 4, .permits = 1},
    {.name = "asleep", .job = job_asleep, .threads = 3, .other_job = job_outside, .other_threads = 1},
    {.name = "preempted", .job = job_mutex, .threads = 2, .other_job = job_outside, .other_threads = 4},
    {.name = "long", .job = job_long, .threads = 2},
    {.name = "permits", .job = job_semaphore, .threads = 4, .permits = 2},
    {.name = "pool", .job = job_take, .threads = 4, .other_job = job_give, .other_threads = 1},
    {.name = "timed-pool", .job = job_take_timed, .threads = 4, .other_job = job_give, .other_threads = 1},
    {.name = "token", .job = job_pass, .threads = 4},
    {.name = "crowd", .job = job_crowd, .threads = 8, .other_job = job_give, .other_threads = 1},
    {.name = "barrier", .job = job_barrier, .threads = 4},
    {.name = "private-word", .job = job_private_word, .threads = 2},
    {.name = "processes", .job = job_processes, .threads = 4},
    {.name = "threads", .job = job_threads, .threads = 2, .permits = 1},
};
#define KINDS (sizeof kinds / sizeof *kinds)

static void *run(void *argument)
{
    const job *own = argument;
    struct burner burner = calibrated;
    for (;;)
        (*own)(&burner);
    return NULL;
}

static void start(const job *work, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        pthread_t thread;
        const int error = pthread_create(&thread, NULL, run, (void *)work);
        if (error != 0)
            die_errno(error, "cannot create a thread");
    }
}

int main(int argc, char **argv)
{
    const struct kind *kind = NULL;
    for (size_t i = 0; argc == 3 && i < KINDS; i++)
        if (strcmp(argv[1], kinds[i].name) == 0)
            kind = &kinds[i];
    if (kind == NULL)
        usage_error("usage: waits KIND SECONDS");
    calibrated = burner_calibrate();

    common = mmap(NULL, sizeof *common, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (common == MAP_FAILED)
        die_errno(errno, "mmap");
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setprotocol(&attributes, kind->protocol);
    pthread_mutexattr_setrobust(&attributes, kind->robust);
    pthread_mutexattr_setpshared(&attributes, kind->shared);
    pthread_mutex_init(&common->mutex, &attributes);
    sem_init(&semaphore, 0, kind->permits);
    pthread_barrier_init(&barrier, NULL, kind->threads);
    tokens = 1;

    const bool second = kind->shared == PTHREAD_PROCESS_SHARED && fork() == 0;
    start(&kind->job, kind->threads);
    start(&kind->other_job, kind->other_threads);
    pause_for((uint64_t)(strtod(argv[2], NULL) * 1e9));
    if (second)
        _exit(0);
    print_line("{\"kind\":\"%s\",\"pid\":%d,\"cpu_seconds\":%.3f,\"inside_seconds\":%.3f}", kind->name, getpid(),
               seconds(process_cpu_ns()), seconds(atomic_load(&common->inside)));
    _exit(0);
}
