// What threads do that no lock shows: one that does all the work, one that gets it
// by chance, an event loop, equal workers, threads that are parked in a lock.

#include "crew.h"

#include <errno.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

static unsigned shape;

static void check(bool is_right, const char *what)
{
    if (!is_right)
        die_errno(errno, "%s", what);
}

// ---- busy: one thread works, the others wait for its signal and do next to nothing ----

alignas(CACHE_LINE) pthread_mutex_t round_mutex = PTHREAD_MUTEX_INITIALIZER;
alignas(CACHE_LINE) static pthread_cond_t round_over = PTHREAD_COND_INITIALIZER;
static uint64_t rounds;

static void *busy_follower(void *argument)
{
    struct worker worker = worker_create((uint64_t)(uintptr_t)argument);
    uint64_t seen = 0;
    for (;;) {
        pthread_mutex_lock(&round_mutex);
        while (rounds == seen)
            pthread_cond_wait(&round_over, &round_mutex);
        seen = rounds;
        pthread_mutex_unlock(&round_mutex);
        worker_burn(&worker, crew.outside);
        worker_job_over(&worker);
    }
    return NULL;
}

static void *busy_leader(void *argument)
{
    struct worker worker = worker_create((uint64_t)(uintptr_t)argument);
    for (;;) {
        worker_pause(&worker, 1);
        worker_burn(&worker, crew.inside);
        pthread_mutex_lock(&round_mutex);
        rounds++;
        pthread_cond_broadcast(&round_over);
        pthread_mutex_unlock(&round_mutex);
        worker_job_over(&worker);
    }
    return NULL;
}

static void busy_start(void)
{
    thread_start(busy_leader, NULL);
    for (uint64_t i = 1; i < crew.threads; i++)
        thread_start(busy_follower, (void *)(uintptr_t)i);
}

// ---- lifo: a pool that gives work to the worker that was idle last ----

struct seat {
    alignas(2 * CACHE_LINE) pthread_cond_t work_came;
    bool has_work;
};

alignas(CACHE_LINE) pthread_mutex_t pool_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct seat seats[MAX_THREADS];
static struct seat *idle[MAX_THREADS];
static uint64_t idle_count;

static void *lifo_worker(void *argument)
{
    struct seat *seat = argument;
    struct worker worker = worker_create((uint64_t)(seat - seats));
    for (;;) {
        pthread_mutex_lock(&pool_mutex);
        idle[idle_count++] = seat;
        while (!seat->has_work)
            pthread_cond_wait(&seat->work_came, &pool_mutex);
        seat->has_work = false;
        pthread_mutex_unlock(&pool_mutex);
        worker_burn(&worker, crew.inside);
        worker_job_over(&worker);
    }
    return NULL;
}

// Jobs come evenly, so that one is over before the next one comes. One that finds no idle worker is dropped.
static void *lifo_dispatcher(void *argument)
{
    uint64_t next = monotonic_ns();
    (void)argument;
    for (;;) {
        next += (uint64_t)((double)crew.inside / crew.load);
        sleep_until(next);
        pthread_mutex_lock(&pool_mutex);
        struct seat *seat = idle_count > 0 ? idle[--idle_count] : NULL;
        if (seat != NULL)
            seat->has_work = true;
        pthread_mutex_unlock(&pool_mutex);
        if (seat != NULL)
            pthread_cond_signal(&seat->work_came);
    }
    return NULL;
}

static void lifo_start(void)
{
    for (uint64_t i = 0; i < crew.threads; i++) {
        pthread_cond_init(&seats[i].work_came, NULL);
        thread_start(lifo_worker, &seats[i]);
    }
    thread_start(lifo_dispatcher, NULL);
}

// ---- pool: equal workers that take jobs from the kernel, with no lock of their own ----

static int jobs_waiting = -1;

static void *pool_worker(void *argument)
{
    struct worker worker = worker_create((uint64_t)(uintptr_t)argument);
    uint64_t one;
    for (;;) {
        check(read(jobs_waiting, &one, sizeof one) == sizeof one, "cannot take a job");
        worker_burn(&worker, crew.inside);
        worker_job_over(&worker);
    }
    return NULL;
}

static void *pool_dispatcher(void *argument)
{
    struct worker worker = worker_create(MAX_THREADS);
    const uint64_t one = 1;
    (void)argument;
    for (;;) {
        worker_pause(&worker, 1);
        check(write(jobs_waiting, &one, sizeof one) == sizeof one, "cannot add a job");
    }
    return NULL;
}

