/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A raw kernel call: sys_call(SYS_close, fd) returns what the kernel returned, a negative errno on
 * failure. errno is not touched, so this works without a C library (hull-init) and in a child that
 * shares its parent's memory (container/launch.c).
 */

#include <sys/syscall.h>

#if defined(__x86_64__)

static inline long sys_call6(long n, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long r;

	__asm__ volatile("syscall"
			 : "=a"(r)
			 : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return r;
}

#elif defined(__aarch64__)

static inline long sys_call6(long n, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = n;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}

#else

/* Elsewhere hull-init is linked with the C library statically. */
#include <errno.h>
#include <unistd.h>

static inline long sys_call6(long n, long a, long b, long c, long d, long e, long f)
{
	long r = syscall(n, a, b, c, d, e, f);

	return r == -1 ? -errno : r;
}

#endif

#define SYS_CALL_PICK(_1, _2, _3, _4, _5, _6, _7, name, ...) name
#define SYS_CALL_0(n) sys_call6(n, 0, 0, 0, 0, 0, 0)
#define SYS_CALL_1(n, a) sys_call6(n, (long)(a), 0, 0, 0, 0, 0)
#define SYS_CALL_2(n, a, b) sys_call6(n, (long)(a), (long)(b), 0, 0, 0, 0)
#define SYS_CALL_3(n, a, b, c) sys_call6(n, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define SYS_CALL_4(n, a, b, c, d) sys_call6(n, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define SYS_CALL_5(n, a, b, c, d, e)                                                               \
	sys_call6(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)
#define SYS_CALL_6(n, a, b, c, d, e, f)                                                            \
	sys_call6(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define sys_call(...)                                                                              \
	SYS_CALL_PICK(__VA_ARGS__, SYS_CALL_6, SYS_CALL_5, SYS_CALL_4, SYS_CALL_3, SYS_CALL_2,     \
		      SYS_CALL_1, SYS_CALL_0, )                                                    \
	(__VA_ARGS__)
