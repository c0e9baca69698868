/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "libocispec/ocispec.h"
#include "namespaces/kind.h"
#include "namespaces/namespaces.h"
#include "namespaces/privilege.h"
#include "namespaces/sysctl.h"
#include "plan/build.h"

int namespace_open(const char *path, uint64_t flag, struct err *err)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int type;

	if (fd < 0)
		return err_set(err, errno, "open %s", path);
	type = ioctl(fd, NS_GET_NSTYPE);
	if (type < 0)
		return err_text(err, EINVAL, "%s is not a namespace", path);
	if ((uint64_t)type != flag)
		return err_text(err, EINVAL, "%s is a %s namespace, not a %s namespace", path,
				namespaces_name((uint64_t)type) ? namespaces_name((uint64_t)type)
								: "different",
				namespaces_name(flag));
	return fd_take(&fd);
}

static int join(const struct request *request, uint64_t flag, struct plan *plan, struct err *err)
{
	const struct oci_namespace *entry = namespace_entry(request->config->linux_, flag);
	int fd = -1;

	if (!entry || !(request->ns_joined & flag))
		return 0;
	if (!request->dry) {
		fd = namespace_open(entry->path, flag, err);
		if (fd < 0)
			return err_at(err, "linux.namespaces (%s)", namespaces_name(flag));
	}
	plan_origin(plan, "linux.namespaces (%s, %s)", namespaces_name(flag), entry->path);
	plan_join(plan, plan_adopt_fd(plan, namespaces_name(flag), fd), flag);
	return 0;
}

static int join_all_but_user(const struct request *request, struct plan *plan, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < NAMESPACE_KINDS; i++)
		if (namespace_flags[i] != CLONE_NEWUSER)
			r = join(request, namespace_flags[i], plan, err);
	return r;
}

static int join_user(const struct request *request, struct plan *plan, struct err *err)
{
	int r = join(request, CLONE_NEWUSER, plan, err);

	/* Who enters a user namespace has all capabilities there, but still its old ids, which may
	 * not even be mapped: files that we make would belong to nobody. */
	if (r == 0)
		plan_become_root(plan);
	return r;
}

static void make_user(struct plan *plan)
{
	plan_origin(plan, "linux.namespaces (user)");
	plan_unshare(plan, CLONE_NEWUSER);
	plan_barrier(plan, MESSAGE_ID_MAPS, PLAN_NO_SLOT, 0);
	plan_become_root(plan);
}

static void add_offset(char *text, size_t room, const char *clock,
		       const struct oci_time_offset *offset)
{
	size_t used = strlen(text);

	if (offset)
		snprintf(text + used, room - used, "%s %lld %u\n", clock, (long long)offset->secs,
			 offset->nanosecs);
}

/* The offsets can be written until the first process is in the namespace, and that is whoever we
 * exec or fork (time_namespaces(7)). */
static void make_time(const struct request *request, struct plan *plan)
{
	const struct oci_time_offsets *offsets = request->config->linux_->time_offsets;
	char text[128] = "";
	int procfs;

	plan_origin(plan, "linux.namespaces (time)");
	plan_unshare(plan, CLONE_NEWTIME);
	if (!offsets)
		return;
	add_offset(text, sizeof text, "monotonic", offsets->monotonic);
	add_offset(text, sizeof text, "boottime", offsets->boottime);
	if (!text[0])
		return;
	plan_origin(plan, "linux.timeOffsets");
	procfs = plan_slot(plan, "procfs");
	plan_procfs(plan, false, procfs);
	plan_proc_write(plan, procfs, "self/timens_offsets", text);
	plan_close(plan, procfs);
}

/*
 * setns(2) wants CAP_SYS_ADMIN both in the user namespace that owns the target and in the one that
 * we are in. With the capability here and now we have it over everything below, so the others come
 * first and the user namespace last: it may own none of them. Without it we get it only by
 * entering the user namespace, so that comes first, and can lead only to what it owns.
 */
static bool joins_user_last(const struct request *request)
{
	return request->dry || privilege_has(CAP_SYS_ADMIN);
}

/* hull-init was started by an id that is not mapped in a user namespace that it enters later, and
 * /proc/self/timens_offsets goes on belonging to that id. */
