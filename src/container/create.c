/* SPDX-License-Identifier: Apache-2.0 */

/*
 * create and run. What is made in which order, and taken back in the opposite one when a later
 * part fails: state directory with its write-ahead record, cgroups, process.
 */

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/io.h"
#include "base/trace.h"
#include "container/container.h"
#include "container/descriptors.h"
#include "container/destroy.h"
#include "container/foreground.h"
#include "container/hooks.h"
#include "container/session.h"
#include "container/socket.h"
#include "container/state.h"
#include "container/status.h"
#include "libocispec/ocispec.h"
#include "mounts/mounts.h"
#include "namespaces/namespaces.h"
#include "net/net.h"
#include "plan/build.h"
#include "plan/compile.h"
#include "process/process.h"
#include "rdt/rdt.h"
#include "sys/message.h"

/* One create on its way. */
struct creation {
	const struct hull *hull;
	const struct hull_create *options;
	struct bundle bundle;
	struct oci_report report;
	struct container container;
	struct session session;
	struct rdt *rdt;
	struct plan *plan;
	struct request_slots slots;
	int listener;
	bool claimed; /* the state directory is ours to remove */
	bool cgroups_made;
};

/* Reads and checks: nothing has changed when this fails. */
static int prepare(struct creation *c, struct err *err)
{
	const struct hull *hull = c->hull;
	struct arena *arena = hull->arena;
	int r;

	r = store_check_id(c->options->id, err);
	if (r == 0)
		r = descriptors_check(c->options->preserve_fds, err);
	if (r < 0)
		return r;
	oci_report_init(&c->report, arena);
	r = bundle_read(hull, c->options->bundle, c->options->config, c->options->id, &c->report,
			&c->bundle, err);
	if (r < 0)
		return r;
	c->bundle.request.no_pivot = c->options->no_pivot;
	c->bundle.request.no_new_keyring = c->options->no_new_keyring;
	c->bundle.request.preserve_fds = c->options->preserve_fds;
	bundle_check(hull, &c->bundle, &c->report);
	return bundle_verdict(&c->bundle, &c->report, err);
}

/* Where the container goes; after the id is ours, since its remains may be in the same cgroups. */
static int decide_cgroups(struct creation *c, struct err *err)
{
	const struct hull *hull = c->hull;
	const struct oci_linux *linux_config = c->bundle.request.config->linux_;
	struct cgroups_wish wish = {
		.driver = (enum cgroups_driver)hull->cgroup_driver,
		.id = c->options->id,
		.rootless = hull->rootless >= 0 ? hull->rootless : !c->bundle.request.host_root,
		.annotations = c->bundle.request.config->annotations,
		.n_annotations = c->bundle.request.config->n_annotations,
	};
	int r;

	if (linux_config) {
		wish.path = linux_config->cgroups_path;
		wish.resources = linux_config->resources;
	}
	r = cgroups_decide(hull->arena, &wish, &c->container.cgroups, err);
	if (r == 0)
		c->bundle.request.cgroups = cgroups_request(c->container.cgroups);
	return r;
}

static int fill_record(struct creation *c, struct err *err)
{
	const struct oci_config *config = c->bundle.request.config;
	struct arena *arena = c->hull->arena;
	struct store_pair *pair;
	char boot_id[STATUS_BOOT_ID_SIZE];

	status_boot_id(boot_id);
	c->container.record = (struct store_record){
		.bundle = c->bundle.path,
		.rootfs = c->bundle.request.rootfs,
		.created = session_now(arena),
		.boot_id = arena_strdup(arena, boot_id),
		.cgroup_driver = (int)c->hull->cgroup_driver,
		.cgroups = cgroups_record(c->container.cgroups),
		.rdt = rdt_record(c->rdt),
		.owner = geteuid(),
		.ns_new = c->bundle.request.ns_new,
	};
	pair = arena_array(arena, config->n_annotations, sizeof *pair);
	if (!pair || !c->container.record.created || !c->container.record.boot_id)
		return err_set(err, ENOMEM, "write the container's record");
	for (size_t i = 0; i < config->n_annotations; i++)
		pair[i] = (struct store_pair){config->annotations[i].key,
					      config->annotations[i].value};
	c->container.record.annotation = pair;
	c->container.record.n_annotations = config->n_annotations;
	return 0;
}

/* What exec, start and delete read. Written while hull-init is busy: nothing that would need it, no
 * hook and no program, can run before we have answered init. */
