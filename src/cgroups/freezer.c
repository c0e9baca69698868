/* SPDX-License-Identifier: Apache-2.0 */

/* Freezing: freezer.state of v1, cgroup.freeze of v2. Bounded; a failure leaves it thawed. */

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/str.h"
#include "cgroups/knob.h"
#include "cgroups/object.h"
#include "sys/file.h"

enum { FREEZE_MS = 5000, THAW_EVERY = 40, THAWED_MS = 5 };

int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void sleep_ms(int ms)
{
	struct timespec t = {ms / 1000, (long)(ms % 1000) * 1000000};

	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		;
}

/*
 * v1: a process that forks while the others are being frozen can leave the state at FREEZING for
 * ever; writing FROZEN again catches the new ones, and letting all run for a moment lets those
 * get on that wait for each other (freezer-subsystem.rst: "retry or thaw").
 */
static int freeze_v1(int dir)
{
	int64_t end = now_ms() + FREEZE_MS;

	for (int tries = 1; now_ms() < end; tries++) {
		char state[32];
		int r;

		if (tries % THAW_EVERY == 0) {
			(void)knob_write(dir, "freezer.state", "THAWED");
			sleep_ms(THAWED_MS);
		}
		r = knob_write(dir, "freezer.state", "FROZEN");
		if (r == 0)
			r = knob_read(dir, "freezer.state", state, sizeof state);
		if (r < 0)
			return r;
		if (str_eq(state, "FROZEN"))
			return 0;
		if (tries > 4)
			sleep_ms(1);
	}
	return -ETIMEDOUT;
}

/* "populated 1\nfrozen 0\n": the number behind key, -1 when there is none. */
static int event(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? at[strlen(key)] - '0' : -1;
}

/* v2: the kernel freezes forks too; the end of it is an event on the file. */
static int freeze_v2(int dir)
{
	int64_t end = now_ms() + FREEZE_MS;
	AUTO_CLOSE int fd = knob_open(dir, "cgroup.events", O_RDONLY);
	int r;

	if (fd < 0)
		return fd;
	r = knob_write(dir, "cgroup.freeze", "1");
	while (r == 0) {
		struct pollfd wait = {.fd = fd, .events = POLLPRI};
		int64_t left = end - now_ms();
		char text[128];
		ssize_t n = pread(fd, text, sizeof text - 1, 0);

		if (n < 0)
			return -errno;
		text[n] = '\0';
		if (event(text, "frozen ") == 1)
			return 0;
		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(&wait, 1, (int)left) < 0 && errno != EINTR)
			return -errno;
	}
	return r;
}

static int thaw(const struct place *place, int dir)
{
	if (place->v2)
		return knob_write(dir, "cgroup.freeze", "0");
	return knob_write(dir, "freezer.state", "THAWED");
}

int freezer_set(const struct place *place, bool freeze, struct err *err)
{
	AUTO_CLOSE int dir = sys_openat(AT_FDCWD, place->dir, O_PATH | O_DIRECTORY, 0);
	int r = dir;

	if (dir >= 0 && !freeze)
		r = thaw(place, dir);
	else if (dir >= 0)
		r = place->v2 ? freeze_v2(dir) : freeze_v1(dir);
	if (r == -ETIMEDOUT && freeze)
		err_text(err, ETIMEDOUT, "unable to freeze %s within %d s", place->dir,
			 FREEZE_MS / 1000);
	else if (r < 0)
		err_set(err, -r, "%s %s", freeze ? "freeze" : "thaw", place->dir);
	if (r < 0 && freeze && dir >= 0)
		(void)thaw(place, dir); /* the first failure is the one to tell */
	return r < 0 ? r : 0;
}

int freezer_get(const struct place *place, bool ancestors)
{
	AUTO_CLOSE int dir = sys_openat(AT_FDCWD, place->dir, O_PATH | O_DIRECTORY, 0);
	const char *file;
	char text[128];
	int r;

	if (dir < 0)
		return dir;
	if (place->v2)
		file = ancestors ? "cgroup.events" : "cgroup.freeze";
	else
		file = ancestors ? "freezer.state" : "freezer.self_freezing";
	r = knob_read(dir, file, text, sizeof text);
	if (r < 0)
		return r;
	if (!ancestors)
		return text[0] == '1';
	return place->v2 ? event(text, "frozen ") == 1 : !str_eq(text, "THAWED");
}
