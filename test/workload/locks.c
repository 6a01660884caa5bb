// Many locks at once, for a tracer to tell apart by name: mutexes with symbols of
// their own, or mutexes from malloc that only the code which takes them can name.
//
// Each lock has two or more threads that take it in turns by its own function and
// sleep while they hold it, so that the others wait: many waits, little CPU time.

#include "workload.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum kind { KIND_GLOBAL, KIND_HEAP, KIND_MANY };
static const char *const kind_names[] = {"global", "heap", "many", NULL};

#define MAX_LOCKS 200
#define FEW_LOCKS 3
#define THREADS_PER_LOCK 2

static struct {
    unsigned kind;
    uint64_t locks;
    uint64_t duration;
    uint64_t hold;
    uint64_t work;
} config = {
    .duration = 30 * NS_PER_S,
    .hold = 2 * NS_PER_MS,
    .work = 150 * NS_PER_US,
};

// A function that takes its lock once and works inside it.
typedef void (*task)(struct burner *burner);

// Sleeps and works while the caller holds the lock.
static void occupy(struct burner *burner)
{
    const struct timespec pause = timespec_of(config.hold);
    nanosleep(&pause, NULL);
    burn(burner, thread_cpu_ns(), config.work);
}

// Waits are told apart by the function that waits.
#define OWN_FUNCTION __attribute__((noinline))

// ---- Three mutexes with symbols ----

alignas(CACHE_LINE) static pthread_mutex_t orders_lock = PTHREAD_MUTEX_INITIALIZER;
alignas(CACHE_LINE) pthread_mutex_t stock_lock = PTHREAD_MUTEX_INITIALIZER;
// One inside a larger object.
static struct {
    alignas(CACHE_LINE) uint64_t entries;
    pthread_mutex_t lock;
} cache = {.lock = PTHREAD_MUTEX_INITIALIZER};

OWN_FUNCTION static void orders_add(struct burner *burner)
{
    pthread_mutex_lock(&orders_lock);
    occupy(burner);
    pthread_mutex_unlock(&orders_lock);
}

OWN_FUNCTION static void stock_take(struct burner *burner)
{
    pthread_mutex_lock(&stock_lock);
    occupy(burner);
    pthread_mutex_unlock(&stock_lock);
}

OWN_FUNCTION static void cache_fill(struct burner *burner)
{
    pthread_mutex_lock(&cache.lock);
    cache.entries++;
    occupy(burner);
    pthread_mutex_unlock(&cache.lock);
}

static const task global_tasks[FEW_LOCKS] = {orders_add, stock_take, cache_fill};

// ---- Three mutexes from malloc ----

static pthread_mutex_t *heap_locks[MAX_LOCKS];

OWN_FUNCTION static void cart_add(struct burner *burner)
{
    pthread_mutex_lock(heap_locks[0]);
    occupy(burner);
    pthread_mutex_unlock(heap_locks[0]);
}

OWN_FUNCTION static void session_find(struct burner *burner)
{
    pthread_mutex_lock(heap_locks[1]);
    occupy(burner);
    pthread_mutex_unlock(heap_locks[1]);
}

OWN_FUNCTION static void log_append(struct burner *burner)
{
    pthread_mutex_lock(heap_locks[2]);
    occupy(burner);
    pthread_mutex_unlock(heap_locks[2]);
}

static const task heap_tasks[FEW_LOCKS] = {cart_add, session_find, log_append};

// ---- 200 mutexes from malloc, each with a function of its own ----

#define MANY_FUNCTION(n)                                                                  \
    OWN_FUNCTION static void many_##n(struct burner *burner)                              \
    {                                                                                     \
        pthread_mutex_lock(heap_locks[n]);                                                \
        occupy(burner);                                                                   \
        pthread_mutex_unlock(heap_locks[n]);                                              \
    }
