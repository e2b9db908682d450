/* Loaded into the wrapped program (LD_PRELOAD): a TCP socket that it binds to the port of the proxy gets a port on the
 * loopback address instead, where the proxy finds it. Everything else is bound as asked.
 *
 * Nothing is linked to: the symbols are those of the C library that the program brings, whichever that is. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Older C libraries have it in a library of its own, which the program need not have. */
#pragma weak dlsym

static int bind_as_asked(int fd, const struct sockaddr *address, socklen_t length)
{
    int (*next)(int, const struct sockaddr *, socklen_t) = 0;
    if (dlsym)
        next = (int (*)(int, const struct sockaddr *, socklen_t))dlsym(RTLD_NEXT, "bind");
    return next ? next(fd, address, length) : (int)syscall(SYS_bind, fd, address, length);
}

/* In network order; 0 if there is none. */
static in_port_t port(const char *name)
{
    const char *text = getenv(name);
    return text ? htons((unsigned short)atoi(text)) : 0;
}

static int is_tcp(int fd)
{
    int type = 0;
    socklen_t length = sizeof type;
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0 && type == SOCK_STREAM;
}

/* The program itself, not what it starts in turn, ends with a proxy that could not end it. */
__attribute__((constructor)) static void end_with_proxy(void)
{
    const char *proxy = getenv("WSSURE_REBIND_PROXY");
    if (proxy && getppid() == (pid_t)atol(proxy))
        prctl(PR_SET_PDEATHSIG, SIGTERM);
}

__attribute__((visibility("default"))) int bind(int fd, const struct sockaddr *address, socklen_t length)
{
    in_port_t from = port("WSSURE_REBIND_FROM"), to = port("WSSURE_REBIND_TO");
    if (address && from && to && is_tcp(fd)) {
        struct sockaddr_in four;
        struct sockaddr_in6 six;
        if (address->sa_family == AF_INET && length >= sizeof four) {
            memcpy(&four, address, sizeof four);
            if (four.sin_port == from) {
                four.sin_port = to;
                four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
                return bind_as_asked(fd, (const struct sockaddr *)&four, sizeof four);
            }
        } else if (address->sa_family == AF_INET6 && length >= sizeof six) {
            memcpy(&six, address, sizeof six);
            if (six.sin6_port == from) {
                memset(&six, 0, sizeof six);
                six.sin6_family = AF_INET6;
                six.sin6_port = to;
                six.sin6_addr.s6_addr[15] = 1;
                return bind_as_asked(fd, (const struct sockaddr *)&six, sizeof six);
            }
        }
    }
    return bind_as_asked(fd, address, length);
}
