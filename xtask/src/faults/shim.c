// Makes one file operation fail: loaded into a process by LD_PRELOAD, it counts the operations that
// change files below FAULT_FOLDER, gives the one with the number FAULT_AT (and, with FAULT_STAYS, all
// after it) the error FAULT_ERRNO, and appends to FAULT_REPORT which one that was and, at the end, how
// many there were.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_long count;
static const char *folder, *report;
static long at;
static int error_number, stays;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static void say(const char *text) {
    int fd = REAL(open)(report, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) return;
    ssize_t written = REAL(write)(fd, text, strlen(text));
    (void)written;
    close(fd);
}

static long number(const char *name) {
    const char *value = getenv(name);
    return value ? atol(value) : 0;
}

__attribute__((constructor)) static void begin(void) {
    report = getenv("FAULT_REPORT");
    at = number("FAULT_AT");
    error_number = (int)number("FAULT_ERRNO");
    stays = number("FAULT_STAYS") != 0;
    folder = getenv("FAULT_FOLDER");
}

__attribute__((destructor)) static void end(void) {
    char text[64];
    if (!folder) return;
    snprintf(text, sizeof text, "count %ld\n", atomic_load(&count));
    say(text);
}

// Returns whether an operation on a path is to fail, and counts it if the path is in the folder.
static int fails(const char *operation, const char *path) {
    char text[PATH_MAX + 64];
    if (!folder || !path) return 0;
    size_t length = strlen(folder);
    if (strncmp(path, folder, length) != 0 || (path[length] != '/' && path[length] != 0)) return 0;
    long n = atomic_fetch_add(&count, 1) + 1;
    if (at == 0 || n < at || (n > at && !stays)) return 0;
    if (n == at) {
        snprintf(text, sizeof text, "failed %s %s\n", operation, path + length);
        say(text);
    }
    errno = error_number;
    return 1;
}

static int fails_of(const char *operation, int fd) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return fails(operation, path);
}

static int fails_at(const char *operation, int folder_fd, const char *path) {
    char link[64], start[PATH_MAX], whole[2 * PATH_MAX];
    if (!path || path[0] == '/') return fails(operation, path);
    snprintf(link, sizeof link, "/proc/self/fd/%d", folder_fd);
    ssize_t length = readlink(folder_fd == AT_FDCWD ? "/proc/self/cwd" : link, start, sizeof start - 1);
    if (length < 0) return 0;
    start[length] = 0;
    snprintf(whole, sizeof whole, "%s/%s", start, path);
    return fails(operation, whole);
}

#define MODE(flags) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | O_TMPFILE)) { \
        va_list more; \
        va_start(more, flags); \
        mode = va_arg(more, mode_t); \
        va_end(more); \
    }

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        MODE(flags) \
        return fails_at("open", AT_FDCWD, path) ? -1 : REAL(name)(path, flags, mode); \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name) \
    int name(int fd, const char *path, int flags, ...) { \
        MODE(flags) \
        return fails_at("open", fd, path) ? -1 : REAL(name)(fd, path, flags, mode); \
    }
OPENAT(openat)
OPENAT(openat64)

// Operations on a file that is open.
#define ON_FD(type, name, operation, parameters, ...) \
    type name parameters { return fails_of(operation, fd) ? -1 : REAL(name)(__VA_ARGS__); }
ON_FD(ssize_t, write, "write", (int fd, const void *data, size_t size), fd, data, size)
ON_FD(ssize_t, writev, "write", (int fd, const struct iovec *data, int n), fd, data, n)
ON_FD(ssize_t, pwrite, "write", (int fd, const void *data, size_t size, off_t to), fd, data, size, to)
ON_FD(ssize_t, pwrite64, "write", (int fd, const void *data, size_t size, off64_t to), fd, data, size, to)
ON_FD(int, fsync, "sync", (int fd), fd)
ON_FD(int, fdatasync, "sync", (int fd), fd)
ON_FD(int, ftruncate, "truncate", (int fd, off_t size), fd, size)
ON_FD(int, ftruncate64, "truncate", (int fd, off64_t size), fd, size)

// Operations on a name.
#define ON_PATH(name, operation, folder_fd, parameters, ...) \
    int name parameters { return fails_at(operation, folder_fd, path) ? -1 : REAL(name)(__VA_ARGS__); }
ON_PATH(unlink, "unlink", AT_FDCWD, (const char *path), path)
ON_PATH(unlinkat, "unlink", fd, (int fd, const char *path, int flags), fd, path, flags)
ON_PATH(mkdir, "mkdir", AT_FDCWD, (const char *path, mode_t mode), path, mode)
ON_PATH(mkdirat, "mkdir", fd, (int fd, const char *path, mode_t mode), fd, path, mode)
ON_PATH(rename, "rename", AT_FDCWD, (const char *path, const char *to), path, to)
ON_PATH(renameat, "rename", fd, (int fd, const char *path, int to_fd, const char *to), fd, path, to_fd, to)
ON_PATH(renameat2, "rename", fd, (int fd, const char *path, int to_fd, const char *to, unsigned flags), fd, path, to_fd, to, flags)
ON_PATH(link, "link", AT_FDCWD, (const char *path, const char *to), path, to)
ON_PATH(linkat, "link", fd, (int fd, const char *path, int to_fd, const char *to, int flags), fd, path, to_fd, to, flags)