static void pool_start(void)
{
    jobs_waiting = eventfd(0, EFD_SEMAPHORE | EFD_CLOEXEC);
    check(jobs_waiting >= 0, "eventfd");
    for (uint64_t i = 0; i < crew.threads; i++)
        thread_start(pool_worker, (void *)(uintptr_t)i);
    thread_start(pool_dispatcher, NULL);
}

// ---- loop: one thread with epoll; what is outside goes to helpers, as libuv does ----

static int offloaded = -1;

static void *loop_helper(void *argument)
{
    struct worker worker = worker_create(1 + (uint64_t)(uintptr_t)argument);
    uint64_t one;
    for (;;) {
        check(read(offloaded, &one, sizeof one) == sizeof one, "cannot take a job");
        worker_burn(&worker, crew.outside);
        worker_job_over(&worker);
    }
    return NULL;
}

// Arrivals are draws of worker_pause's kind; here a timer tells of them.
static void loop_turn(struct worker *worker, int epoll, int timer)
{
    const uint64_t one = 1;
    struct epoll_event event;
    uint64_t expirations;
    if (epoll_wait(epoll, &event, 1, -1) < 1)
        return;
    check(read(timer, &expirations, sizeof expirations) == sizeof expirations, "timer");
    worker_burn(worker, crew.inside);
    if (crew.outside > 0)
        check(write(offloaded, &one, sizeof one) == sizeof one, "cannot offload a job");
    worker_job_over(worker);
    const uint64_t next = worker_next(worker, 1);
    const struct itimerspec when = {.it_value = timespec_of(next)};
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static void *loop_run(void *argument)
{
    struct worker worker = worker_create(0);
    const int epoll = epoll_create1(EPOLL_CLOEXEC);
    const int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN};
    const struct itimerspec now = {.it_value = {.tv_nsec = 1}};
    (void)argument;
    check(epoll >= 0 && timer >= 0, "cannot create the event loop");
    check(epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &event) == 0, "cannot watch the timer");
    timerfd_settime(timer, 0, &now, NULL);
    for (;;)
        loop_turn(&worker, epoll, timer);
    return NULL;
}

static void loop_start(void)
{
    offloaded = eventfd(0, EFD_SEMAPHORE | EFD_CLOEXEC);
    check(offloaded >= 0, "eventfd");
    for (uint64_t i = 1; i < crew.threads; i++)
        thread_start(loop_helper, (void *)(uintptr_t)i);
    thread_start(loop_run, NULL);
}

// ---- parked: one thread works now and then, the others stand in a lock for ever ----

static pthread_mutex_t park[MAX_THREADS];

static void *parked_thread(void *argument)
{
    pthread_mutex_lock(argument);
    die("a parked thread has got its lock");
}

static void *parked_worker(void *argument)
{
    struct worker worker = worker_create(0);
    (void)argument;
    for (;;) {
        worker_pause(&worker, 1);
        worker_burn(&worker, crew.inside);
        worker_job_over(&worker);
    }
    return NULL;
}

static void parked_start(void)
{
    for (uint64_t i = 1; i < crew.threads; i++) {
        pthread_mutex_init(&park[i], NULL);
        pthread_mutex_lock(&park[i]);
        thread_start(parked_thread, &park[i]);
    }
    thread_start(parked_worker, NULL);
}

// ---- The program ----

static void (*const shapes[])(void) = {busy_start, lifo_start, pool_start, loop_start, parked_start};
enum { SHAPE_LIFO = 1 };
static const char *const shape_names[] = {"busy", "lifo", "pool", "loop", "parked", NULL};
_Static_assert(sizeof shapes / sizeof *shapes + 1 == sizeof shape_names / sizeof *shape_names,
               "every shape has one name");

int main(int argc, char **argv)
{
    struct option_spec options[] = {
        CREW_OPTIONS,
        {.name = "shape", .kind = OPTION_CHOICE, .to.choice = &shape, .choices = shape_names,
         .help = "What the threads do (busy)"},
    };
    options_parse(argc, argv, options, sizeof options / sizeof *options,
                  "Threads that limit, or seem to.");
    if (crew.processes > 0)
        usage_error("flag --processes: the threads are those of one process");
    if (shape == SHAPE_LIFO && crew.load == 0)
        usage_error("flag --load: not given, and --shape lifo needs it");
    crew_prepare();
    shapes[shape]();
    crew_measure();
}
