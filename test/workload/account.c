#include "account.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>

static struct account *accounts;
static bool is_shared[MAX_STATIONS];
static pid_t children[MAX_THREADS];

// ---- One account for each thread ----

void accounts_create(void)
{
    void *memory = mmap(NULL, MAX_THREADS * sizeof *accounts, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        die("no memory for the accounts of %d threads", MAX_THREADS);
    accounts = memory;
}

struct account *account_take(void)
{
    for (unsigned i = 0; i < MAX_THREADS; i++) {
        bool is_free = false;
        if (atomic_compare_exchange_strong(&accounts[i].is_taken, &is_free, true))
            return &accounts[i];
    }
    die("more than %d threads at once", MAX_THREADS);
}

void account_give_back(struct account *account)
{
    atomic_store(&account->is_taken, false);
}

// ---- Visits ----

struct visit visit_arrive(struct account *account, unsigned station)
{
    return (struct visit){
        .account = account,
        .station = &account->stations[station],
        .arrived = monotonic_ns(),
    };
}

uint64_t visit_enter(struct visit *visit)
{
    visit->entered = monotonic_ns();
    visit->entered_cpu = thread_cpu_ns();
    account_add(&visit->station->waited, visit->entered - visit->arrived);
    return visit->entered_cpu;
}

void visit_leave(struct visit *visit)
{
    account_add(&visit->station->cpu, thread_cpu_ns() - visit->entered_cpu);
    account_add(&visit->station->held, monotonic_ns() - visit->entered);
}

void station_is_shared(unsigned station)
{
    is_shared[station] = true;
}

// ---- CPU time of all processes ----

void child_add(pid_t pid)
{
    for (unsigned i = 0; i < MAX_THREADS; i++) {
        if (children[i] == 0) {
            children[i] = pid;
            return;
        }
    }
    die("more than %d processes at once", MAX_THREADS);
}

void child_remove(pid_t pid)
{
    for (unsigned i = 0; i < MAX_THREADS; i++) {
        if (children[i] == pid)
            children[i] = 0;
    }
}

static uint64_t timeval_ns(struct timeval t)
{
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_usec * NS_PER_US;
}

static uint64_t family_cpu_ns(void)
{
    struct rusage over;
    getrusage(RUSAGE_CHILDREN, &over);
    uint64_t sum = process_cpu_ns() + timeval_ns(over.ru_utime) + timeval_ns(over.ru_stime);
    for (unsigned i = 0; i < MAX_THREADS; i++) {
        clockid_t clock;
        if (children[i] != 0 && clock_getcpuclockid(children[i], &clock) == 0)
            sum += clock_ns(clock);
    }
    return sum;
}

// ---- The record ----

struct totals {
    uint64_t wall, cpu, jobs;
    struct {
        uint64_t cpu, held, asleep, waited;
    } stations[MAX_STATIONS];
    uint64_t threads[MAX_THREADS + 1];  // CPU time of each; the last one is the main thread
};

static struct totals from, to;

static void totals_read(struct totals *totals)
{
    *totals = (struct totals){.wall = monotonic_ns(), .cpu = family_cpu_ns()};
    for (unsigned i = 0; i < MAX_THREADS; i++) {
        struct account *account = &accounts[i];
        totals->jobs += account->jobs;
        totals->threads[i] = account->thread_cpu;
        for (unsigned j = 0; j < MAX_STATIONS; j++) {
            totals->stations[j].cpu += account->stations[j].cpu;
            totals->stations[j].held += account->stations[j].held;
            totals->stations[j].asleep += account->stations[j].asleep;
            totals->stations[j].waited += account->stations[j].waited;
        }
    }
    totals->threads[MAX_THREADS] = thread_cpu_ns();
}

void account_period_start(void)
{
    totals_read(&from);
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

void account_report(void)
{
    uint64_t serial = 0, in_use = 0, held = 0, at_stations = 0, thread = 0;
    totals_read(&to);
    for (unsigned i = 0; i < MAX_STATIONS; i++) {
        const uint64_t cpu = to.stations[i].cpu - from.stations[i].cpu;
        const uint64_t inside = to.stations[i].held - from.stations[i].held;
        const uint64_t asleep = to.stations[i].asleep - from.stations[i].asleep;
        at_stations += inside + to.stations[i].waited - from.stations[i].waited;
        if (is_shared[i])
            continue;
        serial = larger(serial, cpu);
        in_use = larger(in_use, cpu + asleep);
        held = larger(held, inside);
    }
    for (unsigned i = 0; i <= MAX_THREADS; i++)
        thread = larger(thread, to.threads[i] - from.threads[i]);

    const double wall = seconds(to.wall - from.wall);
    const double cpu = seconds(to.cpu - from.cpu);
    const double per_second = wall > 0 ? 1 / wall : 0;
    const double per_cpu_second = cpu > 0 ? 1 / cpu : 0;
    print_line("{\"record\":\"final\",\"seconds\":%.6f,\"jobs\":%" PRIu64 ",\"cpu_seconds\":%.6f,"
               "\"p\":%.6f,\"queue\":%.6f,\"in_use\":%.6f,\"held\":%.6f,\"busiest_thread\":%.6f}",
               wall, to.jobs - from.jobs, cpu, 1 - seconds(serial) * per_cpu_second,
               seconds(at_stations) * per_second, seconds(in_use) * per_second,
               seconds(held) * per_second, seconds(thread) * per_cpu_second);
}
