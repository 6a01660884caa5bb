// Programs that nobody would write by accident: what they do with futexes is allowed, and means nothing.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define ADDRESSES 40000
#define THREADS 4
// pthread_mutex_t: int __lock, unsigned __count, int __owner, unsigned __nusers.
#define WORDS 4

static uint32_t *words;
static uint32_t liar;
static _Atomic uint64_t waits;

// A wait as a mutex makes it, for a moment: the word says that it is locked and has waiters.
static void wait_at(uint32_t *word)
{
    const struct timespec moment = {.tv_nsec = 1000};
    *(volatile uint32_t *)word = 2;
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, 2, &moment, NULL, 0);
    waits++;
}

// Waits at one address after the other.
static void *wait_everywhere(void *argument)
{
    for (uint64_t i = (uint64_t)(uintptr_t)argument;; i += THREADS)
        wait_at(&words[i % ADDRESSES * WORDS]);
    return NULL;
}

// One lock that always says that somebody else, in another process, owns it.
static void *lie(void *argument)
{
    (void)argument;
    for (;;) {
        words[2] = liar;
        words[3] = 1;
        wait_at(words);
    }
    return NULL;
}

// As a mutex in memory that comes and goes: the call may fail.
static void *wait_blindly(void *argument)
{
    const struct timespec moment = {.tv_nsec = 100000};
    (void)argument;
    for (;;) {
        syscall(SYS_futex, words, FUTEX_WAIT, 2, &moment, NULL, 0);
        waits++;
    }
    return NULL;
}

static void start(void *(*run)(void *))
{
    for (uintptr_t i = 0; i < THREADS; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, run, (void *)i) != 0) {
            fprintf(stderr, "cannot create a thread\n");
            exit(1);
        }
    }
}

static void pause_ms(long ms)
{
    const struct timespec duration = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&duration, NULL);
}

static uint32_t *map(int flags, int file)
{
    void *memory = mmap(NULL, ADDRESSES * WORDS * sizeof *words, PROT_READ | PROT_WRITE, flags, file, 0);
    if (memory == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
    return memory;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: hostile addresses|owner|protected|truncated|exec NUMBER-OR-FILE\n");
        return 2;
    }
    const char *mode = argv[1];
    if (strcmp(mode, "truncated") == 0) {
        const int file = open(argv[2], O_RDWR | O_CREAT, 0600);
        const off_t bytes = ADDRESSES * WORDS * sizeof *words;
        if (file < 0 || ftruncate(file, bytes) != 0) {
            perror(argv[2]);
            return 1;
        }
        words = map(MAP_SHARED, file);
        words[0] = 2;
        start(wait_blindly);
        printf("{\"record\":\"ready\",\"pid\":%d}\n", getpid());
        fflush(stdout);
        for (;;) {
            pause_ms(20);
            if (ftruncate(file, 0) != 0 || ftruncate(file, bytes) != 0)
                return 1;
        }
    }
    words = map(MAP_PRIVATE | MAP_ANONYMOUS, -1);
    words[0] = 2;
    liar = (uint32_t)atol(argv[2]);
    start(strcmp(mode, "addresses") == 0 ? wait_everywhere
          : strcmp(mode, "owner") == 0   ? lie
                                         : wait_blindly);
    printf("{\"record\":\"ready\",\"pid\":%d}\n", getpid());
    fflush(stdout);
    if (strcmp(mode, "exec") == 0) {
        pause_ms(100);
        execv("/proc/self/exe", argv);
        return 1;
    }
    for (;;) {
        pause_ms(10);
        if (strcmp(mode, "protected") == 0) {
            mprotect(words, 4096, PROT_NONE);
            pause_ms(10);
            mprotect(words, 4096, PROT_READ | PROT_WRITE);
        }
    }
}
