/* Two threads that share a loop out, one of which runs at a time: as CPython 2.7 on Linux, which lets its lock go and takes it again every
   100 ticks, by way of a POSIX semaphore. Beside it, docs/article.md ("Why our ticks cost less than CPython 2's").

   cc -O2 -pthread docs/results/semaphore-ticks.c -o semaphore-ticks && perf stat -e syscalls:sys_enter_futex ./semaphore-ticks 100 */

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { COUNT = 10000000, ROUNDS = 5 };

static sem_t lock;
static long every;

static void *work(void *argument) {
    long ticks = 0;
    sem_wait(&lock);
    long *current = malloc(sizeof *current);
    for (long n = (long)argument; n > 0; n--) {
        if (++ticks >= every) {
            ticks = 0;
            sem_post(&lock);
            sem_wait(&lock);
        }
        long *next = malloc(sizeof *next);
        *(volatile long *)next = n;
        free(current);
        current = next;
    }
    free(current);
    sem_post(&lock);
    return NULL;
}

static double run(long threads) {
    struct timespec from, to;
    pthread_t thread[2];
    clock_gettime(CLOCK_MONOTONIC, &from);
    for (long i = 0; i < threads; i++) pthread_create(&thread[i], NULL, work, (void *)(COUNT / threads));
    for (long i = 0; i < threads; i++) pthread_join(thread[i], NULL);
    clock_gettime(CLOCK_MONOTONIC, &to);
    return (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) * 1e-9;
}

int main(int argc, char **argv) {
    every = argc > 1 ? atol(argv[1]) : 100;
    sem_init(&lock, 0, 1);
    for (int round = 0; round < ROUNDS; round++) {
        double one = run(1), two = run(2);
        printf("one thread %.1f ns an iteration; two by one %.2f\n", one / COUNT * 1e9, two / one);
    }
    return 0;
}
