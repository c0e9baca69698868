/* SPDX-License-Identifier: Apache-2.0 */

/* exec: one more process in a running container. */

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/io.h"
#include "base/number.h"
#include "base/str.h"
#include "container/container.h"
#include "container/descriptors.h"
#include "container/foreground.h"
#include "container/session.h"
#include "libocispec/ocispec.h"
#include "lsm/lsm.h"
#include "namespaces/namespaces.h"
#include "plan/build.h"
#include "plan/compile.h"
#include "process/process.h"
#include "rdt/rdt.h"
#include "sys/message.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

/* One exec on its way. */
struct joining {
	const struct hull *hull;
	const struct hull_exec *options;
	struct container container;
	struct bundle
		bundle; /* the container's config; text is the process file's with --process */
	const struct oci_process *process;
	struct compile_join join;
	struct session session;
	struct plan *plan;
};

/* Namespaces in which the container's init differs from us: only those are joined. */
static int find_namespaces(struct joining *j, struct err *err)
{
	static const uint64_t all[] = {CLONE_NEWUSER, CLONE_NEWNS,  CLONE_NEWPID,    CLONE_NEWNET,
				       CLONE_NEWIPC,  CLONE_NEWUTS, CLONE_NEWCGROUP, CLONE_NEWTIME};
	char path[64];

	for (size_t i = 0; i < COUNT_OF(all); i++) {
		struct stat own, theirs;
		const char *file = namespaces_file(all[i]);

		snprintf(path, sizeof path, "/proc/self/ns/%s", file);
		if (stat(path, &own) < 0 && errno == ENOENT)
			continue; /* the kernel has no such namespaces */
		snprintf(path, sizeof path, "/proc/%lld/ns/%s", (long long)j->container.record.pid,
			 file);
		if (stat(path, &theirs) < 0)
			return err_set(err, errno, "look at the container's %s namespace",
				       namespaces_name(all[i]));
		if (own.st_ino != theirs.st_ino || own.st_dev != theirs.st_dev)
			j->join.ns |= all[i];
	}
	j->join.userns = (j->join.ns & CLONE_NEWUSER) != 0;
	return 0;
}

/* UID[:GID], numbers only: a name would be looked up in a file of the image (CVE-2016-3697). */
static int read_user(struct arena *arena, const char *text, struct oci_user *user, struct err *err)
{
	const char *colon = strchr(text, ':');
	const char *uid = colon ? arena_strndup(arena, text, (size_t)(colon - text)) : text;

	if (!uid || number_id(uid, &user->uid) < 0)
		return err_text(err, EINVAL, "--user %s: \"%s\" is not a user id (0 to 4294967294)",
				text, uid ? uid : "");
	if (colon && number_id(colon + 1, &user->gid) < 0)
		return err_text(err, EINVAL,
				"--user %s: \"%s\" is not a group id (0 to 4294967294)", text,
				colon + 1);
	user->has_uid = true;
	user->has_gid = user->has_gid || colon;
	return 0;
}

static int read_gids(struct arena *arena, const char *const *texts, struct oci_user *user,
		     struct err *err)
{
	size_t n = 0;
	uint32_t *gids;

	while (texts[n])
		n++;
	gids = arena_array(arena, n + user->n_additional_gids, sizeof *gids);
	if (!gids)
		return err_set(err, ENOMEM, "--additional-gids");
	for (size_t i = 0; i < user->n_additional_gids; i++)
		gids[i] = user->additional_gids[i];
	for (size_t i = 0; i < n; i++)
		if (number_id(texts[i], &gids[user->n_additional_gids + i]) < 0)
			return err_text(err, EINVAL,
					"--additional-gids %s: not a group id (0 to 4294967294)",
					texts[i]);
	user->additional_gids = gids;
	user->n_additional_gids += n;
	return 0;
}

