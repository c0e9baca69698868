/* SPDX-License-Identifier: Apache-2.0 */

/* The entry on architectures without a start-<arch>.S: the C library's, linked statically. */

#include <stddef.h>

__attribute__((noreturn)) void init_main(const long *stack);

int main(int argc, char **argv)
{
	long stack[3] = {argc, (long)argv[0], argc > 1 ? (long)argv[1] : 0};

	init_main(stack);
}
