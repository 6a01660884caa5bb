// Shared by the server, the client and the pool: command line, clocks, CPU
// burning, random draws. Every duration is a number of nanoseconds.
#ifndef AMDAHL_WORKLOAD_H
#define AMDAHL_WORKLOAD_H

#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define NS_PER_US UINT64_C(1000)
#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)
#define NS_PER_DAY (UINT64_C(86400) * NS_PER_S)

#define CACHE_LINE 64
// Upper limit of every thread and connection count.
#define MAX_THREADS 1024

// ---- Failure ----

// Prints "PROGRAM: message" on stderr and exits 1.
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));
// As die, with ": strerror(error)" appended.
_Noreturn void die_errno(int error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// ---- Command line ----

enum option_kind {
    OPTION_SWITCH,    // no value
    OPTION_DURATION,  // to.number, in nanoseconds
    OPTION_INTEGER,   // to.number
    OPTION_REAL,      // to.real
    OPTION_CHOICE,    // to.choice, an index into choices
    OPTION_ADDRESS,   // to.address, IPv4:PORT
};

struct option_spec {
    const char *name;  // without the leading "--"
    enum option_kind kind;
    union {
        bool *flag;
        uint64_t *number;
        double *real;
        unsigned *choice;
        struct sockaddr_in *address;
    } to;
    uint64_t min, max;          // DURATION, INTEGER; ADDRESS: of the port
    double real_min, real_max;  // REAL
    const char *const *choices; // CHOICE: ends with NULL
    const char *help;
    bool given;                 // set by options_parse
};

// Parses the whole command line; accepts "--name value" and "--name=value". A
// bad argument ends the program with one line on stderr and status 2; --help
// prints the flags and ends it with status 0.
void options_parse(int argc, char **argv, struct option_spec *options, size_t count,
                   const char *summary);
bool option_given(const struct option_spec *options, size_t count, const char *name);
// One line on stderr, status 2.
_Noreturn void usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

// ---- Clocks and signals ----

static inline uint64_t clock_ns(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}
static inline uint64_t monotonic_ns(void) { return clock_ns(CLOCK_MONOTONIC); }
static inline uint64_t thread_cpu_ns(void) { return clock_ns(CLOCK_THREAD_CPUTIME_ID); }
static inline uint64_t process_cpu_ns(void) { return clock_ns(CLOCK_PROCESS_CPUTIME_ID); }
static inline double seconds(uint64_t ns) { return (double)ns / 1e9; }

struct timespec timespec_of(uint64_t ns);

// The signals the programs take, blocked in the calling thread (and in the
// threads it creates later) so that they are only ever received synchronously.
// Also ignores SIGPIPE.
sigset_t signals_block(void);
// Waits for one of the signals until the monotonic time deadline (UINT64_MAX:
// for ever). Returns its number, or 0 when the deadline passed.
int signals_wait_until(const sigset_t *signals, uint64_t deadline);

// ---- Output ----

// Prints one line on stdout, flushed; ends the program when that fails.
void print_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

// ---- Random draws ----

struct rng {
    uint64_t state;
};

// The same seed and stream always give the same draws.
struct rng rng_stream(uint64_t seed, uint64_t stream);
double rng_uniform(struct rng *rng);  // in [0, 1)

enum distribution { DISTRIBUTION_FIXED, DISTRIBUTION_EXPONENTIAL };
extern const char *const distribution_names[];

uint64_t draw_duration(struct rng *rng, unsigned distribution, uint64_t mean);
// The first think time of a closed loop: a draw of the time left in a think
// time under way, so that fixed think times do not start all loops in step.
uint64_t draw_first_think(struct rng *rng, unsigned distribution, uint64_t mean);

// ---- Burning CPU time ----

struct burner {
    uint64_t state;           // of the arithmetic
    double ns_per_iteration;  // follows the present speed of the CPU
    uint64_t clock_cost;      // CPU time of one reading of the clock
};

// Measures this CPU; give each thread its own copy.
struct burner burner_calibrate(void);
// Runs arithmetic until the calling thread's CPU clock has advanced by amount
// from start, which is a recent reading of that clock. Returns the last reading
// of the clock, which misses start + amount by at most half a reading on the
// early side and, interrupts apart, a few microseconds on the late side.
uint64_t burn(struct burner *burner, uint64_t start, uint64_t amount);

#endif