/* a, then b: string lists end with NULL. */
static const char **join_lists(struct arena *arena, const char *const *a, size_t n,
			       const char *const *b, size_t *ret_n)
{
	const char **all;
	size_t more = 0;

	while (b && b[more])
		more++;
	all = arena_array(arena, n + more + 1, sizeof *all);
	if (!all)
		return NULL;
	for (size_t i = 0; i < n; i++)
		all[i] = a[i];
	for (size_t i = 0; i < more; i++)
		all[n + i] = b[i];
	*ret_n = n + more;
	return all;
}

/* --cap adds to bounding, effective and permitted; to ambient only when the config has an
 * inheritable set, as runc does. */
static int add_caps(struct arena *arena, const char *const *caps, struct oci_process *process,
		    struct err *err)
{
	struct oci_capabilities *sets = arena_alloc(arena, sizeof *sets);

	if (!sets)
		return err_set(err, ENOMEM, "--cap");
	for (size_t i = 0; caps[i]; i++)
		if (capability_number(caps[i]) < 0)
			return err_text(err, EINVAL, "--cap %s: unknown capability", caps[i]);
	if (process->capabilities)
		*sets = *process->capabilities;
	sets->bounding =
		join_lists(arena, sets->bounding, sets->n_bounding, caps, &sets->n_bounding);
	sets->effective =
		join_lists(arena, sets->effective, sets->n_effective, caps, &sets->n_effective);
	sets->permitted =
		join_lists(arena, sets->permitted, sets->n_permitted, caps, &sets->n_permitted);
	if (sets->n_inheritable)
		sets->ambient =
			join_lists(arena, sets->ambient, sets->n_ambient, caps, &sets->n_ambient);
	if (!sets->bounding || !sets->effective || !sets->permitted)
		return err_set(err, ENOMEM, "--cap");
	process->capabilities = sets;
	return 0;
}

/* The process of the config with what the options change. */
static int process_from_options(struct joining *j, struct err *err)
{
	const struct hull_exec *options = j->options;
	struct arena *arena = j->hull->arena;
	const struct oci_process *config = j->bundle.request.config->process;
	struct oci_process *process = arena_alloc(arena, sizeof *process);
	struct oci_user *user = arena_alloc(arena, sizeof *user);
	int r = 0;

	if (!process || !user)
		return err_set(err, ENOMEM, "exec");
	*process = *config;
	*user = config->user ? *config->user : (struct oci_user){0};
	process->user = user;
	process->terminal = options->tty;
	process->console_size = NULL;
	process->args = join_lists(arena, NULL, 0, options->args, &process->n_args);
	process->env = join_lists(arena, config->env, config->n_env, options->env, &process->n_env);
	if (!process->args || !process->env)
		return err_set(err, ENOMEM, "exec");
	if (options->cwd)
		process->cwd = options->cwd;
	if (options->user)
		r = read_user(arena, options->user, user, err);
	if (r == 0 && options->additional_gids)
		r = read_gids(arena, options->additional_gids, user, err);
	if (r == 0 && options->caps)
		r = add_caps(arena, options->caps, process, err);
	if (options->process_label)
		process->selinux_label = options->process_label;
	if (options->apparmor)
		process->apparmor_profile = options->apparmor;
	if (options->no_new_privs)
		process->no_new_privileges = process->has_no_new_privileges = true;
	j->process = process;
	return r;
}

/* --process FILE: a whole process object; the other options do not count. */
static int process_from_file(struct joining *j, struct oci_report *report, struct err *err)
{
	struct oci_process *process = NULL;
	const char *path = j->options->process;
	char *text;
	int r = io_read_file(j->hull->arena, AT_FDCWD, path, OCI_MAX_SIZE, &text, &j->bundle.size);

	if (r < 0)
		return err_set(err, -r, "--process %s", path);
	j->bundle.text = text;
	j->bundle.config_name = path;
	r = oci_process_read(j->hull->arena, text, j->bundle.size, report, &process);
	if (r == -ENOMEM)
		return err_set(err, ENOMEM, "--process %s", path);
	if (r < 0)
		return bundle_verdict(&j->bundle, report, err);
	if (!process->env && j->bundle.request.config->process) {
		process->env = j->bundle.request.config->process->env;
		process->n_env = j->bundle.request.config->process->n_env;
	}
	j->process = process;
	return 0;
}

