// The threads of a program of the truth bench: how many, what a job costs, when
// the next one comes, and the end.
#ifndef AMDAHL_CREW_H
#define AMDAHL_CREW_H

#include "account.h"

struct crew_settings {
    uint64_t threads;    // of each process
    uint64_t processes;  // 0: the program itself has the threads, no fork
    uint64_t inside;     // CPU time of a job inside its sequential resource
    uint64_t outside;    // and outside it
    uint64_t think;      // mean of the exponential pause after a job
    double load;         // > 0: instead of think, jobs come by themselves, see CREW_OPTIONS
    double load_to;
    uint64_t sweep;
    uint64_t duration;
};

extern struct crew_settings crew;

#define CREW_OPTIONS                                                                      \
    {.name = "threads", .kind = OPTION_INTEGER, .to.number = &crew.threads, .min = 1,     \
     .max = MAX_THREADS - 8, .help = "Threads of each process"},                          \
    {.name = "processes", .kind = OPTION_INTEGER, .to.number = &crew.processes, .max = 64,\
     .help = "Forked processes; 0: the threads are the program's own (0)"},               \
    {.name = "inside", .kind = OPTION_DURATION, .to.number = &crew.inside, .max = NS_PER_S,\
     .help = "CPU time of a job inside its sequential resource"},                         \
    {.name = "outside", .kind = OPTION_DURATION, .to.number = &crew.outside,              \
     .max = NS_PER_S, .help = "CPU time of a job outside it"},                            \
    {.name = "think", .kind = OPTION_DURATION, .to.number = &crew.think, .max = NS_PER_DAY,\
     .help = "Mean of the exponential pause after a job (0s)"},                           \
    {.name = "load", .kind = OPTION_REAL, .to.real = &crew.load, .real_max = 1,           \
     .help = "Jobs come at random times, this share of one every --inside (0: no pace)"}, \
    {.name = "load-to", .kind = OPTION_REAL, .to.real = &crew.load_to, .real_max = 1,     \
     .help = "The load goes from --load to this, stays, and goes back in each --sweep"},               \
    {.name = "sweep", .kind = OPTION_DURATION, .to.number = &crew.sweep,                  \
     .max = NS_PER_DAY, .help = "Time from the load to the other one and back"},          \
    {.name = "duration", .kind = OPTION_DURATION, .to.number = &crew.duration,            \
     .max = 365 * NS_PER_DAY, .help = "End after this time (30s); 0: at SIGTERM or SIGINT"}

struct worker {
    uint64_t index;  // over all processes
    struct account *account;
    struct burner burner;
    struct rng rng;
    uint64_t next;  // under a load: when its next job comes
};

// The parts of a program, in the order of their use: blocks the signals, makes
// the accounts.
void crew_prepare(void);
// A worker of the calling thread.
struct worker worker_create(uint64_t index);
// Starts all threads; each runs job after job for ever.
void crew_start(void (*job)(struct worker *worker));
// Starts one thread that is no worker of crew_start.
void thread_start(void *(*run)(void *), void *argument);
// When the next job of this worker comes, one of so many that share the load.
uint64_t worker_next(struct worker *worker, uint64_t sharers);
// Sleeps until then.
void worker_pause(struct worker *worker, uint64_t sharers);
// After a job: counts it and the CPU time of the thread, which lasts.
void worker_job_over(struct worker *worker);
void worker_burn(struct worker *worker, uint64_t amount);
void sleep_until(uint64_t deadline);

// Prints the ready record, waits for the end and prints the final one. SIGUSR1
// starts a new measured period. Calls each_turn, if given, about every period.
_Noreturn void crew_measure(void);
_Noreturn void crew_measure_with(void (*each_turn)(void), uint64_t period);

#endif
