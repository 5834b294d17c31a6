/* Owns the floor of the bench: a bare pseudo-terminal read loop, and the small programs that run inside sessions.
   Built by cc -O2; floor.py says the same words more slowly where there is no compiler.

   floor run [--go] [--default] [--mark TEXT] [--exact N] [--hold] -- ARGV   runs ARGV in a terminal and tells what came, as JSON:
       first   ms to the first byte          mark   ms to the first TEXT
       exact   ms until N bytes from "<B>" on had come, and their adler32
       end     ms to the end                 bytes  all that came
     --default the terminal begins as terminals do, not raw
     --go      when "<R>" comes, types "g" and Enter, and begins to count only then
     --hold    ARGV is left (hung up) as soon as what was asked for has come, else it is read to its end
   floor echo N ARGV        types N single bytes, each when the last one came back: [ms, ...]; then one more, to end ARGV by
   floor drip BYTES SECONDS writes so many bytes a second in ten pieces, lines of 100 bytes
   floor bits FILE LEAST MOST MS   writes FILE in pieces of such sizes, with a pause between two of them
   floor sum FILE           the adler32 of FILE */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#ifdef __APPLE__
#include <util.h>
#else
#include <pty.h>
#endif

static char buffer[65536];

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static void pause_ms(double ms) {
  struct timespec t = {(time_t)(ms / 1e3), (long)(ms * 1e6) % 1000000000L};
  if (ms > 0) nanosleep(&t, NULL);
}

static uint32_t low = 1, high = 0;

static void add(const unsigned char *bytes, size_t length) {
  while (length > 0) {
    size_t some = length < 5552 ? length : 5552;
    uint32_t a = low, b = high;
    for (size_t i = 0; i < some; i++) {
      a += bytes[i];
      b += a;
    }
    low = a % 65521;
    high = b % 65521;
    bytes += some;
    length -= some;
  }
}

static void whole_write(int fd, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t n = write(fd, bytes, length);
    if (n < 0 && errno != EINTR) exit(1);
    if (n > 0) {
      bytes += n;
      length -= (size_t)n;
    }
  }
}

static int open_terminal(char **argv, pid_t *child, int is_raw) {
  int fd;
  struct winsize size = {40, 120, 0, 0};
  struct termios raw;
  memset(&raw, 0, sizeof raw);
  cfmakeraw(&raw);
  raw.c_cc[VMIN] = 1;
  *child = forkpty(&fd, NULL, is_raw ? &raw : NULL, &size);
  if (*child == 0) {
    execvp(argv[0], argv);
    _exit(127);
  }
  if (*child < 0) exit(1);
  return fd;
}

/* A text looked for in a stream, also across two reads. */
struct finder {
  const char *text;
  size_t length;
  char tail[64];
  size_t kept;
};

static long find(struct finder *f, const char *bytes, size_t length) {
  char joined[128];
  size_t head = length < f->length ? length : f->length;
  memcpy(joined, f->tail, f->kept);
  memcpy(joined + f->kept, bytes, head);
  char *at = memmem(joined, f->kept + head, f->text, f->length);
  long found = -1;
  if (at) found = (long)(at - joined) - (long)f->kept + (long)f->length;
  else if ((at = memmem(bytes, length, f->text, f->length))) found = (long)(at - bytes) + (long)f->length;
  size_t all = f->kept + head, keep = f->length - 1;
  if (length >= keep) {
    memcpy(f->tail, bytes + length - keep, keep);
    f->kept = keep;
  } else {
    if (all > keep) memmove(joined, joined + all - keep, keep);
    f->kept = all < keep ? all : keep;
    memcpy(f->tail, joined, f->kept);
  }
  return found;
}