static int read_process(struct joining *j, struct err *err)
{
	struct request *request = &j->bundle.request;
	struct oci_report report;
	int r;

	oci_report_init(&report, j->hull->arena);
	if (j->options->process)
		r = process_from_file(j, &report, err);
	else if (!request->config->process)
		r = err_text(err, EINVAL, "process property must not be empty");
	else
		r = process_from_options(j, err);
	if (r < 0)
		return r;
	/* Findings are placed in the text that the process came from; options have none. */
	request->text = j->options->process ? j->bundle.text : NULL;
	request->text_size = j->options->process ? j->bundle.size : 0;
	process_check(request, j->process, j->options->process ? "" : "process", &report);
	lsm_check(request, j->process, j->options->process ? "" : "process", &report);
	if (!j->process->n_args)
		return err_text(err, EINVAL, "args must not be empty");
	return bundle_verdict(&j->bundle, &report, err);
}

static int prepare(struct joining *j, struct err *err)
{
	const struct hull *hull = j->hull;
	struct container *container = &j->container;
	struct request *request = &j->bundle.request;
	int r;

	r = descriptors_check(j->options->preserve_fds, err);
	if (r == 0)
		r = container_open(hull, j->options->id, true, container, err);
	if (r < 0)
		return r;
	if (container->status != STATUS_PAUSED || !j->options->ignore_paused) {
		r = status_allow(COMMAND_EXEC, container->status, j->options->id, err);
		if (r < 0)
			return r;
	}
	*request = (struct request){.arena = hull->arena,
				    .id = j->options->id,
				    .bundle = container->record.bundle,
				    .rootfs = container->record.rootfs,
				    .preserve_fds = j->options->preserve_fds,
				    .host_root = bundle_host_root()};
	j->bundle.path = container->record.bundle;
	j->bundle.config_name = "config.json";
	r = container_config_text(hull->arena, &container->entry, &j->bundle.text, &j->bundle.size,
				  &request->config, err);
	if (r < 0)
		return r;
	if (j->options->cgroup && !container->cgroups)
		return err_text(err, EINVAL, "--cgroup %s: the container has no cgroup",
				j->options->cgroup);
	if (j->options->cgroup) {
		r = cgroups_part(hull->arena, container->cgroups, j->options->cgroup,
				 &container->cgroups, err);
		if (r < 0)
			return r;
	}
	if (container->cgroups)
		request->cgroups = cgroups_request(container->cgroups);
	r = find_namespaces(j, err);
	if (r < 0)
		return r;
	/* Checks ask which namespaces the process is going to be in. */
	request->ns_joined = j->join.ns;
	j->join.pidfd = status_pidfd(&container->record);
	if (j->join.pidfd < 0)
		return err_text(err, ESRCH, "cannot exec in a stopped container");
	return 0;
}

static int compile(struct joining *j, const struct process_seccomp *seccomp, struct err *err)
{
	struct request_slots slots;

	j->plan = plan_new(j->hull->arena);
	if (!j->plan)
		return err_set(err, ENOMEM, "build the plan");
	j->bundle.request.limits_early = j->bundle.request.cgroups &&
					 j->bundle.request.cgroups->tasks &&
					 process_apply_harmless(&j->bundle.request, j->process);
	slots = (struct request_slots){.root = plan_slot(j->plan, "root"),
				       .pty = plan_slot(j->plan, "pty"),
				       .listener = PLAN_NO_SLOT};
	return compile_exec(&j->bundle.request, j->process, &j->join, &slots, seccomp, j->plan,
			    err);
}

