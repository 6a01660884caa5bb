#include "workload.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// ---- Failure ----

static void complain(const char *format, va_list arguments, int error)
{
    flockfile(stderr);
    fprintf(stderr, "%s: ", program_invocation_short_name);
    vfprintf(stderr, format, arguments);
    if (error != 0)
        fprintf(stderr, ": %s", strerror(error));
    fputc('\n', stderr);
    funlockfile(stderr);
}

void die(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    complain(format, arguments, 0);
    va_end(arguments);
    _exit(1);
}

void die_errno(int error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    complain(format, arguments, error);
    va_end(arguments);
    _exit(1);
}

void usage_error(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    complain(format, arguments, 0);
    va_end(arguments);
    _exit(2);
}

// ---- Command line ----

static const struct {
    const char *name;
    uint64_t ns;
} units[] = {{"s", NS_PER_S}, {"ms", NS_PER_MS}, {"us", NS_PER_US}};
#define UNIT_COUNT (sizeof units / sizeof *units)

static void print_duration(char *buffer, size_t size, uint64_t ns)
{
    for (size_t i = 0; i < UNIT_COUNT; i++) {
        if (ns >= units[i].ns && ns % units[i].ns == 0) {
            snprintf(buffer, size, "%" PRIu64 "%s", ns / units[i].ns, units[i].name);
            return;
        }
    }
    snprintf(buffer, size, "%gus", (double)ns / (double)NS_PER_US);
}

// What the option takes, in words.
static void describe_allowed(const struct option_spec *option, char *buffer, size_t size)
{
    char low[32], high[32];
    size_t used = 0;

    switch (option->kind) {
    case OPTION_SWITCH:
        snprintf(buffer, size, "no value");
        break;
    case OPTION_DURATION:
        print_duration(low, sizeof low, option->min);
        print_duration(high, sizeof high, option->max);
        snprintf(buffer, size, "%sa number with unit us, ms or s, from %s to %s",
                 option->min == 0 ? "0, or " : "", option->min == 0 ? "0s" : low, high);
        break;
    case OPTION_INTEGER:
        snprintf(buffer, size, "a whole number from %" PRIu64 " to %" PRIu64, option->min,
                 option->max);
        break;
    case OPTION_REAL:
        snprintf(buffer, size, "a number from %g to %g", option->real_min, option->real_max);
        break;
    case OPTION_CHOICE:
        snprintf(buffer, size, "%s", option->choices[0]);
        for (size_t i = 1; option->choices[i] != NULL; i++) {
            used = strlen(buffer);
            snprintf(buffer + used, size - used, " or %s", option->choices[i]);
        }
        break;
    case OPTION_ADDRESS:
        snprintf(buffer, size,
                 "IPv4:PORT such as 127.0.0.1:8080, with a port from %" PRIu64 " to %" PRIu64,
                 option->min, option->max);
        break;
    }
}

static bool parse_integer(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
    if (*text == '\0' || text[strspn(text, "0123456789")] != '\0')
        return false;
    errno = 0;
    const unsigned long long parsed = strtoull(text, NULL, 10);
    if (errno != 0 || parsed < min || parsed > max)
        return false;
    *value = parsed;
    return true;
}

// A plain decimal number: no sign, exponent, hexadecimal, infinity or NaN.
static bool parse_decimal(const char *text, size_t length, double *value)
{
    char digits[64];
    if (length == 0 || length >= sizeof digits)
        return false;
    memcpy(digits, text, length);
    digits[length] = '\0';
    if (strspn(digits, "0123456789.") != length || strpbrk(digits, "0123456789") == NULL)
        return false;
    char *end;
    *value = strtod(digits, &end);
    return *end == '\0';
}

static bool parse_real(const char *text, double min, double max, double *value)
{
    double parsed;
    if (!parse_decimal(text, strlen(text), &parsed) || !(parsed >= min && parsed <= max))
        return false;
    *value = parsed;
    return true;
}

static bool parse_duration(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
    const size_t length = strspn(text, "0123456789.");
    double number;
    if (!parse_decimal(text, length, &number))
        return false;
    uint64_t unit = 0;
    for (size_t i = 0; i < UNIT_COUNT; i++) {
        if (strcmp(text + length, units[i].name) == 0)
            unit = units[i].ns;
    }
    if (unit == 0 && (text[length] != '\0' || number > 0))
        return false;
    const double ns = round(number * (double)unit);
    if (!(ns >= (double)min && ns <= (double)max) || (number > 0 && ns < 1))
        return false;
    *value = (uint64_t)ns;
    return true;
}

