#pragma once

// What Linux has and Swift's Glibc module lacks. Not `#define _GNU_SOURCE`: the Glibc module is built without it, and
// two views of one struct do not fit together. The few functions that hide behind it are declared here instead.

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/pidfd.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/prctl.h>
#include <sys/file.h>
#include <sys/un.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <arpa/inet.h>
#include <pthread.h>
#include <spawn.h>
#include <unistd.h>
#include <fcntl.h>

extern int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags);
extern int pipe2(int ends[2], int flags);
extern int pthread_setname_np(pthread_t thread, const char *name);
extern int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *actions, const char *path);
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);

static inline int clinux_accept(int fd, struct sockaddr_storage *peer) {
    socklen_t length = sizeof *peer;
    return accept4(fd, (struct sockaddr *)peer, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

// Waits for so many nanoseconds; -1 is for ever. A kernel before 5.11, or a sandbox, may know milliseconds only.
static inline int clinux_epoll_wait(int epoll, struct epoll_event *events, int capacity, long long nanoseconds) {
    if (nanoseconds <= 0) return epoll_wait(epoll, events, capacity, nanoseconds < 0 ? -1 : 0);
    struct timespec limit = {nanoseconds / 1000000000, nanoseconds % 1000000000};
    int count = epoll_pwait2(epoll, events, capacity, &limit, 0);
    if (count >= 0 || errno != ENOSYS) return count;
    long long milliseconds = (nanoseconds + 999999) / 1000000;
    return epoll_wait(epoll, events, capacity, milliseconds > 1000000 ? 1000000 : (int)milliseconds);
}

static inline int clinux_stream_socket(int family) {
    return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

// prctl is variadic, which Swift does not import.
static inline int clinux_set_dumpable(int allowed) {
    return prctl(PR_SET_DUMPABLE, allowed ? 1UL : 0UL, 0UL, 0UL, 0UL);
}

// CRC-32C by the processor's own instruction. Swift has no intrinsics, and a target attribute keeps the rest of the program
// runnable on processors without it.
#if defined(__x86_64__)
static inline int clinux_has_crc32c(void) {
    return __builtin_cpu_supports("sse4.2");
}

__attribute__((target("sse4.2"))) static inline unsigned int
clinux_crc32c(unsigned int state, const unsigned char *bytes, unsigned long count) {
    unsigned long long wide = state;
    for (; count >= 8; bytes += 8, count -= 8) {
        unsigned long long word;
        __builtin_memcpy(&word, bytes, 8);
        wide = __builtin_ia32_crc32di(wide, word);
    }
    state = (unsigned int)wide;
    for (; count > 0; bytes++, count--) state = __builtin_ia32_crc32qi(state, *bytes);
    return state;
}
#else
static inline int clinux_has_crc32c(void) {
    return 0;
}

static inline unsigned int clinux_crc32c(unsigned int state, const unsigned char *bytes, unsigned long count) {
    (void)bytes;
    (void)count;
    return state;
}
#endif
