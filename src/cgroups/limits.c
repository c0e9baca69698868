/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroups/limits.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"

const char *limits_text(struct limits *l, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = arena_vprintf(l->arena, fmt, ap);
	va_end(ap);
	if (text)
		return text;
	l->no_memory = true;
	return "";
}

void limits_refuse(struct limits *l, const char *origin, const char *fmt, ...)
{
	char path[256], text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	snprintf(path, sizeof path, "linux.resources%s%s", *origin ? "." : "", origin);
	if (l->report)
		oci_report_add(l->report, l->text, l->text_size, path, OCI_ERROR, "%s", text);
	else if (!l->refused)
		err_text(l->err, EINVAL, "%s: %s", path, text);
	l->refused = true;
}

void limits_ignore(struct limits *l, const char *origin, const char *why)
{
	if (l->report) {
		const char *path = limits_text(l, "linux.resources.%s", origin);

		oci_report_add(l->report, l->text, l->text_size, path, OCI_WARNING,
			       "is ignored: %s", why);
	} else {
		log_say(LOG_WARNING, "linux.resources.%s is ignored: %s", origin, why);
	}
}

static struct limit *new_limit(struct limits *l)
{
	if (l->n == l->room) {
		size_t room = l->room ? 2 * l->room : 16;
		struct limit *grown = arena_grow(l->arena, l->item, l->n, room, sizeof *grown);

		if (!grown) {
			l->no_memory = true;
			return NULL;
		}
		l->item = grown;
		l->room = room;
	}
	return &l->item[l->n];
}

void limits_add(struct limits *l, enum controller c, unsigned flags, const char *origin,
		const char *file, const char *fmt, ...)
{
	struct limit *limit;
	va_list ap;

	if (!layout_find(l->layout, c)) {
		limits_refuse(l, origin, "the %s controller is not available on this machine",
			      controller_name(c, l->layout->unified));
		return;
	}
	limit = new_limit(l);
	if (!limit)
		return;
	va_start(ap, fmt);
	*limit = (struct limit){
		.controller = c,
		.origin = limits_text(l, "%s", origin),
		.file = file,
		.value = arena_vprintf(l->arena, fmt, ap),
		.flags = flags,
	};
	va_end(ap);
	if (!limit->value)
		l->no_memory = true;
	else
		l->n++;
}

void limits_or(struct limits *l, const char *file, const char *fmt, ...)
{
	struct limit *limit = l->n ? &l->item[l->n - 1] : NULL;
	va_list ap;

	if (!limit || l->refused)
		return;
	va_start(ap, fmt);
	limit->or_file = file;
	limit->or_value = arena_vprintf(l->arena, fmt, ap);
	va_end(ap);
	if (!limit->or_value)
		l->no_memory = true;
}

bool limits_v2(struct limits *l, enum controller c)
{
	const struct hierarchy *h = layout_find(l->layout, c);

	/* Without one anything asked for is refused, in the words of the machine's version. */
	return h ? h->v2 : l->layout->unified;
}

/* memory sizes: bytes, -1 for unlimited (config-linux.md, "Memory"). */
static void check_memory(struct limits *l, const struct oci_memory *m)
{
	const struct {
		const char *origin;
		bool has;
		int64_t value;
	} sizes[] = {
		{"memory.limit", m->has_limit, m->limit},
		{"memory.reservation", m->has_reservation, m->reservation},
		{"memory.swap", m->has_swap, m->swap},
	};

	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
		if (sizes[i].has && sizes[i].value < -1)
			limits_refuse(l, sizes[i].origin, "%" PRId64 " is no size", sizes[i].value);
	if (m->has_limit && m->limit > 0 && m->has_swap && m->swap > 0 && m->swap < m->limit)
		limits_refuse(l, "memory.swap",
			      "is memory and swap together: it must not be below the memory limit");
	if (m->has_swappiness && m->swappiness > 100)
		limits_refuse(l, "memory.swappiness", "%" PRIu64 " is not from 0 to 100",
			      m->swappiness);
	if (m->has_kernel && m->kernel)
		limits_ignore(l, "memory.kernel", "the kernel has no limit for its memory alone");
	if (m->has_kernel_tcp && m->kernel_tcp)
		limits_ignore(l, "memory.kernelTCP",
			      "the kernel has no limit for its memory alone");
}

static void memory(struct limits *l, const struct oci_memory *m)
{
	check_memory(l, m);
	if (limits_v2(l, CONTROLLER_MEMORY))
		v2_memory(l, m);
	else
		v1_memory(l, m);
}

/* A list as of "0-3,7": what it means is the kernel's business, that it is one is checked. */
static void cpuset_list(struct limits *l, const char *origin, const char *file, const char *list)
{
	if (!list || !*list)
		return;
	if (list[strspn(list, "0123456789,- ")])
		limits_refuse(l, origin, "\"%.64s\" is no list like 0-3,7", list);
	else
		limits_add(l, CONTROLLER_CPUSET, 0, origin, file, "%s", list);
}