#define MANY_ENTRY(n) many_##n,
#define TEN(each, tens)                                                                   \
    each(tens##0) each(tens##1) each(tens##2) each(tens##3) each(tens##4) each(tens##5)   \
        each(tens##6) each(tens##7) each(tens##8) each(tens##9)
#define HUNDRED(each, hundreds)                                                           \
    TEN(each, hundreds##1) TEN(each, hundreds##2) TEN(each, hundreds##3)                  \
    TEN(each, hundreds##4) TEN(each, hundreds##5) TEN(each, hundreds##6)                  \
    TEN(each, hundreds##7) TEN(each, hundreds##8) TEN(each, hundreds##9)
// 0 to 199, none of them written with a leading zero, which would be octal.
#define ALL_LOCKS(each) TEN(each, ) HUNDRED(each, ) TEN(each, 10) HUNDRED(each, 1)

ALL_LOCKS(MANY_FUNCTION)

static const task many_tasks[] = {ALL_LOCKS(MANY_ENTRY)};
_Static_assert(sizeof many_tasks / sizeof *many_tasks == MAX_LOCKS, "one function for each lock");

// ---- Threads ----

static struct burner calibrated;

static void *run_task(void *argument)
{
    const task *own = argument;
    struct burner burner = calibrated;
    for (;;)
        (*own)(&burner);
    return NULL;
}

static void heap_locks_create(void)
{
    for (uint64_t i = 0; i < config.locks; i++) {
        heap_locks[i] = malloc(sizeof *heap_locks[i]);
        if (heap_locks[i] == NULL)
            die_errno(0, "no memory for lock %" PRIu64, i + 1);
        const int error = pthread_mutex_init(heap_locks[i], NULL);
        if (error != 0)
            die_errno(error, "cannot create lock %" PRIu64, i + 1);
    }
}

static unsigned parse_kind(const char *text)
{
    for (unsigned i = 0; kind_names[i] != NULL; i++) {
        if (strcmp(text, kind_names[i]) == 0)
            return i;
    }
    usage_error("argument \"%s\": the kind is global, heap or many", text);
}

static uint64_t parse_count(const char *text, uint64_t max)
{
    char *end;
    const unsigned long long count = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || count == 0 || count > max)
        usage_error("argument \"%s\": the number of locks is from 1 to %" PRIu64, text, max);
    return count;
}

static void configure(int argc, char **argv)
{
    struct option_spec options[] = {
        {.name = "duration", .kind = OPTION_DURATION, .to.number = &config.duration,
         .max = 365 * NS_PER_DAY, .help = "End after this time (30s); 0: at SIGTERM or SIGINT"},
        {.name = "hold", .kind = OPTION_DURATION, .to.number = &config.hold, .max = NS_PER_DAY,
         .help = "Sleep while holding a lock (500us for each lock, at least 2ms)"},
        {.name = "work", .kind = OPTION_DURATION, .to.number = &config.work, .max = NS_PER_S,
         .help = "CPU time burned while holding a lock (150us)"},
    };
    const size_t count = sizeof options / sizeof *options;
    const int operands = argc > 1 && strncmp(argv[1], "--", 2) != 0 ? 2 : 0;

    if (operands > 0) {
        config.kind = parse_kind(argv[1]);
        config.locks =
            parse_count(argc > 2 ? argv[2] : "", config.kind == KIND_MANY ? MAX_LOCKS : FEW_LOCKS);
    }
    options_parse(argc - operands, argv + operands, options, count,
                  "KIND COUNT [flags]: threads that contend for COUNT locks of a kind.");
    if (operands == 0)
        usage_error("expected KIND COUNT: global or heap and 1 to %d, or many and 1 to %d",
                    FEW_LOCKS, MAX_LOCKS);
    if (!option_given(options, count, "hold") && config.locks * 500 * NS_PER_US > config.hold)
        config.hold = config.locks * 500 * NS_PER_US;
}

int main(int argc, char **argv)
{
    configure(argc, argv);
    const sigset_t signals = signals_block();
    static const task *const tasks[] = {global_tasks, heap_tasks, many_tasks};

    if (config.kind != KIND_GLOBAL)
        heap_locks_create();
    calibrated = burner_calibrate();
    for (uint64_t i = 0; i < config.locks * THREADS_PER_LOCK; i++) {
        pthread_t thread;
        const int error = pthread_create(&thread, NULL, run_task,
                                         (void *)&tasks[config.kind][i / THREADS_PER_LOCK]);
        if (error != 0)
            die_errno(error, "cannot create thread %" PRIu64, i + 1);
    }
    print_line("{\"record\":\"ready\",\"pid\":%ld,\"locks\":%" PRIu64 ",\"threads\":%" PRIu64 "}",
               (long)getpid(), config.locks, config.locks * THREADS_PER_LOCK);

    const uint64_t start = monotonic_ns();
    const uint64_t end = config.duration > 0 ? start + config.duration : UINT64_MAX;
    int received;
    do {
        received = signals_wait_until(&signals, end);
    } while (received != 0 && received != SIGTERM && received != SIGINT);
    print_line("{\"record\":\"final\",\"seconds\":%.6f,\"cpu_seconds\":%.6f}",
               seconds(monotonic_ns() - start), seconds(process_cpu_ns()));
    _exit(0);  // the threads end with the process, wherever they are
}
