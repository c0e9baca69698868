/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Ownership of descriptors and memory, visible at the declaration. */

#include <stdlib.h>
#include <unistd.h>

static inline void fd_closep(int *fd)
{
	if (*fd >= 0)
		close(*fd); /* the result says nothing that could still be acted on */
}

static inline void fd_freep(void *p)
{
	free(*(void **)p);
}

/* AUTO_CLOSE int fd = -1;   closed when the variable goes out of scope */
#define AUTO_CLOSE __attribute__((cleanup(fd_closep)))
/* AUTO_FREE char *s = NULL;   freed when the variable goes out of scope */
#define AUTO_FREE __attribute__((cleanup(fd_freep)))

/* Gives the descriptor away: the variable no longer owns it. */
static inline int fd_take(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

/* Closes now and forgets. */
static inline void fd_close(int *fd)
{
	fd_closep(fd);
	*fd = -1;
}