static bool parse_address(const char *text, uint64_t min, uint64_t max,
                          struct sockaddr_in *value)
{
    char host[INET_ADDRSTRLEN];
    const char *colon = strrchr(text, ':');
    uint64_t port;
    if (colon == NULL || (size_t)(colon - text) >= sizeof host ||
        !parse_integer(colon + 1, min, max, &port))
        return false;
    memcpy(host, text, (size_t)(colon - text));
    host[colon - text] = '\0';
    struct sockaddr_in parsed = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    if (inet_pton(AF_INET, host, &parsed.sin_addr) != 1)
        return false;
    *value = parsed;
    return true;
}

static bool parse_choice(const char *text, const char *const *choices, unsigned *value)
{
    for (unsigned i = 0; choices[i] != NULL; i++) {
        if (strcmp(text, choices[i]) == 0) {
            *value = i;
            return true;
        }
    }
    return false;
}

static bool parse_value(struct option_spec *option, const char *text)
{
    switch (option->kind) {
    case OPTION_SWITCH:
        break;  // taken care of by options_parse
    case OPTION_DURATION:
        return parse_duration(text, option->min, option->max, option->to.number);
    case OPTION_INTEGER:
        return parse_integer(text, option->min, option->max, option->to.number);
    case OPTION_REAL:
        return parse_real(text, option->real_min, option->real_max, option->to.real);
    case OPTION_CHOICE:
        return parse_choice(text, option->choices, option->to.choice);
    case OPTION_ADDRESS:
        return parse_address(text, option->min, option->max, option->to.address);
    }
    return false;
}

static _Noreturn void print_help(const struct option_spec *options, size_t count,
                                 const char *summary)
{
    char allowed[256];
    printf("usage: %s [flags]\n%s\n\n", program_invocation_short_name, summary);
    for (size_t i = 0; i < count; i++) {
        describe_allowed(&options[i], allowed, sizeof allowed);
        printf("  --%s\n        %s.\n        Takes %s.\n", options[i].name, options[i].help,
               allowed);
    }
    exit(0);
}

void options_parse(int argc, char **argv, struct option_spec *options, size_t count,
                   const char *summary)
{
    for (int i = 1; i < argc; i++) {
        const char *argument = argv[i];
        if (strcmp(argument, "--help") == 0)
            print_help(options, count, summary);
        if (strncmp(argument, "--", 2) != 0)
            usage_error("argument \"%s\": only flags that start with -- are allowed (see --help)",
                        argument);

        const char *name = argument + 2;
        const size_t length = strcspn(name, "=");
        struct option_spec *option = NULL;
        for (size_t j = 0; j < count; j++) {
            if (strlen(options[j].name) == length &&
                memcmp(options[j].name, name, length) == 0)
                option = &options[j];
        }
        if (option == NULL)
            usage_error("flag \"%s\": there is no such flag (see --help for those allowed)",
                        argument);

        char allowed[256];
        describe_allowed(option, allowed, sizeof allowed);
        const char *value = name[length] == '=' ? name + length + 1 : NULL;
        if (option->kind == OPTION_SWITCH) {
            if (value != NULL)
                usage_error("flag --%s: value \"%s\" is not allowed; it takes %s", option->name,
                            value, allowed);
            *option->to.flag = true;
        } else {
            if (value == NULL && i + 1 < argc)
                value = argv[++i];
            if (value == NULL)
                usage_error("flag --%s: the value is missing; it takes %s", option->name,
                            allowed);
            if (!parse_value(option, value))
                usage_error("flag --%s: value \"%s\" is not allowed; it takes %s", option->name,
                            value, allowed);
        }
        option->given = true;
    }
}

bool option_given(const struct option_spec *options, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(options[i].name, name) == 0)
            return options[i].given;
    }
    return false;
}

// ---- Clocks and signals ----

struct timespec timespec_of(uint64_t ns)
{
    return (struct timespec){.tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S)};
}

sigset_t signals_block(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGUSR1);
    sigaddset(&signals, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    return signals;
}

int signals_wait_until(const sigset_t *signals, uint64_t deadline)
{
    for (;;) {
        int received;
        if (deadline == UINT64_MAX) {
            received = sigwaitinfo(signals, NULL);
        } else {
            const uint64_t now = monotonic_ns();
            const struct timespec left = timespec_of(deadline > now ? deadline - now : 0);
            received = sigtimedwait(signals, NULL, &left);
        }
        if (received > 0)
            return received;
        if (errno == EAGAIN)
            return 0;
        if (errno != EINTR)
            die_errno(errno, "cannot wait for signals");
    }
}

// ---- Output ----

