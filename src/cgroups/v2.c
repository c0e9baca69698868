/* SPDX-License-Identifier: Apache-2.0 */

/* Limits in the files of cgroup v2 (Documentation/admin-guide/cgroup-v2.rst of the kernel). */

#include <inttypes.h>
#include <string.h>

#include "base/str.h"
#include "cgroups/convert.h"
#include "cgroups/limits.h"
#include "libocispec/ocispec.h"

static void size(struct limits *l, const char *origin, const char *file, unsigned flags,
		 int64_t bytes)
{
	if (bytes == -1)
		limits_add(l, CONTROLLER_MEMORY, flags, origin, file, "max");
	else
		limits_add(l, CONTROLLER_MEMORY, flags, origin, file, "%" PRId64, bytes);
}

void v2_memory(struct limits *l, const struct oci_memory *m)
{
	int64_t limit = m->has_limit ? m->limit : 0, swap = 0;
	const char *why = NULL;
	int r = convert_swap(limit, m->has_swap ? m->swap : 0, &swap, &why);

	if (r < 0 && !(limit > 0))
		limits_refuse(l, "memory.swap", "%s", why);
	/* A kernel without swap has no file, and neither uses any nor limits it. */
	if (r > 0)
		size(l, "memory.swap", "memory.swap.max", swap <= 0 ? LIMIT_MISSING_OK : 0, swap);
	if (limit)
		size(l, "memory.limit", "memory.max", 0, limit);
	if (m->has_reservation && m->reservation)
		size(l, "memory.reservation", "memory.low", 0, m->reservation);
	if (m->has_swappiness)
		limits_refuse(l, "memory.swappiness", "cgroup v2 has no swappiness");
	if (m->has_disable_oom_killer && m->disable_oom_killer)
		limits_refuse(l, "memory.disableOOMKiller", "cgroup v2 cannot disable it");
	/* useHierarchy: v2 always does */
}

static void quota(struct limits *l, const struct oci_cpu *cpu)
{
	bool period = cpu->has_period && cpu->period;
	const char *behind = period ? limits_text(l, " %" PRIu64, cpu->period) : "";

	if (cpu->has_quota && cpu->quota > 0)
		limits_add(l, CONTROLLER_CPU, LIMIT_LATER, "cpu.quota", "cpu.max", "%" PRId64 "%s",
			   cpu->quota, behind);
	else if (cpu->has_quota && cpu->quota < 0)
		limits_add(l, CONTROLLER_CPU, LIMIT_LATER, "cpu.quota", "cpu.max", "max%s", behind);
	else if (period)
		limits_add(l, CONTROLLER_CPU, LIMIT_LATER | LIMIT_KEEP_QUOTA, "cpu.period",
			   "cpu.max", "%" PRIu64, cpu->period);
}

void v2_cpu(struct limits *l, const struct oci_cpu *cpu)
{
	enum controller c = CONTROLLER_CPU;

	/* EINVAL while cpu.idle is 1, which comes later in this list */
	if (cpu->has_shares && cpu->shares && !(cpu->has_idle && cpu->idle == 1))
		limits_add(l, c, LIMIT_LATER, "cpu.shares", "cpu.weight", "%" PRIu64,
			   convert_shares(cpu->shares));
	if (cpu->has_idle)
		limits_add(l, c, cpu->idle ? 0 : LIMIT_MISSING_OK, "cpu.idle", "cpu.idle",
			   "%" PRId64, cpu->idle);
	/* burst <= quota at every moment: one of the orders works */
	if (cpu->has_burst)
		limits_add(l, c, LIMIT_LATER | (cpu->burst ? 0 : LIMIT_MISSING_OK), "cpu.burst",
			   "cpu.max.burst", "%" PRIu64, cpu->burst);
	quota(l, cpu);
	if (cpu->has_realtime_runtime && cpu->realtime_runtime > 0)
		limits_refuse(l, "cpu.realtimeRuntime", "cgroup v2 has no realtime limits");
	if (cpu->has_realtime_period && cpu->realtime_period)
		limits_refuse(l, "cpu.realtimePeriod", "cgroup v2 has no realtime limits");
}