static int launch(struct joining *j, struct err *err)
{
	const struct request_cgroups *wanted = j->bundle.request.cgroups;
	struct session *session = &j->session;
	struct rdt *rdt;
	int fds[MESSAGE_FDS_MAX];
	unsigned n_fds = wanted ? wanted->tasks : 0;
	int r;

	session->hull = j->hull;
	session->config = j->bundle.request.config;
	session->process = j->process;
	session->entry = &j->container.entry;
	session->record = &j->container.record;
	session->id = j->options->id;
	session->console_socket = j->options->console_socket;
	session->pidfd_socket = j->options->pidfd_socket;
	session->pidfd_text = "setns";
	session->pid_file = j->options->pid_file;
	session->exec = true;
	r = rdt_find(j->hull->arena, session->config->linux_, session->id, &rdt, err);
	if (r < 0)
		return r;
	session->rdt = rdt;
	session->launch.plan = j->plan;
	session->launch.note = session_note;
	session->launch.user = session;
	if (wanted) {
		r = cgroups_exec_directory(j->container.cgroups, (pid_t)session->record->pid,
					   &session->launch.cgroup, err);
		if (r < 0)
			return r;
	}
	if (n_fds) {
		r = cgroups_open_tasks(j->container.cgroups, fds, err);
		if (r < 0)
			return r;
	}
	r = launch_start(&session->launch, err);
	/* While it waits for its cgroups: what it is given now its sibling has, too. */
	if (r == 0 && j->bundle.request.limits_early)
		r = process_apply(session->process, session->launch.pid, err);
	if (r == 0 && n_fds)
		r = launch_tell(&session->launch, MESSAGE_CGROUP, fds, n_fds, err);
	for (unsigned i = 0; i < n_fds; i++)
		close(fds[i]);
	return r < 0 ? r : launch_serve(&session->launch, err);
}

static int check_terminal(const struct joining *j, struct err *err)
{
	bool terminal = j->process->terminal;

	if (terminal && j->options->detach && !j->options->console_socket)
		return err_text(err, EINVAL,
				"cannot allocate tty if hull will detach without "
				"setting console socket");
	if (j->options->console_socket && (!terminal || !j->options->detach))
		return err_text(err, EINVAL,
				"cannot use console socket if hull will not detach or "
				"allocate tty");
	return 0;
}

static int exec_process(struct joining *j, struct err *err)
{
	struct process_seccomp seccomp;
	AUTO_CLOSE int cache = -1;
	const char *text;
	size_t size;
	int r;

	r = prepare(j, err);
	if (r < 0)
		return r;
	text = j->bundle.text;
	size = j->bundle.size;
	r = read_process(j, err);
	if (r == 0)
		r = check_terminal(j, err);
	if (r < 0)
		return r;
	j->bundle.text = text; /* linux.seccomp is in the container's config */
	j->bundle.size = size;
	cache = bundle_cache(&j->bundle, j->container.store.root);
	r = bundle_seccomp(&j->bundle, cache, &seccomp, err);
	if (r == 0)
		r = compile(j, &seccomp, err);
	/* The new process may have to wait, in a frozen cgroup: whoever thaws or deletes must not
	 * wait for us. What it needs is read; when the container goes, it goes with it. */
	store_unlock(&j->container.entry);
	if (r == 0)
		r = launch(j, err);
	if (r < 0)
		launch_abort(&j->session.launch);
	return r;
}

int hull_exec(const struct hull *hull, const struct hull_exec *options, int *ret_status,
	      struct err *err)
{
	struct joining j = {.hull = hull,
			    .options = options,
			    .container = CONTAINER_INIT,
			    .join = {.pidfd = -1},
			    .session = SESSION_INIT};
	int r;

	if (!options->detach)
		foreground_hold();
	r = exec_process(&j, err);
	plan_free(j.plan);
	/* A long exec must not keep others from the container. */
	container_close(&j.container);
	if (r == 0 && !options->detach)
		r = foreground_wait(j.session.launch.pid, j.session.launch.pidfd, j.session.console,
				    ret_status, err);
	else if (r == 0)
		*ret_status = 0;
	fd_close(&j.session.launch.control);
	fd_close(&j.session.launch.pidfd);
	fd_close(&j.session.console);
	fd_close(&j.session.launch.cgroup);
	fd_close(&j.join.pidfd);
	return r;
}
