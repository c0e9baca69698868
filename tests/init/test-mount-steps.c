/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The mount steps in the real hull-init, in mount namespaces of their own: as root, and in a user
 * namespace, for which no privileges are needed. Each plan ends in a shell script that looks at
 * what the steps have done below $R, the root directory's path; 0 is its "all is as it should be".
 */

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "container/launch.h"
#include "libocispec/arena.h"
#include "plan/build.h"
#include "sys/mount.h"
#include "tests/unit/tap.h"

#define LIST(...) ((const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

/* One plan in the making. */
struct world {
	struct plan *p;
	int root, tree, target;
};

static struct arena arena = ARENA_INIT;
static bool userns;
static char base[] = "/tmp/test-mount-steps-XXXXXX";
static char root_path[64], root_variable[80];
static struct err err; /* of the last run */

/* ---- files of the root directory, and what is beside it ------------------------------------- */

static void must(long r, const char *what)
{
	if (r >= 0)
		return;
	perror(what);
	exit(1);
}

static const char *in_base(const char *path)
{
	return arena_printf(&arena, "%s/%s", base, path);
}

static void folder(const char *path)
{
	must(mkdir(in_base(path), 0755), path);
}

static void file(const char *path, const char *content)
{
	int fd = open(in_base(path), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	must(fd, path);
	must(write(fd, content, strlen(content)), path);
	close(fd);
}

static void shell(const char *command)
{
	if (system(arena_printf(&arena, "cd %s && %s", base, command)) != 0)
		printf("# failed: %s\n", command);
}

static void begin(void)
{
	shell("rm -rf root host && mkdir -m 755 root host root/dir host/dir && echo image "
	      ">root/file &&"
	      "echo host >host/file && echo host >host/dir/file");
}

/* ---- running a plan ---------------------------------------------------------------------------
 */

static int write_maps(void *user, pid_t pid, struct err *e)
{
	const struct {
		const char *file, *text;
	} map[] = {{"setgroups", "deny"},
		   {"uid_map", arena_printf(&arena, "0 %u 1", geteuid())},
		   {"gid_map", arena_printf(&arena, "0 %u 1", getegid())}};

	(void)user;
	for (size_t i = 0; i < sizeof map / sizeof *map; i++) {
		int r = io_write_file(AT_FDCWD,
				      arena_printf(&arena, "/proc/%d/%s", (int)pid, map[i].file),
				      map[i].text);

		if (r < 0)
			return err_set(e, -r, "%s", map[i].file);
	}
	return 0;
}

static int note(void *user, const struct plan_note *n, const int *fds, unsigned n_fds, int *reply,
		unsigned *n_reply, struct err *e)
{
	(void)user, (void)n, (void)fds, (void)n_fds, (void)reply, (void)n_reply, (void)e;
	return 0;
}

/* A mount namespace and the root directory as every container begins. */
static struct world new_world(const char *root)
{
	struct world w = {.p = plan_new(&arena)};

	w.root = plan_slot(w.p, "root");
	w.tree = plan_slot(w.p, "tree");
	w.target = plan_slot(w.p, "target");
	plan_origin(w.p, "world");
	plan_new_session(w.p);
	plan_unshare(w.p, CLONE_NEWNS);
	plan_propagate(w.p, "/", MS_SLAVE | MS_REC);
	plan_tree_clone(w.p, root, true, false, w.tree);
	plan_root_attach(w.p, w.tree, root_path, w.root);
	plan_close(w.p, w.tree);
	plan_origin(w.p, "test");
	return w;
}

/* Runs the plan with the script at its end: the exit code, -1 when a step failed. */
static int run(struct world *w, const char *script)
{
	struct launch launch = {.plan = w->p,
				.cgroup = -1,
				.note = note,
				.write_maps = write_maps,
				.ns_at_birth = userns ? CLONE_NEWUSER : 0};
	int status, r;

	plan_origin(w->p, "script");
	plan_find_program(w->p, "sh", "/usr/bin:/bin");
	plan_barrier(w->p, MESSAGE_READY, PLAN_NO_SLOT, 0);
	plan_tidy(w->p, 0, PLAN_NO_SLOT);
	plan_exec(w->p, LIST("sh", "-c", script), LIST(root_variable, "PATH=/usr/bin:/bin"));
	err = (struct err){0};
	r = launch_start(&launch, &err);
	if (r == 0)
		r = launch_serve(&launch, &err);
	plan_free(w->p);
	if (r < 0) {
		launch_abort(&launch);
		return -1;
	}
	close(launch.control);
	close(launch.pidfd);
	if (waitpid(launch.pid, &status, 0) != launch.pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void works(struct world w, const char *script, const char *name)
{
	int code = run(&w, script);

	ok(code == 0, "%s", name);
	if (code != 0)
		printf("# exit code %d %s\n", code, err.text);
}

/* A step fails, and the error has this text. */
static void fails(struct world w, const char *text, const char *name)
{
	int code = run(&w, "true");

	ok(code == -1 && strstr(err.text, text), "%s: %s", name, err.text);
}

/* ---- shorthands for steps
 * ------------------------------------------------------------------------ */

static void attach(struct world *w, enum plan_kind kind, const char *path, uint64_t flags)
{
	plan_target(w->p, w->root, path, kind, kind == PLAN_LIKE ? w->tree : PLAN_NO_SLOT, flags,
		    w->target);
	plan_tree_attach(w->p, w->tree, w->target);
}

static void tmpfs(struct world *w, const char *path, uint64_t attr, const char *const *options)
{
	plan_tree_create(w->p, "tmpfs", "test", options, attr, w->tree);
	attach(w, PLAN_DIRECTORY, path, 0);
	plan_close(w->p, w->tree);
}

static void bind(struct world *w, const char *source, const char *path, uint64_t flags)
{
	plan_tree_clone(w->p, source, true, false, w->tree);
	attach(w, PLAN_LIKE, path, flags);
	plan_close(w->p, w->tree);
}

/* ---- tests
 * ------------------------------------------------------------------------------------------ */

static void test_create(void)
{
	struct world w = new_world(root_path);

	tmpfs(&w, "/new/deep", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
	      LIST("mode=1750", "size=64k"));
	works(w,
	      "test $(stat -c %a $R/new/deep) = 1750 && test $(stat -fc %T $R/new/deep) = tmpfs &&"
	      "test $(($(stat -fc '%b * %S' $R/new/deep))) = 65536 &&"
	      "grep \" $R/new/deep rw,nosuid,noexec,relatime.* - tmpfs test .*size=64k\" "
	      "/proc/self/mountinfo >/dev/null",
	      "tree_create: options, flags, source; directories are made");
	w = new_world(root_path);
	tmpfs(&w, "/dir", 0, LIST("size=many"));
	fails(w, "test: fsconfig size=many: tmpfs: Bad value for 'size': invalid argument",
	      "tree_create: the kernel's own words");
	w = new_world(root_path);
	plan_tree_create(w.p, "nonesuchfs", NULL, LIST(), 0, w.tree);
	fails(w, "test: fsopen nonesuchfs: no such device", "tree_create: no such file system");
}

static void test_clone(void)
{
	struct world w = new_world(root_path);

	bind(&w, in_base("host/file"), "/etc/made", 0);
	bind(&w, in_base("host/dir"), "/dir", 0);
	works(w, "test $(cat $R/etc/made) = host && test $(cat $R/dir/file) = host",
	      "tree_clone: a file on a file that is made, a directory on one that is there");
	w = new_world(root_path);
	bind(&w, in_base("host/file"), "/dir", 0);
	fails(w, "mount a file on a directory: not a directory", "a file on a directory");
	w = new_world(root_path);
	bind(&w, in_base("host/dir"), "/file", 0);
	fails(w, "open the mount point: not a directory", "a directory on a file");
	w = new_world(root_path);
	bind(&w, in_base("host/none"), "/dir", 0);
	fails(w, "test: open_tree: no such file or directory", "a source that is missing");
}

static void test_attr(void)
{
	struct world w = new_world(root_path);

	plan_tree_clone(w.p, in_base("host"), false, false, w.tree);
	plan_tree_attr(w.p, w.tree, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV, 0, MS_PRIVATE, false,
		       PLAN_NO_SLOT);
	attach(&w, PLAN_DIRECTORY, "/dir", 0);
	plan_tree_attr(w.p, w.tree, MOUNT_ATTR_NOEXEC, MOUNT_ATTR_NODEV, 0, true, PLAN_NO_SLOT);
	works(w,
	      "! touch $R/dir/file 2>&- && touch $R/file &&"
	      "grep \" $R/dir ro,noexec,relatime - \" /proc/self/mountinfo >/dev/null",
	      "tree_attr: on a detached tree, and on the same when it is attached");
}

static void test_links(void)
{
	struct world w;

	must(symlink(in_base("host"), in_base("root/out")), "symlink");
	must(symlink("../../../../../../..", in_base("root/up")), "symlink");
	must(symlink("/", in_base("root/top")), "symlink");
	w = new_world(root_path);
	tmpfs(&w, "/out/sub", 0, LIST());
	works(w, "test ! -e ${R%root}host/sub && test $(stat -fc %T $R${R%root}host/sub) = tmpfs",
	      "target: an absolute link leads to a place in the root");
	w = new_world(root_path);
	tmpfs(&w, "/up/sub", 0, LIST());
	works(w, "test $(stat -fc %T $R/sub) = tmpfs", "target: no link leads above the root");
	w = new_world(root_path);
	plan_tree_create(w.p, "tmpfs", "test", LIST(), 0, w.tree);
	attach(&w, PLAN_DIRECTORY, "/out", PLAN_TARGET_NOFOLLOW);
	fails(w, "open the mount point: ", "target: a link, where none may be");
	w = new_world(root_path);
	bind(&w, in_base("host/file"), "/out", PLAN_TARGET_NOFOLLOW);
	works(w, "test $(cat $R/out) = host", "target: a link that is not followed is covered");
	for (int i = 0; i < 2; i++) {
		w = new_world(root_path);
		tmpfs(&w, i ? "/up" : "/top", 0, LIST());
		fails(w, "leads to the root directory", "target: a link to the root");
	}
}

static void test_procfs(void)
{
	struct world w;

	folder("root/proc");
	must(symlink("/proc/sys", in_base("root/way")), "symlink");
	for (int i = 0; i < 2; i++) {
		w = new_world(root_path);
		bind(&w, "/proc", "/proc", PLAN_TARGET_PROC);
		bind(&w, in_base("host/dir"), i ? "/way" : "/proc/sys", 0);
		fails(w, "test: cannot be mounted because it is inside /proc",
		      "target on a procfs");
	}
	w = new_world(root_path);
	bind(&w, "/proc", "/proc", PLAN_TARGET_PROC);
	bind(&w, in_base("host/file"), "/proc/version", PLAN_TARGET_ON_PROC);
	works(w, "test $(cat $R/proc/version) = host", "target on a procfs, where it may be");
}

static void test_cover(void)
{
	struct world w = new_world(root_path);

	plan_tree_create(w.p, "tmpfs", "test", LIST("mode=711"), 0, w.tree);
	attach(&w, PLAN_DIRECTORY, "/", PLAN_TARGET_ROOT);
	plan_root_cover(w.p, w.tree, w.root);
	plan_close(w.p, w.tree);
	bind(&w, in_base("host/file"), "/in/cover", 0);
	works(w, "test $(cat $R/in/cover) = host && test ! -e $R/dir",
	      "root_cover: it is the root now");
}

static void test_devices(void)
{
	struct world w;
	int dev;

	file("root/dir/taken", "");
	for (int i = 0; i < 2; i++) {
		w = new_world(root_path);
		dev = plan_slot(w.p, "dev");
		plan_umask(w.p, 0);
		plan_target(w.p, w.root, "/dir", PLAN_DIRECTORY, PLAN_NO_SLOT, 0, dev);
		if (userns)
			plan_tree_clone(w.p, "/dev/null", false, false, w.tree);
		plan_device(w.p, i ? w.root : dev, i ? "/dir/sub/null" : "null", S_IFCHR | 0622, 1,
			    3, 0, 0, userns ? w.tree : PLAN_NO_SLOT);
		plan_symlink(w.p, dev, "link", "target");
		plan_symlink(w.p, w.root, "/dir/taken", "target");
		works(w,
		      i ? "echo >$R/dir/sub/null && test $(stat -c %t:%T $R/dir/sub/null) = 1:3"
			: "echo >$R/dir/null && test $(stat -c %t:%T $R/dir/null) = 1:3 &&"
			  "test $(readlink $R/dir/link) = target && test -f $R/dir/taken",
		      i ? "device: by path" : "device and symlink: by name in a directory");
	}
	w = new_world(root_path);
	plan_device(w.p, w.root, "/dir/fifo", S_IFIFO | 0600, 0, 0, 0, 0, PLAN_NO_SLOT);
	works(w, "test -p $R/dir/fifo && test $(stat -c %a $R/dir/fifo) = 600", "device: a FIFO");
	w = new_world(root_path);
	if (userns)
		plan_tree_clone(w.p, "/dev/null", false, false, w.tree);
	plan_device(w.p, w.root, "/dir", S_IFCHR | 0666, 1, 3, 0, 0,
		    userns ? w.tree : PLAN_NO_SLOT);
	fails(w, "test: a file that is not this device is in its place",
	      "device: something is there");
}

static void test_tmpfs(void)
{
	struct world w = new_world(root_path);

	shell("cd root/dir && mkdir -m 700 sub && echo x >sub/f && chmod 4711 sub/f &&"
	      "ln -s /etc/passwd l && chmod 2710 .");
	plan_tree_create(w.p, "tmpfs", "test", LIST(), 0, w.tree);
	plan_tree_mode(w.p, w.tree, w.root, "/dir");
	plan_tree_copy_up(w.p, w.tree, w.root, "/dir");
	attach(&w, PLAN_DIRECTORY, "/dir", 0);
	works(w,
	      "cd $R/dir && test $(stat -fc %T .) = tmpfs && test $(stat -c %a .) = 2710 &&"
	      "test $(stat -c %a sub) = 700 && test $(stat -c %a sub/f) = 4711 &&"
	      "test $(cat sub/f) = x && test $(readlink l) = /etc/passwd",
	      "tree_mode, tree_copy_up: as the directory was");
}

static void test_masks(void)
{
	struct world w = new_world(root_path);
	int null = plan_slot(w.p, "null"), empty = plan_slot(w.p, "empty");

	shell("cd root && mkdir d1 d2 d3 && echo s | tee f1 f2 f3 d1/s d2/s d3/s >/dev/null");
	plan_tree_clone(w.p, "/dev/null", false, false, null);
	plan_tree_create(w.p, "tmpfs", "mask", LIST("nr_inodes=2"), MOUNT_ATTR_RDONLY, empty);
	plan_tree_attr(w.p, null, 0, 0, MS_PRIVATE, false, PLAN_NO_SLOT);
	for (const char *const *path =
		     LIST("/f1", "/none", "/d1", "/f2", "/d2", "/f1/x", "/f3", "/d3");
	     *path; path++)
		plan_mask(w.p, w.root, *path, null, empty);
	plan_close(w.p, null);
	plan_close(w.p, empty);
	works(w,
	      "cd $R && for i in 1 2 3; do test -z \"$(cat f$i)\" && test -c f$i &&"
	      "test -z \"$(ls d$i)\" && ! touch d$i/x 2>&- || exit 1; done",
	      "mask: each of three files and three directories, what is missing is passed over");
	w = new_world(root_path);
	null = plan_slot(w.p, "null");
	empty = plan_slot(w.p, "empty");
	plan_tree_clone(w.p, in_base("host/file"), false, false, null);
	plan_tree_create(w.p, "tmpfs", "mask", LIST(), 0, empty);
	plan_mask(w.p, w.root, "/f1", null, empty);
	fails(w, "test: /dev/null is not the null device", "mask: not with any file");
}

static void test_readonly(void)
{
	struct world w = new_world(root_path);

	tmpfs(&w, "/dir/sub", 0, LIST());
	for (const char *const *path = LIST("/dir", "/file", "/none"); *path; path++)
		plan_readonly_path(w.p, w.root, *path);
	works(w,
	      "cd $R && ! touch dir/x 2>&- && ! touch dir/sub/x 2>&- && ! touch file 2>&- && touch "
	      "y",
	      "readonly_path: with what is mounted below");
}

static void test_pivot(void)
{
	struct world w = new_world("/");

	tmpfs(&w, "/mnt", 0, LIST("mode=702"));
	plan_pivot(w.p, w.root);
	works(w,
	      "test $(pwd) = / && test $(stat -c %a /mnt) = 702 && test \"$(id -u)\" = 0 &&"
	      "test $(grep -c ' / / ' /proc/self/mountinfo) = 1",
	      "pivot: one root is left");
}

static void test_hide(void)
{
	struct world w = new_world(root_path);

	tmpfs(&w, "/dir", 0, LIST("mode=702"));
	tmpfs(&w, "/dir/below", 0, LIST());
	plan_hide_mount(w.p, in_base("root/dir"));
	plan_hide_mount(w.p, in_base("root/dir/below"));
	works(w, "test $(stat -c %a $R/dir) = 755 && test ! -e $R/dir/below",
	      "hide_mount: taken away with what is below");
	/* What a user namespace got from elsewhere is locked: it can only be covered. */
	w = new_world(root_path);
	plan_hide_mount(w.p, "/proc");
	works(w, "test ! -e /proc/self && test -z \"$(ls /proc)\"",
	      userns ? "hide_mount: covered, since it is locked" : "hide_mount: of the host");
}

/* A user namespace may be forbidden to us, with this error; all else is a failure. */
static bool possible(void)
{
	struct world w = new_world(root_path);

	return run(&w, "true") == 0 || !(userns && (err.code == EPERM || err.code == EACCES ||
						    err.code == ENOSPC || err.code == EUSERS));
}

static void test_all(const char *how)
{
	static void (*const test[])(void) = {
		test_create,  test_clone, test_attr,  test_links,    test_procfs, test_cover,
		test_devices, test_tmpfs, test_masks, test_readonly, test_pivot,  test_hide,
	};

	begin();
	if (!possible()) {
		skip_test(how, err.text);
		return;
	}
	printf("# %s\n", how);
	for (size_t i = 0; i < sizeof test / sizeof *test; i++) {
		begin();
		test[i]();
	}
}

int main(void)
{
	umask(022);
	must(mkdtemp(base) ? 0 : -1, base);
	must(chmod(base, 0755), base);
	snprintf(root_path, sizeof root_path, "%s/root", base);
	snprintf(root_variable, sizeof root_variable, "R=%s", root_path);
	if (geteuid() == 0)
		test_all("with the host's privileges");
	else
		skip_test("with the host's privileges", "needs root");
	userns = true;
	test_all("in a user namespace");
	shell("rm -rf root host");
	must(rmdir(base), base);
	arena_free(&arena);
	return done_testing();
}