static void cpu(struct limits *l, const struct oci_cpu *c)
{
	if (c->has_burst && c->has_quota && c->quota > 0 && c->burst > (uint64_t)c->quota)
		limits_refuse(l, "cpu.burst", "%" PRIu64 " is above the quota of %" PRId64,
			      c->burst, c->quota);
	if (c->has_idle && c->idle != 0 && c->idle != 1)
		limits_refuse(l, "cpu.idle", "%" PRId64 " is not 0 or 1", c->idle);
	if (limits_v2(l, CONTROLLER_CPU))
		v2_cpu(l, c);
	else
		v1_cpu(l, c);
	cpuset_list(l, "cpu.cpus", "cpuset.cpus", c->cpus);
	cpuset_list(l, "cpu.mems", "cpuset.mems", c->mems);
}

static void pids(struct limits *l, const struct oci_pids *p)
{
	/* The file takes 0, but a cgroup with no process at all cannot be meant: 1, as in runc. */
	if (p->limit < 0)
		limits_add(l, CONTROLLER_PIDS, 0, "pids.limit", "pids.max", "max");
	else
		limits_add(l, CONTROLLER_PIDS, 0, "pids.limit", "pids.max", "%" PRId64,
			   p->limit ? p->limit : 1);
}

/* A file's name is made of it: "../" must never get that far. */
static bool page_size(const char *text)
{
	size_t n = strspn(text, "0123456789");

	return n > 0 && n < 20 && *text != '0' && text[n] && strchr("KMG", text[n]) &&
	       text[n + 1] == 'B' && !text[n + 2];
}

static void hugepages(struct limits *l, const struct oci_resources *r)
{
	for (size_t i = 0; i < r->n_hugepage_limits; i++) {
		const struct oci_hugepage_limit *h = &r->hugepage_limits[i];
		const char *origin = limits_text(l, "hugepageLimits[%zu]", i);

		if (!page_size(h->page_size))
			limits_refuse(l, origin, "\"%.64s\" is no page size like 2MB or 1GB",
				      h->page_size);
		else if (limits_v2(l, CONTROLLER_HUGETLB))
			v2_hugepage(l, h, origin);
		else
			v1_hugepage(l, h, origin);
	}
}

/* The file takes one line of words: a name with a blank or newline would be another line. */
static bool plain_name(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < n; i++)
		if ((unsigned char)name[i] <= 0x20 || name[i] == 0x7f || name[i] == '/')
			return false;
	return n > 0 && n < 64;
}

static void rdma(struct limits *l, const struct oci_resources *r)
{
	for (size_t i = 0; i < r->n_rdma; i++) {
		const struct oci_rdma *d = &r->rdma[i];
		const char *handles = "", *objects = "", *origin;

		origin = limits_text(l, "rdma[\"%.64s\"]", d->key);
		if (!plain_name(d->key)) {
			limits_refuse(l, origin, "is no name of a device");
			continue;
		}
		if (d->has_hca_handles)
			handles = limits_text(l, " hca_handle=%" PRIu32, d->hca_handles);
		if (d->has_hca_objects)
			objects = limits_text(l, " hca_object=%" PRIu32, d->hca_objects);
		if (*handles || *objects)
			limits_add(l, CONTROLLER_RDMA, 0, origin, "rdma.max", "%s%s%s", d->key,
				   handles, objects);
	}
}

static void network(struct limits *l, const struct oci_network *n)
{
	for (size_t i = 0; i < n->n_priorities; i++)
		if (!plain_name(n->priorities[i].name))
			limits_refuse(l, "network.priorities", "\"%.64s\" is no interface's name",
				      n->priorities[i].name);
	if (l->layout->unified)
		v2_network(l, n);
	else
		v1_network(l, n);
}

int limits_build(struct limits *l, const struct oci_resources *r)
{
	if (!r)
		return 0;
	if (r->memory)
		memory(l, r->memory);
	if (r->cpu)
		cpu(l, r->cpu);
	if (r->pids && r->pids->has_limit)
		pids(l, r->pids);
	if (r->block_io && limits_v2(l, CONTROLLER_IO))
		v2_block_io(l, r->block_io);
	else if (r->block_io)
		v1_block_io(l, r->block_io);
	hugepages(l, r);
	rdma(l, r);
	if (r->network)
		network(l, r->network);
	if (r->n_unified && !l->layout->unified)
		limits_refuse(l, "unified",
			      "invalid configuration: cannot use unified on cgroup v1");
	else
		v2_unified(l, r);
	if (l->no_memory)
		return err_set(l->err, ENOMEM, "linux.resources");
	return l->refused ? -EINVAL : 0;
}

void limits_dump(const struct limits *l, struct buf *buf)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct limit *limit = &l->item[i];

		buf_printf(buf, "%s = ", limit->file);
		buf_json(buf, limit->value);
		if (limit->or_file) {
			buf_printf(buf, " or %s = ", limit->or_file);
			buf_json(buf, limit->or_value);
		}
		if (limit->flags & LIMIT_KEEP_QUOTA)
			buf_str(buf, " (keeps the quota)");
		if (limit->flags & LIMIT_MISSING_OK)
			buf_str(buf, " (if there)");
		buf_str(buf, "\n");
	}
}