static int keep_config(const struct creation *c, struct err *err)
{
	int r = io_replace_file(c->container.entry.dir, "config.json", c->bundle.text,
				c->bundle.size, 0600);

	return r < 0 ? err_set(err, -r, "write the copy of config.json in %s/%s",
			       c->container.store.path, c->container.entry.id)
		     : 0;
}

/* The state directory: from here on a killed hull leaves something that delete --force undoes. */
static int claim(struct creation *c, struct err *err)
{
	struct arena *arena = c->hull->arena;
	bool stale;
	int r;

	r = container_store(c->hull, true, &c->container.store, err);
	if (r < 0)
		return r;
	r = store_create(arena, &c->container.store, c->options->id, &c->container.entry, &stale,
			 err);
	if (r < 0)
		return r;
	if (stale) {
		r = destroy_remains(arena, &c->container.entry, err);
		if (r < 0)
			return r;
	}
	c->claimed = true;
	r = decide_cgroups(c, err);
	if (r == 0)
		r = rdt_find(arena, c->bundle.request.config->linux_, c->options->id, &c->rdt, err);
	if (r == 0)
		r = rdt_decide(c->rdt, err);
	if (r == 0)
		r = fill_record(c, err);
	if (r == 0)
		r = store_save(&c->container.entry, &c->container.record, err);
	return r;
}

/*
 * While hull-init waits for MESSAGE_CGROUP it is still root, as prlimit(2) wants it without
 * CAP_SYS_RESOURCE; without that message it could have switched its user before we came to its
 * limits.
 */
static bool limits_early(const struct creation *c)
{
	const struct request_cgroups *wanted = c->bundle.request.cgroups;

	return wanted && (wanted->tasks || wanted->attach) &&
	       process_apply_harmless(&c->bundle.request, c->bundle.request.config->process);
}

static int compile(struct creation *c, struct err *err)
{
	struct process_seccomp seccomp;
	AUTO_CLOSE int cache = bundle_cache(&c->bundle, c->container.store.root);
	int r;

	r = bundle_seccomp(&c->bundle, cache, &seccomp, err);
	if (r < 0)
		return r;
	c->bundle.request.limits_early = limits_early(c);
	r = descriptors_reserve(&c->bundle.request, err);
	if (r < 0)
		return r;
	c->plan = plan_new(c->hull->arena);
	if (!c->plan)
		return err_set(err, ENOMEM, "build the plan");
	c->slots = (struct request_slots){.root = plan_slot(c->plan, "root"),
					  .pty = plan_slot(c->plan, "pty"),
					  .listener = PLAN_NO_SLOT};
	if (c->bundle.request.listener) {
		c->listener = socket_listen(c->container.entry.dir, "start.sock", err);
		if (c->listener < 0)
			return c->listener;
		c->slots.listener = plan_slot_fd(c->plan, "listener", c->listener);
	}
	return compile_create(&c->bundle.request, &c->slots, &seccomp, c->plan, err);
}

static int write_maps(void *user, pid_t pid, struct err *err)
{
	struct session *session = user;

	return idmap_write(session->config->linux_, pid, err);
}

/* config-linux.md, "Cgroup ownership": in a cgroup namespace of its own and with a cgroup file
 * system that it may write, the container's user owns its cgroup. */
static bool wants_delegation(const struct request *request)
{
	const struct oci_config *config = request->config;

	if (!(request->ns_new & CLONE_NEWCGROUP))
		return false;
	for (size_t i = 0; i < config->n_mounts; i++) {
		const struct oci_mount *mount = &config->mounts[i];
		bool writable = true;

		if (!mount->type || strncmp(mount->type, "cgroup", 6) != 0)
			continue;
		for (size_t k = 0; k < mount->n_options; k++)
			writable = writable && strcmp(mount->options[k], "ro") != 0;
		if (writable)
			return true;
	}
	return false;
}

static int make_cgroups(struct creation *c, struct err *err)
{
	const struct oci_config *config = c->bundle.request.config;
	const struct oci_user *user = config->process->user;
	int64_t uid = idmap_host_uid(config->linux_, user ? user->uid : 0);
	int r = cgroups_make(c->container.cgroups, err);

	if (r < 0)
		return r;
	c->cgroups_made = true;
	if (uid < 0 || !wants_delegation(&c->bundle.request))
		return 0;
	return cgroups_delegate(c->container.cgroups, (uid_t)uid, err);
}