static bool time_comes_first(const struct request *request)
{
	if (!(request->ns_new & CLONE_NEWTIME))
		return false;
	if (request->ns_joined & CLONE_NEWUSER)
		return joins_user_last(request);
	return namespaces_late(request) & CLONE_NEWUSER;
}

static int plan_joins(const struct request *request, struct plan *plan, struct err *err)
{
	bool user = request->ns_joined & CLONE_NEWUSER;
	bool user_last = joins_user_last(request);
	int r = 0;

	if (user && !user_last)
		r = join_user(request, plan, err);
	if (r == 0)
		r = join_all_but_user(request, plan, err);
	if (r == 0 && time_comes_first(request))
		make_time(request, plan);
	if (r == 0 && user && user_last)
		r = join_user(request, plan, err);
	if (r == 0 && (namespaces_late(request) & CLONE_NEWUSER))
		make_user(plan);
	return r;
}

/* Before Linux 6.1 exec did not enter the new time namespace, only fork did. */
static bool time_needs_fork(const struct request *request)
{
	struct utsname name;
	unsigned major, minor;

	return !request->dry && uname(&name) == 0 &&
	       sscanf(name.release, "%u.%u", &major, &minor) == 2 &&
	       (major < 6 || (major == 6 && minor < 1));
}

uint64_t namespaces_late(const struct request *request)
{
	uint64_t late =
		request->ns_new & ~namespaces_at_birth(request) & (CLONE_NEWUSER | CLONE_NEWPID);

	if ((request->ns_joined & CLONE_NEWPID) ||
	    ((request->ns_new & CLONE_NEWTIME) && time_needs_fork(request)))
		late |= CLONE_NEWPID;
	return late;
}

static void plan_fork(const struct request *request, struct plan *plan)
{
	if (!(namespaces_late(request) & CLONE_NEWPID))
		return;
	plan_origin(plan, "linux.namespaces (pid)");
	plan_sibling(plan, request->ns_new & ~namespaces_at_birth(request) & CLONE_NEWPID);
	/* The sibling leads no session: without one it could not own a terminal. */
	plan_new_session(plan);
}

int namespaces_plan(struct request *request, struct plan *plan, struct err *err)
{
	uint64_t made =
		request->ns_new & (CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS);
	int r = plan_joins(request, plan, err);

	if (r < 0)
		return r;
	if (made) {
		plan_origin(plan, "linux.namespaces");
		plan_unshare(plan, made);
	}
	if ((request->ns_new & CLONE_NEWTIME) && !time_comes_first(request))
		make_time(request, plan);
	plan_fork(request, plan);
	if (made & CLONE_NEWNET) {
		plan_origin(plan, "linux.namespaces (network)");
		plan_loopback_up(plan);
	}
	return 0;
}

void namespaces_plan_cgroup(struct request *request, struct plan *plan)
{
	if (!(request->ns_new & CLONE_NEWCGROUP))
		return;
	plan_origin(plan, "linux.namespaces (cgroup)");
	plan_unshare(plan, CLONE_NEWCGROUP);
}

int namespaces_plan_names(struct request *request, struct plan *plan, struct err *err)
{
	const struct oci_config *config = request->config;
	const struct oci_linux *linux_config = config->linux_;
	int procfs;

	if (config->hostname && config->hostname[0]) {
		plan_origin(plan, "hostname (%s)", config->hostname);
		plan_hostname(plan, config->hostname);
	}
	if (config->domainname && config->domainname[0]) {
		plan_origin(plan, "domainname (%s)", config->domainname);
		plan_domainname(plan, config->domainname);
	}
	if (!linux_config || !linux_config->n_sysctl)
		return 0;
	procfs = plan_slot(plan, "procfs for sysctl");
	plan_origin(plan, "linux.sysctl");
	plan_procfs(plan, true, procfs);
	for (size_t i = 0; i < linux_config->n_sysctl; i++) {
		const struct oci_pair *pair = &linux_config->sysctl[i];
		char path[SYSCTL_PATH_MAX];

		if (sysctl_path(pair->key, path) < 0)
			return err_text(err, EINVAL, "linux.sysctl: \"%s\" is not a sysctl",
					pair->key);
		plan_origin(plan, "linux.sysctl (%s)", pair->key);
		plan_proc_write(plan, procfs, path, pair->value);
	}
	plan_close(plan, procfs);
	return 0;
}
