/* SPDX-License-Identifier: Apache-2.0 */

/* The processes of the container's cgroups, and the end of these. */

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/str.h"
#include "cgroups/knob.h"
#include "cgroups/object.h"
#include "cgroups/systemd.h"
#include "cgroups/tree.h"
#include "libocispec/arena.h"
#include "sys/file.h"

enum { EMPTY_MS = 10000, PAUSE_MAX_MS = 20 };

int cgroups_freeze(const struct cgroups *cgroups, bool freeze, struct err *err)
{
	const struct place *p = place_of(cgroups, CONTROLLER_FREEZER);

	if (!p)
		return err_text(err, EOPNOTSUPP,
				"the container has no cgroup of the freezer controller");
	return freezer_set(p, freeze, err);
}

int cgroups_frozen(const struct cgroups *cgroups)
{
	const struct place *p = place_of(cgroups, CONTROLLER_FREEZER);
	int r = p ? freezer_get(p, false) : 0;

	return r == -ENOENT || r == -ENODEV ? 0 : r;
}

static int compare(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

/* A process that left some hierarchy (v1) is still one of the container's by the others. */
static int all_pids(const struct cgroups *cgroups, struct tree_pids *pids, struct err *err)
{
	size_t kept = 0;

	for (size_t i = 0; i < cgroups->n_places; i++) {
		int r = !cgroups->place[i].ours ? 0 : tree_pids(cgroups->place[i].dir, pids);

		if (r < 0)
			return err_set(err, -r, "processes of %s", cgroups->place[i].dir);
	}
	if (!pids->n)
		return 0;
	qsort(pids->pid, pids->n, sizeof *pids->pid, compare);
	for (size_t i = 0; i < pids->n; i++)
		if (!kept || pids->pid[kept - 1] != pids->pid[i])
			pids->pid[kept++] = pids->pid[i];
	pids->n = kept;
	return 0;
}

int cgroups_pids(struct arena *arena, const struct cgroups *cgroups, pid_t **ret, size_t *ret_n,
		 struct err *err)
{
	struct tree_pids pids = {.arena = arena};
	int r = all_pids(cgroups, &pids, err);

	if (r < 0)
		return r;
	*ret = pids.pid;
	*ret_n = pids.n;
	return 0;
}

/* Linux 5.14: the kernel kills all, those below and those just being forked too. */
static int kill_v2(const struct cgroups *cgroups)
{
	AUTO_CLOSE int dir = -1;

	if (!cgroups->unified || !cgroups->n_places || !cgroups->place[0].ours)
		return -ENOENT;
	dir = sys_openat(AT_FDCWD, cgroups->place[0].dir, O_PATH | O_DIRECTORY, 0);
	return dir < 0 ? dir : knob_write(dir, "cgroup.kill", "1");
}

static int signal_all(const struct cgroups *cgroups, int signal, size_t *ret_n, struct err *err)
{
	/* Lists of a few processes; an arena of its own, since this is called in a loop. */
	ARENA_AUTO struct arena arena = ARENA_INIT;
	struct tree_pids pids = {.arena = &arena};
	int r = all_pids(cgroups, &pids, err);

	for (size_t i = 0; i < pids.n && r == 0; i++)
		if (kill(pids.pid[i], signal) < 0 && errno != ESRCH)
			r = err_set(err, errno, "kill %d", (int)pids.pid[i]);
	*ret_n = pids.n;
	return r;
}

/*
 * Frozen processes cannot fork away from under the list, nor end and leave their number to
 * somebody else. One that cannot be frozen (it is stuck in the kernel) must not save the others.
 */
int cgroups_kill(const struct cgroups *cgroups, int signal, struct err *err)
{
	const struct place *freezer = place_of(cgroups, CONTROLLER_FREEZER);
	bool paused = freezer && freezer_get(freezer, false) == 1;
	struct err thaw;
	size_t n;
	int r;

	if (signal == SIGKILL) {
		r = kill_v2(cgroups);
		if (r == 0)
			return 0;
	}
	if (freezer && !freezer->ours)
		freezer = NULL;
	if (freezer && !paused)
		(void)freezer_set(freezer, true, &thaw);
	r = signal_all(cgroups, signal, &n, err);
	/* v1 delivers a SIGKILL only when thawed; a paused container stays so for others */
	if (freezer && (!paused || signal == SIGKILL)) {
		int thawed = freezer_set(freezer, false, &thaw);

		if (thawed < 0 && thawed != -ENOENT && thawed != -ENODEV && r == 0)
			return err_text(err, -thawed, "kill all: %s", thaw.text);
	}
	return r;
}

/* Kills until nobody is left. */
static int empty(const struct cgroups *cgroups, struct err *err)
{
	int64_t end = now_ms() + EMPTY_MS;
	int pause = 1, r;
	size_t n = 0;

	r = cgroups_kill(cgroups, SIGKILL, err);
	while (r == 0) {
		r = signal_all(cgroups, SIGKILL, &n, err);
		if (r < 0 || n == 0)
			return r;
		if (now_ms() > end)
			return err_text(err, EBUSY,
					"%zu process(es) in the container's cgroup do not die "
					"within %d s",
					n, EMPTY_MS / 1000);
		sleep_ms(pause);
		pause = pause < PAUSE_MAX_MS ? pause * 2 : PAUSE_MAX_MS;
	}
	return r;
}

static int remove_all(const struct cgroups *cgroups, const struct place **ret_busy)
{
	int r = 0;

	*ret_busy = NULL;
	for (size_t i = cgroups->n_places; i > 0; i--) {
		const struct place *p = &cgroups->place[i - 1];
		int one = !p->ours ? 0 : tree_remove(p->dir);

		if (one < 0 && (r == 0 || r == -EBUSY)) {
			r = one;
			*ret_busy = p;
		}
	}
	return r;
}

/*
 * A unit whose cgroup is not there has been collected, or is another unit of that name in another
 * slice. The processes are killed before, since systemd would be patient with them.
 */
static void stop_unit(const struct cgroups *cgroups)
{
	struct err ignored;
	const struct place *p = NULL;

	for (size_t i = 0; i < cgroups->n_places && !p; i++)
		if (cgroups->place[i].v2 || str_eq(cgroups->place[i].name, "name=systemd"))
			p = &cgroups->place[i];
	/* Without systemd the directories can still be removed: that is what counts. */
	if (p && p->ours && access(p->dir, F_OK) == 0)
		(void)systemd_stop(cgroups->systemd, &ignored);
}

int cgroups_destroy(const struct cgroups *cgroups, struct err *err)
{
	const struct place *busy = NULL;
	int pause = 1, r = cgroups->systemd ? -EBUSY : remove_all(cgroups, &busy);
	int64_t end;

	/* The usual case is over: nobody was left. */
	if (r == -EBUSY) {
		int killed = empty(cgroups, err);

		if (killed < 0)
			return killed;
		if (cgroups->systemd)
			stop_unit(cgroups);
		r = remove_all(cgroups, &busy);
	}
	/* The kernel lets go of a dead process a moment after it is out of the list. */
	end = now_ms() + EMPTY_MS;
	while (r == -EBUSY && now_ms() < end) {
		size_t n;

		(void)signal_all(cgroups, SIGKILL, &n, err); /* what was forked meanwhile */
		sleep_ms(pause);
		pause = pause < PAUSE_MAX_MS ? pause * 2 : PAUSE_MAX_MS;
		r = remove_all(cgroups, &busy);
	}
	if (r == -EINVAL)
		return err_text(err, EINVAL, "%s is not below a cgroup mount", busy->dir);
	return r < 0 ? err_set(err, -r, "rmdir %s", busy->dir) : 0;
}
