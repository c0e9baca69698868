/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The payload of the bench bundle: /bin/true does nothing, so that a measurement holds the
 * runtime's time and not the payload's (a busybox needs longer to find out what it is called than a
 * kernel needs to start it). Called as "wait" it waits for a signal.
 */

#include "sys/call.h"
#include "sys/text.h"

__attribute__((noreturn)) static void leave(void)
{
	for (;;)
		sys_call(SYS_exit_group, 0);
}

static void nothing(const char *name)
{
	const char *slash;

	while ((slash = text_find(name, '/')))
		name = slash + 1;
	/* the first process of a PID namespace gets only signals that it handles, and SIGKILL */
	while (text_equal(name, "wait"))
		sys_call(SYS_ppoll, 0, 0, 0, 0, 0);
}

#if defined(__x86_64__)

__attribute__((used, noreturn)) static void nothing_start(const long *stack)
{
	nothing((const char *)stack[1]);
	leave();
}

__asm__(".globl _start\n"
	"_start:\n"
	"	mov %rsp, %rdi\n"
	"	and $-16, %rsp\n"
	"	call nothing_start\n");

#else

int main(int argc, char **argv)
{
	nothing(argc > 0 ? argv[0] : "");
	leave();
}

#endif