/* Puts the child into its cgroups, while it is busy with its mounts. */
static int attach_cgroups(struct creation *c, struct err *err)
{
	const struct request_cgroups *wanted = c->bundle.request.cgroups;
	int fds[MESSAGE_FDS_MAX];
	int r;

	if (!c->cgroups_made) {
		r = make_cgroups(c, err);
		if (r < 0)
			return r;
	}
	if (!wanted || (!wanted->tasks && !wanted->attach))
		return 0;
	if (wanted->attach) {
		r = cgroups_attach(c->container.cgroups, c->session.launch.pid, err);
		return r < 0 ? r : launch_tell(&c->session.launch, MESSAGE_CGROUP, NULL, 0, err);
	}
	r = cgroups_open_tasks(c->container.cgroups, fds, err);
	if (r < 0)
		return r;
	r = launch_tell(&c->session.launch, MESSAGE_CGROUP, fds, wanted->tasks, err);
	for (unsigned i = 0; i < wanted->tasks; i++)
		close(fds[i]);
	return r;
}

static int launch_container(struct creation *c, struct err *err)
{
	struct session *session = &c->session;
	const struct request_cgroups *wanted = c->bundle.request.cgroups;
	int r;

	session->hull = c->hull;
	session->config = c->bundle.request.config;
	session->request = &c->bundle.request;
	session->process = session->config->process;
	session->entry = &c->container.entry;
	session->record = &c->container.record;
	session->id = c->options->id;
	session->console_socket = c->options->console_socket;
	session->pidfd_socket = c->options->pidfd_socket;
	session->pidfd_text = "standard";
	session->pid_file = c->options->pid_file;
	session->launch.plan = c->plan;
	session->launch.trace = c->hull->trace;
	session->launch.ns_at_birth = namespaces_at_birth(&c->bundle.request);
	session->launch.ns_late = namespaces_late(&c->bundle.request);
	session->launch.sources = mounts_source_notes(&c->bundle.request);
	session->launch.write_maps = write_maps;
	session->launch.note = session_note;
	session->launch.user = session;
	session->launch.until_ready = c->bundle.request.listener;
	session->rdt = c->rdt;

	r = rdt_make(c->rdt, err);
	if (r < 0)
		return r;
	/* On v2 the child is born into its cgroup, so that must exist first. */
	if (wanted && !wanted->tasks && !wanted->attach) {
		r = make_cgroups(c, err);
		if (r < 0)
			return r;
		session->launch.cgroup = cgroups_directory(c->container.cgroups);
	}
	r = launch_start(&session->launch, err);
	plan_release(c->plan);
	descriptors_release(&c->bundle.request);
	if (r < 0)
		return r;
	/* Who must be killed if we die now. The start time tells it from a later process. */
	c->container.record.pid = session->launch.pid;
	c->container.record.start_time = status_start_time(c->container.record.pid);
	r = store_save(&c->container.entry, &c->container.record, err);
	trace_mark(c->hull->trace, "write the pid");
	if (r == 0 && c->bundle.request.limits_early)
		r = process_apply(session->process, session->launch.pid, err);
	if (r == 0)
		r = attach_cgroups(c, err);
	if (r == 0)
		r = keep_config(c, err);
	trace_mark(c->hull->trace, "cgroups");
	if (r == 0)
		r = launch_serve(&session->launch, err);
	return r;
}

/* Takes everything back. The first error is the one to tell. */
static void undo(struct creation *c)
{
	const struct oci_hooks *hooks = c->bundle.request.config->hooks;

	launch_abort(&c->session.launch);
	netdevices_return(c->session.net);
	if (c->cgroups_made)
		(void)cgroups_destroy(c->container.cgroups, NULL);
	(void)rdt_remove(c->container.record.rdt, NULL);
	if (c->session.hooks_ran && hooks && hooks->n_poststop) {
		const char *state;

		/* runtime.md, lifecycle: a failed createRuntime hook ends with the poststop ones */
		if (state_text(c->hull->arena, &c->container.record, c->options->id, STATUS_STOPPED,
			       0, &state, NULL) == 0)
			(void)hooks_run(hooks->poststop, hooks->n_poststop, "poststop", state,
					c->bundle.path, NULL);
	}
	if (c->session.pid_file)
		(void)unlink(c->session.pid_file);
	if (c->claimed)
		(void)store_remove(&c->container.store, &c->container.entry, NULL);
}

static int check_terminal(const struct creation *c, bool detach, struct err *err)
{
	bool terminal = c->bundle.request.config->process->terminal;

	if (terminal && detach && !c->options->console_socket)
		return err_text(err, EINVAL,
				"cannot allocate tty if hull will detach without "
				"setting console socket");
	if (c->options->console_socket && (!terminal || !detach))
		return err_text(err, EINVAL,
				"cannot use console socket if hull will not detach or "
				"allocate tty");
	return 0;
}

