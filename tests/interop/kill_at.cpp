// A library to be preloaded: it counts the calls that change the file system and kills the process
// with SIGKILL right before the Nth (OTA_KILL_AT=N). Without it, OTA_KILL_COUNT=FILE receives the
// number of calls when the process ends by itself.

#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>

namespace {

long calls = 0;

template <class Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

void count() {
  static const char* const limit = std::getenv("OTA_KILL_AT");
  ++calls;
  if (limit != nullptr && calls == std::atol(limit)) kill(getpid(), SIGKILL);
}

bool is_file(int fd) {
  struct stat info;
  return fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
}

struct report {
  ~report() {
    if (const char* path = std::getenv("OTA_KILL_COUNT")) {
      if (std::FILE* file = std::fopen(path, "w")) {
        std::fprintf(file, "%ld\n", calls);
        std::fclose(file);
      }
    }
  }
} at_exit;

}  // namespace

#define FORWARD(name, parameters, arguments)         \
  extern "C" int name parameters {                   \
    count();                                         \
    return next<int(*) parameters>(#name) arguments; \
  }

FORWARD(rename, (const char* from, const char* to), (from, to))
FORWARD(renameat, (int from_fd, const char* from, int to_fd, const char* to),
        (from_fd, from, to_fd, to))
FORWARD(renameat2, (int from_fd, const char* from, int to_fd, const char* to, unsigned flags),
        (from_fd, from, to_fd, to, flags))
FORWARD(unlink, (const char* path), (path))
FORWARD(unlinkat, (int fd, const char* path, int flags), (fd, path, flags))
FORWARD(rmdir, (const char* path), (path))
FORWARD(mkdir, (const char* path, mode_t mode), (path, mode))
FORWARD(mkdirat, (int fd, const char* path, mode_t mode), (fd, path, mode))
FORWARD(fchmod, (int fd, mode_t mode), (fd, mode))
FORWARD(fchmodat, (int fd, const char* path, mode_t mode, int flags), (fd, path, mode, flags))
FORWARD(ftruncate, (int fd, off_t size), (fd, size))
FORWARD(fsync, (int fd), (fd))
FORWARD(fdatasync, (int fd), (fd))
FORWARD(syncfs, (int fd), (fd))

extern "C" ssize_t write(int fd, const void* data, size_t size) {
  if (is_file(fd)) count();
  return next<ssize_t (*)(int, const void*, size_t)>("write")(fd, data, size);
}

extern "C" ssize_t pwrite(int fd, const void* data, size_t size, off_t offset) {
  count();
  return next<ssize_t (*)(int, const void*, size_t, off_t)>("pwrite")(fd, data, size, offset);
}

extern "C" ssize_t pwrite64(int fd, const void* data, size_t size, off64_t offset) {
  count();
  return next<ssize_t (*)(int, const void*, size_t, off64_t)>("pwrite64")(fd, data, size, offset);
}

#define FORWARD_OPEN(name)                                                          \
  extern "C" int name(int fd, const char* path, int flags, ...) {                   \
    mode_t mode = 0;                                                                \
    if ((flags & O_CREAT) != 0) {                                                   \
      va_list rest;                                                                 \
      va_start(rest, flags);                                                        \
      mode = va_arg(rest, mode_t);                                                  \
      va_end(rest);                                                                 \
    }                                                                               \
    if ((flags & (O_CREAT | O_TRUNC)) != 0) count();                                \
    return next<int (*)(int, const char*, int, ...)>(#name)(fd, path, flags, mode); \
  }

FORWARD_OPEN(openat)
FORWARD_OPEN(openat64)

// openat2 has no wrapper in the C library.
extern "C" long syscall(long number, ...) {
  va_list rest;
  va_start(rest, number);
  long a[6];
  for (long& one : a) one = va_arg(rest, long);
  va_end(rest);
#ifdef SYS_openat2
  if (number == SYS_openat2) {
    const auto* how = reinterpret_cast<const unsigned long long*>(a[2]);
    if ((how[0] & (O_CREAT | O_TRUNC)) != 0) count();
  }
#endif
  return next<long (*)(long, ...)>("syscall")(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
