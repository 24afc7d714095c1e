/*
 * Preloaded into Postgres by a test: what waits for the disk is slow, and the clock is behind, for
 * as long as the file TEST_FAULTS says so.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct faults {
  volatile int64_t sync_ms;
  volatile int64_t behind_s;
};

static const struct faults none;
static const struct faults *faults = &none;

__attribute__((constructor)) static void open_faults(void) {
  const char *path = getenv("TEST_FAULTS");
  int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return;
  void *found = mmap(NULL, sizeof none, PROT_READ, MAP_SHARED, file, 0);
  if (found != MAP_FAILED) faults = found;
  close(file);
}

static void wait_for_disk(void) {
  struct timespec rest = {faults->sync_ms / 1000, faults->sync_ms % 1000 * 1000000};
  while (nanosleep(&rest, &rest) != 0) {
  }
}

int fsync(int file) {
  static int (*real)(int);
  if (!real) real = dlsym(RTLD_NEXT, "fsync");
  wait_for_disk();
  return real(file);
}

int fdatasync(int file) {
  static int (*real)(int);
  if (!real) real = dlsym(RTLD_NEXT, "fdatasync");
  wait_for_disk();
  return real(file);
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  static int (*real)(struct timeval *, void *);
  if (!real) real = dlsym(RTLD_NEXT, "gettimeofday");
  int result = real(now, zone);
  now->tv_sec -= faults->behind_s;
  return result;
}

time_t time(time_t *result) {
  struct timeval now;
  gettimeofday(&now, NULL);
  if (result) *result = now.tv_sec;
  return now.tv_sec;
}