void print_line(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int printed = vprintf(format, arguments);
    va_end(arguments);
    if (printed < 0 || putchar('\n') == EOF || fflush(stdout) != 0)
        die_errno(errno, "cannot write to standard output");
}

// ---- Random draws ----

// SplitMix64 (Steele, Lea, Flood 2014).
static uint64_t rng_next(struct rng *rng)
{
    uint64_t z = rng->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

struct rng rng_stream(uint64_t seed, uint64_t stream)
{
    // Each stream starts at a hashed, hence far-off, point of the one sequence.
    struct rng of_seed = {.state = seed};
    struct rng of_stream = {.state = rng_next(&of_seed) ^ (stream + 1)};
    return (struct rng){.state = rng_next(&of_stream)};
}

double rng_uniform(struct rng *rng)
{
    return (double)(rng_next(rng) >> 11) * 0x1p-53;
}

const char *const distribution_names[] = {
    [DISTRIBUTION_FIXED] = "fixed",
    [DISTRIBUTION_EXPONENTIAL] = "exponential",
    NULL,
};

uint64_t draw_duration(struct rng *rng, unsigned distribution, uint64_t mean)
{
    if (distribution == DISTRIBUTION_FIXED)
        return mean;
    return (uint64_t)(-log1p(-rng_uniform(rng)) * (double)mean);
}

uint64_t draw_first_think(struct rng *rng, unsigned distribution, uint64_t mean)
{
    if (distribution == DISTRIBUTION_FIXED)
        return (uint64_t)(rng_uniform(rng) * (double)mean);
    return draw_duration(rng, distribution, mean);
}

// ---- Burning CPU time ----

// A long burn reads the clock once per slice. A slice is at most half of what is
// left, so that a CPU which has become up to twice as slow cannot make it run
// over; below SLICE_MIN the slice is all that is left.
#define SLICE_MAX (16 * NS_PER_US)
#define SLICE_MIN (3 * NS_PER_US)
// Shorter slices say too little about the speed of the CPU.
#define SLICE_TELLING (NS_PER_US / 2)

// Iterations that depend on each other: nothing to vectorise, no memory.
static uint64_t spin(uint64_t state, uint64_t iterations)
{
    for (uint64_t i = 0; i < iterations; i++)
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    __asm__ volatile("" : "+r"(state));  // the result counts as used
    return state;
}

struct burner burner_calibrate(void)
{
    const uint64_t iterations = 10000;
    struct burner burner = {.state = 1, .ns_per_iteration = HUGE_VAL, .clock_cost = UINT64_MAX};

    uint64_t before = thread_cpu_ns();
    for (int i = 0; i < 200; i++) {
        const uint64_t after = thread_cpu_ns();
        if (after - before < burner.clock_cost)
            burner.clock_cost = after - before;
        before = after;
    }
    for (int i = 0; i < 20; i++) {
        before = thread_cpu_ns();
        burner.state = spin(burner.state, iterations);
        const uint64_t spent = thread_cpu_ns() - before;
        const uint64_t net = spent > burner.clock_cost ? spent - burner.clock_cost : 1;
        burner.ns_per_iteration =
            fmin(burner.ns_per_iteration, (double)net / (double)iterations);
    }
    return burner;
}

// Moves the speed estimate towards what a slice showed. One slice that an
// interrupt stretched must not spoil it, a lasting change must.
static void burner_adapt(struct burner *burner, uint64_t iterations, uint64_t spent)
{
    const double present = burner->ns_per_iteration;
    const double net = spent > burner->clock_cost ? (double)(spent - burner->clock_cost) : 1.0;
    const double seen = fmin(fmax(net / (double)iterations, present / 2), present * 2);
    burner->ns_per_iteration = present + (seen - present) / 4;
}

uint64_t burn(struct burner *burner, uint64_t start, uint64_t amount)
{
    const uint64_t deadline = start + amount;
    const uint64_t cost = burner->clock_cost;
    uint64_t now = start;

    // Stopping half a reading early makes the mean miss about zero.
    while (now + cost / 2 < deadline) {
        const uint64_t left = deadline - now;
        uint64_t slice = left;
        if (left > SLICE_MIN) {
            slice = left / 2 < SLICE_MAX ? left / 2 : SLICE_MAX;
            slice = slice > SLICE_MIN ? slice : SLICE_MIN;
        }
        const uint64_t work = slice > cost ? slice - cost : 0;
        const uint64_t iterations = (uint64_t)((double)work / burner->ns_per_iteration);
        burner->state = spin(burner->state, iterations);
        const uint64_t then = thread_cpu_ns();
        if (work >= SLICE_TELLING)
            burner_adapt(burner, iterations, then - now);
        now = then;
    }
    return now;
}