/* io.bfq.weight has v1's range, io.weight (io.cost) its own. */
static void weights(struct limits *l, const struct oci_block_io *io)
{
	if (io->has_weight && io->weight) {
		limits_add(l, CONTROLLER_IO, 0, "blockIO.weight", "io.bfq.weight", "%u",
			   io->weight);
		limits_or(l, "io.weight", "default %" PRIu64, convert_io_weight(io->weight));
	}
	if (io->has_leaf_weight && io->leaf_weight)
		limits_refuse(l, "blockIO.leafWeight", "cgroup v2 has no leaf weight");
	for (size_t i = 0; i < io->n_weight_device; i++) {
		const struct oci_weight_device *d = &io->weight_device[i];
		const char *origin = limits_text(l, "blockIO.weightDevice[%zu]", i);
		const char *device = limits_text(l, "%" PRId64 ":%" PRId64, d->major, d->minor);

		if (d->has_weight && d->weight) {
			limits_add(l, CONTROLLER_IO, 0, origin, "io.bfq.weight", "%s %u", device,
				   d->weight);
			limits_or(l, "io.weight", "%s %" PRIu64, device,
				  convert_io_weight(d->weight));
		}
		if (d->has_leaf_weight && d->leaf_weight)
			limits_refuse(l, origin, "cgroup v2 has no leaf weight");
	}
}

static void throttle(struct limits *l, const char *name, const char *key,
		     const struct oci_throttle_device *device, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *origin = limits_text(l, "blockIO.%s[%zu]", name, i);
		/* v1 lifts a limit with 0, v2 says EINVAL to it */
		const char *rate =
			device[i].rate ? limits_text(l, "%" PRIu64, device[i].rate) : "max";

		limits_add(l, CONTROLLER_IO, 0, origin, "io.max", "%" PRId64 ":%" PRId64 " %s=%s",
			   device[i].major, device[i].minor, key, rate);
	}
}

void v2_block_io(struct limits *l, const struct oci_block_io *io)
{
	weights(l, io);
	throttle(l, "throttleReadBpsDevice", "rbps", io->throttle_read_bps_device,
		 io->n_throttle_read_bps_device);
	throttle(l, "throttleWriteBpsDevice", "wbps", io->throttle_write_bps_device,
		 io->n_throttle_write_bps_device);
	throttle(l, "throttleReadIOPSDevice", "riops", io->throttle_read_iops_device,
		 io->n_throttle_read_iops_device);
	throttle(l, "throttleWriteIOPSDevice", "wiops", io->throttle_write_iops_device,
		 io->n_throttle_write_iops_device);
}

void v2_hugepage(struct limits *l, const struct oci_hugepage_limit *h, const char *origin)
{
	const char *file = limits_text(l, "hugetlb.%s.max", h->page_size);
	const char *reserved = limits_text(l, "hugetlb.%s.rsvd.max", h->page_size);

	limits_add(l, CONTROLLER_HUGETLB, 0, origin, file, "%" PRIu64, h->limit);
	limits_add(l, CONTROLLER_HUGETLB, LIMIT_MISSING_OK, origin, reserved, "%" PRIu64, h->limit);
}

void v2_network(struct limits *l, const struct oci_network *n)
{
	if (n->has_class_id && n->class_id)
		limits_refuse(l, "network.classID", "cgroup v2 has no net_cls controller");
	if (n->n_priorities)
		limits_refuse(l, "network.priorities", "cgroup v2 has no net_prio controller");
}

/*
 * Which controller a unified key belongs to; N_CONTROLLERS for none. "cgroup" is the core, whose
 * files move, kill and delegate: only its two limits are resources.
 */
static enum controller key_controller(const char *key)
{
	const char *dot = strchr(key, '.');

	if (!dot || !dot[1] ||
	    strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			"0123456789._-") != strlen(key))
		return N_CONTROLLERS;
	/* always there, so any controller that needs no enabling stands for the core */
	if (str_eq(key, "cgroup.max.depth") || str_eq(key, "cgroup.max.descendants"))
		return CONTROLLER_FREEZER;
	for (unsigned c = 0; c < N_CONTROLLERS; c++) {
		const char *name = controller_name(c, true);
		const char *behind = str_after(key, name);

		if (behind == dot && controller_bits(name, true))
			return (enum controller)c;
	}
	return N_CONTROLLERS;
}

void v2_unified(struct limits *l, const struct oci_resources *r)
{
	for (size_t i = 0; i < r->n_unified; i++) {
		const char *key = r->unified[i].key, *origin;
		enum controller c = key_controller(key);

		origin = limits_text(l, "unified[\"%.64s\"]", key);
		if (c == N_CONTROLLERS)
			limits_refuse(l, origin, "is no file CONTROLLER.PARAMETER of cgroup v2");
		else
			limits_add(l, c, LIMIT_LINES, origin, key, "%s", r->unified[i].value);
	}
}
