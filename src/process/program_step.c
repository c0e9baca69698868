/* SPDX-License-Identifier: Apache-2.0 */

/* The program and its surroundings: HOME, working directory, PATH look-up, exec. */

#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <linux/mman.h>

#include "plan/step.h"
#include "process/passwd.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/resolve.h"
#include "sys/text.h"

/* Opens the container's passwd file, if it is a regular one. A FIFO would hang us, a device could
 * do anything. Anything that cannot be read is as good as no file. */
static int open_passwd(int root)
{
	int fd = resolve_open(root, "/etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY);
	struct statx st;

	if (fd >= 0 && (sys_fstatx(fd, &st) < 0 || (st.stx_mode & S_IFMT) != S_IFREG)) {
		sys_close(fd);
		return -EINVAL;
	}
	return fd;
}

static size_t read_passwd(int fd, char *data)
{
	size_t size = 0;

	while (size < PASSWD_SIZE_MAX) {
		long n = sys_read(fd, data + size, PASSWD_SIZE_MAX - size);

		if (n <= 0)
			break;
		size += (size_t)n;
	}
	return size;
}

int step_home(struct init *in, const struct step_home *s)
{
	struct text text = {in->home, sizeof in->home, 0};
	const char *home = "/";
	size_t size = 0;
	int fd = open_passwd(init_fd(in, s->root));
	long data = -ENOENT;

	if (fd >= 0) {
		/* Pages that are not read into cost nothing. */
		data = sys_call(SYS_mmap, 0, PASSWD_SIZE_MAX, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (data >= 0 || data < -4095)
			size = passwd_home((const char *)data, read_passwd(fd, (char *)data),
					   (uint32_t)s->uid, &home);
		sys_close(fd);
	}
	text_adds(&text, "HOME=");
	text_add(&text, size ? home : "/", size ? size : 1);
	if (size || data >= 0 || data < -4095)
		sys_call(SYS_munmap, data, PASSWD_SIZE_MAX);
	return 0;
}

/* Where we are, as the kernel sees it: a directory outside of the root has no path that begins with
 * '/' ("(unreachable)/..."), and a descriptor that leaked can lead there (CVE-2024-21626). */
static int inside_root(struct init *in)
{
	char path[4096];
	long r = sys_call(SYS_getcwd, path, sizeof path);

	/* Deeper than a path can tell: not outside, since ".." from there goes up in the root; but
	 * it cannot be proved. */
	if (r < 0)
		return init_doing(in, "getcwd", r);
	if (path[0] != '/')
		return init_doing(in, "=the working directory is outside of the container",
				  -EACCES);
	return 0;
}

static bool in_root_directory(void)
{
	char path[2];

	/* -ERANGE: the path is longer than "/". */
	return sys_call(SYS_getcwd, path, sizeof path) == 2 && path[0] == '/';
}

static int open_cwd(const struct step_chdir *s)
{
	int fd, root = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0);

	if (root < 0)
		return root;
	fd = s->mkdir ? resolve_make_directory(root, s->path, 0755)
		      : resolve_open(root, s->path, O_PATH | O_DIRECTORY);
	sys_close(root);
	/* It was missing; that it cannot be made either is not what is wrong with it. */
	return fd == -EROFS ? -ENOENT : fd;
}

int step_chdir(struct init *in, const struct step_chdir *s)
{
	int fd, r;

	if (s->late && (!in_root_directory() || text_equal(s->path, "/")))
		return 0;
	fd = open_cwd(s);
	r = fd < 0 ? fd : sys_fchdir(fd);
	if (fd >= 0)
		sys_close(fd);
	/* A directory that root may not enter, but the user may (FUSE, NFS with root squash). */
	if ((r == -EACCES || r == -EPERM) && !s->late)
		return 0;
	return r < 0 ? init_doing(in, "chdir", r) : inside_root(in);
}

/* Whether it is a memory file: /proc/self/exe is one until exec, namely hull-init. An image that
 * names it (CVE-2019-5736) gets the same answer as for a link to nothing. Memory files live on one
 * file system of the kernel's own. */
static bool is_memory_file(const struct statx *st)
{
	struct statx memory;
	int fd, r;

	if (st->stx_nlink > 0)
		return false;
	fd = (int)sys_call(SYS_memfd_create, "", MFD_CLOEXEC);
	if (fd < 0)
		return false;
	r = sys_fstatx(fd, &memory);
	sys_close(fd);
	return r == 0 && memory.stx_dev_major == st->stx_dev_major &&
	       memory.stx_dev_minor == st->stx_dev_minor;
}

/* Whether the user could execute the file: what exec itself would find, found before anybody has
 * been told that all is well. */
static int check_program(const char *path)
{
	struct statx st;
	int r = sys_statx(AT_FDCWD, path, 0, STATX_TYPE | STATX_NLINK, &st);

	if (r < 0)
		return r;
	if (is_memory_file(&st))
		return -ENOENT;
	if ((st.stx_mode & S_IFMT) == S_IFDIR)
		return -EISDIR;
	if ((st.stx_mode & S_IFMT) != S_IFREG)
		return -EACCES;
	return (int)sys_call(SYS_faccessat, AT_FDCWD, path, 1 /* X_OK */);
}

/* Messages that other runtimes give and engines look for. */
static int program_refused(struct init *in, const char *name, int r)
{
	struct text text = {in->path, sizeof in->path, 0};

	if (r == -EISDIR)
		return init_doing(in, "=is a directory", r);
	if (r == -EACCES)
		return init_doing(in, "=permission denied", r);
	text_adds(&text, "stat ");
	text_adds(&text, name);
	return init_doing(in, text.used < text.room ? in->path : "stat", r);
}

int step_find_program(struct init *in, const struct step_find_program *s)
{
	const char *entry = s->path;

	if (text_find(s->name, '/')) {
		int r = check_program(s->name);

		in->program = s->name;
		return r < 0 ? program_refused(in, s->name, r) : 0;
	}
	while (*s->name) {
		const char *end = text_find(entry, ':');
		size_t size = end ? (size_t)(end - entry) : text_length(entry);
		struct text text = {in->path, sizeof in->path, 0};

		/* An empty entry is the working directory (environ(7)). */
		text_add(&text, size ? entry : ".", size ? size : 1);
		text_adds(&text, "/");
		text_adds(&text, s->name);
		if (text.used < text.room && check_program(in->path) == 0) {
			in->program = in->path;
			return 0;
		}
		if (!end)
			break;
		entry = end + 1;
	}
	return init_doing(in, "=executable file not found in $PATH", -ENOENT);
}

int step_exec(struct init *in, const struct step_exec *s)
{
	/* The image is ours alone, and each list in it has a spare entry before its end. */
	const char **env = (const char **)(uintptr_t)s->env;
	size_t n = 0;

	while (env[n])
		n++;
	if (in->home[0])
		env[n] = in->home;
	return init_doing(in, "execve",
			  sys_execve(in->program ? in->program : s->args[0], s->args, env));
}
