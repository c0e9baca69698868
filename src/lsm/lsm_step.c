/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <fcntl.h>

#include "plan/step.h"
#include "sys/file.h"
#include "sys/procfs.h"
#include "sys/text.h"

/*
 * What is in the attribute after the write. AppArmor is told "exec PROFILE" and answers
 * "PROFILE (mode)\n"; SELinux answers the context, maybe with a NUL.
 */
static bool label_took(const char *label, const char *got, size_t size)
{
	const char *wanted = text_after(label, "exec ");
	size_t n;

	if (!wanted)
		wanted = label;
	n = text_length(wanted);
	if (size < n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (got[i] != wanted[i])
			return false;
	return size == n || got[n] == '\0' || got[n] == '\n' || got[n] == ' ';
}

static int read_back(struct init *in, int procfs, const char *path, const char *label)
{
	char got[4096];
	int fd = procfs_open(procfs, path, O_RDONLY);
	long n = fd < 0 ? fd : sys_read(fd, got, sizeof got);

	if (fd >= 0)
		sys_close(fd);
	/* Not every module lets itself be read; then the successful write has to be enough. */
	if (n < 0)
		return 0;
	if (!label_took(label, got, (size_t)n))
		return init_doing(in, "=the label was written, but is not there", -EPERM);
	return 0;
}

int step_lsm_label(struct init *in, const struct step_lsm_label *s)
{
	int procfs = init_fd(in, s->procfs);
	const char *path = s->path;
	int r = procfs_write(procfs, path, s->label, text_length(s->label));

	/* attr/apparmor/exec is there since Linux 5.8; attr/exec belongs to the module that came
	 * first. */
	if (r == -ENOENT && s->fallback) {
		path = s->fallback;
		r = procfs_write(procfs, path, s->label, text_length(s->label));
	}
	if (r < 0)
		return init_doing(in, "write label", r);
	return read_back(in, procfs, path, s->label);
}