/* create, or run up to the moment when the program runs. */
static int create(struct creation *c, bool listener, bool detach, struct err *err)
{
	int r;

	trace_mark(c->hull->trace, "begin");
	r = prepare(c, err);
	if (r < 0)
		return r;
	trace_mark(c->hull->trace, "read and check the config");
	c->bundle.request.listener = listener;
	r = check_terminal(c, detach, err);
	if (r == 0)
		r = claim(c, err);
	trace_mark(c->hull->trace, "claim the id, write the record");
	if (r == 0)
		r = compile(c, err);
	trace_mark(c->hull->trace, "compile the plan, open sources");
	if (r == 0)
		r = launch_container(c, err);
	trace_mark(c->hull->trace, "serve hull-init");
	launch_trace(&c->session.launch);
	if (r < 0)
		undo(c);
	if (r == 0) {
		netdevices_keep(c->session.net);
		bundle_log_warnings(&c->bundle, &c->report);
	}
	fd_close(&c->listener);
	plan_free(c->plan);
	c->plan = NULL;
	return r;
}

#define CREATION_INIT(hull_, options_)                                                             \
	{                                                                                          \
		.hull = (hull_), .options = (options_), .container = CONTAINER_INIT,               \
		.session = SESSION_INIT, .listener = -1,                                           \
	}

static void creation_end(struct creation *c)
{
	fd_close(&c->session.launch.control);
	fd_close(&c->session.launch.pidfd);
	fd_close(&c->session.console);
	container_close(&c->container);
}

int hull_create(const struct hull *hull, const struct hull_create *options, struct err *err)
{
	struct creation c = CREATION_INIT(hull, options);
	int r = create(&c, true, true, err);

	creation_end(&c);
	return r;
}

static int run_poststart(struct creation *c, struct err *err)
{
	const struct oci_hooks *hooks = c->bundle.request.config->hooks;

	if (!hooks)
		return 0;
	return session_hooks(&c->session, hooks->poststart, hooks->n_poststart, "poststart",
			     STATUS_RUNNING, err);
}

/* A passing shortage of memory or descriptors must not leave the container: what failed is tried
 * once more; not what did not, since poststop hooks run once. */
static int delete_twice(struct creation *c, struct err *err)
{
	int r = destroy_container(c->hull->arena, &c->container, err);

	if (r < 0)
		r = destroy_container(c->hull->arena, &c->container, err);
	if (r < 0)
		return r;
	r = store_remove(&c->container.store, &c->container.entry, err);
	return r < 0 ? store_remove(&c->container.store, &c->container.entry, err) : 0;
}

/* Waits for the program, then deletes what a `delete` would. */
static int wait_foreground(struct creation *c, bool keep, int *ret_status, struct err *err)
{
	struct err *later;
	int r, d;

	store_unlock(&c->container.entry); /* state, kill and exec are for others meanwhile */
	trace_mark(c->hull->trace, "poststart");
	r = foreground_wait(c->session.launch.pid, c->session.launch.pidfd, c->session.console,
			    ret_status, err);
	trace_mark(c->hull->trace, "the container runs");
	if (keep)
		return r;
	later = r < 0 ? NULL : err; /* the first error is the one to tell */
	/* Somebody else may have deleted it in the moment of its end. */
	d = store_lock(&c->container.store, &c->container.entry, later);
	if (d < 0)
		return r < 0 || d == -ENOENT ? r : d;
	d = delete_twice(c, later);
	trace_mark(c->hull->trace, "delete");
	return r < 0 ? r : d;
}

int hull_run(const struct hull *hull, const struct hull_run *options, int *ret_status,
	     struct err *err)
{
	struct creation c = CREATION_INIT(hull, &options->create);
	int r;

	/* From now on signals are for the container; one that comes too early waits. */
	if (!options->detach)
		foreground_hold();
	/* Orphans of the container come to us, or our waiting for init could leave zombies. */
	if (!options->detach && !options->no_subreaper &&
	    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return err_set(err, errno, "become a subreaper");
	*ret_status = 0;
	r = create(&c, false, options->detach, err);
	if (r == 0) {
		c.container.record.started = true;
		r = run_poststart(&c, err);
		if (r < 0)
			undo(&c);
		else if (!options->detach)
			r = wait_foreground(&c, options->keep, ret_status, err);
	}
	creation_end(&c);
	return r;
}
