// What a program of the truth bench measures of itself: of each station (a
// sequential resource, such as a lock) the CPU time inside, the time it is held
// and waited for; of each thread the CPU time. Only what is over counts.
#ifndef AMDAHL_ACCOUNT_H
#define AMDAHL_ACCOUNT_H

#include "workload.h"

#include <stdalign.h>
#include <stdatomic.h>
#include <sys/types.h>

#define MAX_STATIONS 256

struct station {
    atomic_uint_least64_t cpu;     // CPU time inside
    atomic_uint_least64_t held;    // wall time inside
    atomic_uint_least64_t asleep;  // wall time inside calls that sleep on purpose
    atomic_uint_least64_t waited;  // wall time from arrival to entry
};

// One thread's at a time, so that no addition needs to be atomic as a whole.
struct account {
    alignas(2 * CACHE_LINE) atomic_uint_least64_t jobs;
    // Of a thread that lasts as long as the program: its CPU time. Else 0.
    atomic_uint_least64_t thread_cpu;
    atomic_bool is_taken;
    struct station stations[MAX_STATIONS];
};

// Before any thread or fork: accounts are shared by the processes forked.
void accounts_create(void);
struct account *account_take(void);
void account_give_back(struct account *account);

static inline void account_add(atomic_uint_least64_t *counter, uint64_t amount)
{
    const uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, value + amount, memory_order_relaxed);
}

// One passage through a station: arrive, take the lock, enter, work, leave,
// release the lock.
struct visit {
    struct account *account;
    struct station *station;
    uint64_t arrived, entered, entered_cpu;
};

struct visit visit_arrive(struct account *account, unsigned station);
// Returns the thread's CPU clock at entry, to burn from.
uint64_t visit_enter(struct visit *visit);
void visit_leave(struct visit *visit);

// A station that many may be in at once: its jobs count in the queue, but it is
// no sequential resource.
void station_is_shared(unsigned station);

// CPU time of the processes forked counts as the program's.
void child_add(pid_t pid);
// After it was waited for.
void child_remove(pid_t pid);

// Sets the start of the measured period to now.
void account_period_start(void);
// Prints the final record of the measured period.
void account_report(void);

#endif