static int run(int argc, char **argv) {
  const char *mark = NULL;
  long exact = 0;
  int go = 0, hold = 0, is_raw = 1, i = 0;
  for (; i < argc && strcmp(argv[i], "--"); i++) {
    if (!strcmp(argv[i], "--go")) go = 1;
    else if (!strcmp(argv[i], "--default")) is_raw = 0;
    else if (!strcmp(argv[i], "--hold")) hold = 1;
    else if (!strcmp(argv[i], "--mark")) mark = argv[++i];
    else if (!strcmp(argv[i], "--exact")) exact = atol(argv[++i]);
  }
  struct finder ready = {"<R>", 3, {0}, 0}, begin = {"<B>", 3, {0}, 0}, marked = {mark, mark ? strlen(mark) : 0, {0}, 0};
  double start = now(), first = -1, mark_at = -1, exact_at = -1;
  long bytes = 0, left = -1;
  pid_t child;
  int fd = open_terminal(argv + i + 1, &child, is_raw);
  for (;;) {
    ssize_t n = read(fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    if (first < 0) first = now() - start;
    if (go) {
      if (find(&ready, buffer, (size_t)n) < 0) continue;
      go = 0;
      start = now();
      whole_write(fd, "g\n", 2);
      continue;
    }
    bytes += n;
    if (mark && mark_at < 0 && find(&marked, buffer, (size_t)n) >= 0) mark_at = now() - start;
    if (exact && exact_at < 0) {
      long from = 0;
      if (left < 0 && (from = find(&begin, buffer, (size_t)n)) >= 0) left = exact;
      if (left > 0 && from < n) {
        long some = n - from < left ? n - from : left;
        add((unsigned char *)buffer + from, (size_t)some);
        if ((left -= some) == 0) exact_at = now() - start;
      }
    }
    if (hold && (!mark || mark_at >= 0) && (!exact || exact_at >= 0)) break;
  }
  double end = now() - start;
  printf("{\"first\":%.4f,\"mark\":%.4f,\"exact\":%.4f,\"end\":%.4f,\"bytes\":%ld,\"sum\":%u}\n", first, mark_at, exact_at,
         end, bytes, (high << 16) | low);
  fflush(stdout);
  close(fd);
  waitpid(child, NULL, 0);
  return 0;
}

static int echo(int argc, char **argv) {
  int count = atoi(argv[0]);
  pid_t child;
  int fd = open_terminal(argv + 1, &child, 1);
  struct finder ready = {"<R>", 3, {0}, 0};
  for (;;) {
    ssize_t n = read(fd, buffer, sizeof buffer);
    if (n <= 0) return 1;
    if (find(&ready, buffer, (size_t)n) >= 0) break;
  }
  putchar('[');
  for (int i = 0; i < count; i++) {
    double start = now();
    whole_write(fd, "x", 1);
    if (read(fd, buffer, sizeof buffer) <= 0) return 1;
    printf("%s%.4f", i ? "," : "", now() - start);
    pause_ms(0.5);
  }
  puts("]");
  fflush(stdout);
  whole_write(fd, "x", 1);
  pause_ms(20);
  close(fd);
  waitpid(child, NULL, 0);
  return argc > 0 ? 0 : 1;
}

static int drip(long rate, double seconds) {
  static char line[128];
  double start = now(), piece = rate / 10.0, sent = 0;
  long number = 0;
  for (int slice = 1; slice <= seconds * 10; slice++) {
    for (; sent < piece * slice; sent += 100) {
      snprintf(line, sizeof line, "%010ld %088d\n", ++number, 0);
      whole_write(1, line, 100);
    }
    pause_ms(start + slice * 100.0 - now());
  }
  return 0;
}

static int bits(const char *path, size_t least, size_t most, double ms) {
  int fd = open(path, O_RDONLY);
  ssize_t n;
  for (size_t i = 0; (n = read(fd, buffer, least + (i * 7919) % (most - least + 1))) > 0; i++) {
    whole_write(1, buffer, (size_t)n);
    pause_ms(ms);
  }
  return 0;
}

static int sum(const char *path) {
  int fd = open(path, O_RDONLY);
  for (ssize_t n; (n = read(fd, buffer, sizeof buffer)) > 0;) add((unsigned char *)buffer, (size_t)n);
  printf("%u\n", (high << 16) | low);
  return 0;
}

int main(int argc, char **argv) {
  if (argc > 2 && !strcmp(argv[1], "run")) return run(argc - 2, argv + 2);
  if (argc > 3 && !strcmp(argv[1], "echo")) return echo(argc - 2, argv + 2);
  if (argc > 3 && !strcmp(argv[1], "drip")) return drip(atol(argv[2]), atof(argv[3]));
  if (argc > 5 && !strcmp(argv[1], "bits")) return bits(argv[2], (size_t)atol(argv[3]), (size_t)atol(argv[4]), atof(argv[5]));
  if (argc > 2 && !strcmp(argv[1], "sum")) return sum(argv[2]);
  return 2;
}
