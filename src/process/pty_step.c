/* SPDX-License-Identifier: Apache-2.0 */

/* The container's terminal. Everything by descriptor: a path below /dev may be anything by the time
 * that it is used (CVE-2025-52565). */

#include <asm/ioctls.h>
#include <asm/statfs.h>
#include <asm/termios.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>

#include "plan/step.h"
#include "sys/file.h"
#include "sys/mount.h"
#include "sys/resolve.h"

/* linux/major.h; devices.txt */
enum {
	PTMX_MAJOR = 5,
	PTMX_MINOR = 2,
	PTS_MAJOR_FIRST = 136,
	PTS_MAJOR_LAST = 143,
};

#define RESOLVE_HERE                                                                               \
	(RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS)

static bool is_device(int fd, unsigned first, unsigned last, unsigned *ret_minor)
{
	struct statx st;

	if (sys_fstatx(fd, &st) < 0 || (st.stx_mode & S_IFMT) != S_IFCHR)
		return false;
	*ret_minor = st.stx_rdev_minor;
	return st.stx_rdev_major >= first && st.stx_rdev_major <= last;
}

/* A new master. In a genuine devpts there is nothing that the image could have put there, so it is
 * the directory that is checked first: opening an unknown device would be too late. */
static int open_master(struct init *in, int root)
{
	int master, devpts = resolve_open(root, "/dev/pts", O_PATH | O_DIRECTORY);
	struct statfs fs;
	unsigned minor;
	int unlock = 0, r;

	if (devpts < 0)
		return init_doing(in, "open /dev/pts", devpts);
	r = (int)sys_call(SYS_fstatfs, devpts, &fs);
	if (r == 0 && fs.f_type != DEVPTS_SUPER_MAGIC) {
		sys_close(devpts);
		return init_doing(in, "=/dev/pts is not a devpts file system", -ENODEV);
	}
	master = r < 0 ? r : sys_openat2(devpts, "ptmx", O_RDWR | O_NOCTTY, 0, RESOLVE_HERE);
	sys_close(devpts);
	if (master < 0)
		return init_doing(in, "open /dev/pts/ptmx", master);
	if (!is_device(master, PTMX_MAJOR, PTMX_MAJOR, &minor) || minor != PTMX_MINOR)
		r = init_doing(in, "=/dev/pts/ptmx is not a ptmx device", -ENODEV);
	else
		r = init_doing(in, "ioctl TIOCSPTLCK", sys_ioctl(master, TIOCSPTLCK, &unlock));
	if (r < 0)
		sys_close(master);
	return r < 0 ? r : master;
}

static int open_slave(struct init *in, int master)
{
	unsigned minor;
	int slave =
		sys_ioctl(master, TIOCGPTPEER, (void *)(uintptr_t)(O_RDWR | O_NOCTTY | O_CLOEXEC));

	if (slave < 0)
		return init_doing(in, "ioctl TIOCGPTPEER", slave);
	if (!is_device(slave, PTS_MAJOR_FIRST, PTS_MAJOR_LAST, &minor)) {
		sys_close(slave);
		return init_doing(in, "=the terminal is not a pts device", -ENODEV);
	}
	return slave;
}

int step_pty_open(struct init *in, const struct step_pty_open *s)
{
	struct winsize size = {.ws_row = (unsigned short)s->height,
			       .ws_col = (unsigned short)s->width};
	int slave, r, master = open_master(in, init_fd(in, s->root));

	if (master < 0)
		return master;
	init_put(in, s->master, master);
	slave = open_slave(in, master);
	if (slave < 0)
		return slave;
	init_put(in, s->slave, slave);
	if (s->height || s->width) {
		r = sys_ioctl(master, TIOCSWINSZ, &size);
		if (r < 0)
			return init_doing(in, "ioctl TIOCSWINSZ", r);
	}
	/* The group stays the one that devpts was mounted with (tty). */
	return init_doing(in, "fchown terminal",
			  sys_fchownat(slave, "", (uint32_t)s->uid, (uint32_t)-1, AT_EMPTY_PATH));
}

/* The place for the console, a file that is made when it is missing. A link is refused: it would
 * lead the file somewhere else (CVE-2026-88264). */
static int open_console(int root)
{
	char name[256];
	int fd, r, dir = resolve_parent(root, "/dev/console", name);

	if (dir < 0)
		return dir;
	r = sys_mknodat(dir, name, S_IFREG | 0666, 0);
	fd = r < 0 && r != -EEXIST ? r : sys_openat2(dir, name, O_PATH, 0, RESOLVE_HERE);
	/* Something is mounted there already: that is as good a place as any. */
	if (fd == -EXDEV)
		fd = sys_openat2(dir, name, O_PATH, 0, RESOLVE_HERE & ~(unsigned)RESOLVE_NO_XDEV);
	sys_close(dir);
	return fd;
}

int step_console_bind(struct init *in, const struct step_console_bind *s)
{
	int r, tree = sys_open_tree(init_fd(in, s->slave), "", 0);
	int console;

	if (tree < 0)
		return init_doing(in, "open_tree terminal", tree);
	console = open_console(init_fd(in, s->root));
	if (console >= 0) {
		r = init_doing(in, "move_mount /dev/console", sys_move_mount(tree, console));
		sys_close(console);
	} else {
		r = init_doing(in, "open /dev/console", console);
	}
	sys_close(tree);
	return r;
}

int step_pty_stdio(struct init *in, const struct step_pty_stdio *s)
{
	int slave = init_fd(in, s->slave);
	int r = sys_ioctl(slave, TIOCSCTTY, (void *)0);

	if (r < 0)
		return init_doing(in, "ioctl TIOCSCTTY", r);
	for (int fd = 0; fd < 3; fd++) {
		/* dup3 refuses equal numbers: the caller had that stream closed. */
		r = fd == slave ? sys_fcntl(fd, F_SETFD, 0) : sys_dup3(slave, fd, 0);
		if (r < 0)
			return init_doing(in, "dup3 terminal", r);
	}
	if (slave < 3)
		init_put(in, s->slave, -1);
	init_drop(in, s->slave);
	return 0;
}
