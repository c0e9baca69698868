/* SPDX-License-Identifier: Apache-2.0 */

/* Limits in the files of cgroup v1 (Documentation/admin-guide/cgroup-v1 of the kernel). */

#include <inttypes.h>

#include "cgroups/limits.h"
#include "libocispec/ocispec.h"

/*
 * The kernel keeps limit <= memsw at every moment and says EINVAL else. Shrinking therefore wants
 * the limit first, growing the sum first: the limit is tried first, and again after the sum.
 */
void v1_memory(struct limits *l, const struct oci_memory *m)
{
	enum controller c = CONTROLLER_MEMORY;
	int64_t swap = m->has_swap ? m->swap : 0;
	unsigned missing = 0;

	if (m->has_use_hierarchy && m->use_hierarchy)
		limits_add(l, c, LIMIT_MISSING_OK, "memory.useHierarchy", "memory.use_hierarchy",
			   "1");
	if (m->has_limit && m->limit)
		limits_add(l, c, LIMIT_LATER, "memory.limit", "memory.limit_in_bytes", "%" PRId64,
			   m->limit);
	/* Lifting the limit alone would leave the sum where it is, a limit still. */
	if (m->has_limit && m->limit == -1 && !swap)
		swap = -1;
	/* A kernel without swap accounting has no file, and "unlimited" is what it does. */
	if (swap == -1)
		missing = LIMIT_MISSING_OK;
	if (swap)
		limits_add(l, c, missing, "memory.swap", "memory.memsw.limit_in_bytes", "%" PRId64,
			   swap);
	if (m->has_reservation && m->reservation)
		limits_add(l, c, 0, "memory.reservation", "memory.soft_limit_in_bytes", "%" PRId64,
			   m->reservation);
	if (m->has_swappiness)
		limits_add(l, c, 0, "memory.swappiness", "memory.swappiness", "%" PRIu64,
			   m->swappiness);
	/* A new cgroup has the killer on. */
	if (m->has_disable_oom_killer && (m->disable_oom_killer || l->update))
		limits_add(l, c, 0, "memory.disableOOMKiller", "memory.oom_control", "%d",
			   m->disable_oom_killer);
}

/* The kernel moves a value out of range to the nearest end without a word. */
static void shares(struct limits *l, const struct oci_cpu *cpu)
{
	if (!cpu->has_shares || !cpu->shares)
		return;
	if (cpu->shares < 2)
		limits_refuse(l, "cpu.shares", "the minimum allowed cpu-shares is 2");
	else if (cpu->shares > 262144)
		limits_refuse(l, "cpu.shares", "the maximum allowed cpu-shares is 262144");
	else if (!cpu->has_idle || cpu->idle != 1)
		/* EINVAL while cpu.idle is 1, which comes later in this list */
		limits_add(l, CONTROLLER_CPU, LIMIT_LATER, "cpu.shares", "cpu.shares", "%" PRIu64,
			   cpu->shares);
}

void v1_cpu(struct limits *l, const struct oci_cpu *cpu)
{
	enum controller c = CONTROLLER_CPU;

	shares(l, cpu);
	if (cpu->has_idle)
		limits_add(l, c, cpu->idle ? 0 : LIMIT_MISSING_OK, "cpu.idle", "cpu.idle",
			   "%" PRId64, cpu->idle);
	/* quota / period must not exceed the parent's, burst not the quota: each write is checked
	 * against the present values of the others. */
	if (cpu->has_period && cpu->period)
		limits_add(l, c, LIMIT_LATER, "cpu.period", "cpu.cfs_period_us", "%" PRIu64,
			   cpu->period);
	if (cpu->has_burst)
		limits_add(l, c, LIMIT_LATER | (cpu->burst ? 0 : LIMIT_MISSING_OK), "cpu.burst",
			   "cpu.cfs_burst_us", "%" PRIu64, cpu->burst);
	if (cpu->has_quota && cpu->quota)
		limits_add(l, c, LIMIT_LATER, "cpu.quota", "cpu.cfs_quota_us", "%" PRId64,
			   cpu->quota > 0 ? cpu->quota : -1);
	if (cpu->has_realtime_period && cpu->realtime_period)
		limits_add(l, c, LIMIT_LATER, "cpu.realtimePeriod", "cpu.rt_period_us", "%" PRIu64,
			   cpu->realtime_period);
	if (cpu->has_realtime_runtime && cpu->realtime_runtime)
		limits_add(l, c, 0, "cpu.realtimeRuntime", "cpu.rt_runtime_us", "%" PRId64,
			   cpu->realtime_runtime);
}

/* BFQ has files of its own; those without its name were CFQ's and are gone since Linux 5.0. */
static void weights(struct limits *l, const struct oci_block_io *io)
{
	enum controller c = CONTROLLER_IO;

	if (io->has_weight && io->weight) {
		limits_add(l, c, 0, "blockIO.weight", "blkio.bfq.weight", "%u", io->weight);
		limits_or(l, "blkio.weight", "%u", io->weight);
	}
	if (io->has_leaf_weight && io->leaf_weight)
		limits_add(l, c, 0, "blockIO.leafWeight", "blkio.leaf_weight", "%u",
			   io->leaf_weight);
	for (size_t i = 0; i < io->n_weight_device; i++) {
		const struct oci_weight_device *d = &io->weight_device[i];
		const char *origin = limits_text(l, "blockIO.weightDevice[%zu]", i);
		const char *device = limits_text(l, "%" PRId64 ":%" PRId64, d->major, d->minor);

		if (d->has_weight && d->weight) {
			limits_add(l, c, 0, origin, "blkio.bfq.weight_device", "%s %u", device,
				   d->weight);
			limits_or(l, "blkio.weight_device", "%s %u", device, d->weight);
		}
		if (d->has_leaf_weight && d->leaf_weight)
			limits_add(l, c, 0, origin, "blkio.leaf_weight_device", "%s %u", device,
				   d->leaf_weight);
	}
}

static void throttle(struct limits *l, const char *name, const char *file,
		     const struct oci_throttle_device *device, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *origin = limits_text(l, "blockIO.%s[%zu]", name, i);

		limits_add(l, CONTROLLER_IO, 0, origin, file, "%" PRId64 ":%" PRId64 " %" PRIu64,
			   device[i].major, device[i].minor, device[i].rate);
	}
}

void v1_block_io(struct limits *l, const struct oci_block_io *io)
{
	weights(l, io);
	throttle(l, "throttleReadBpsDevice", "blkio.throttle.read_bps_device",
		 io->throttle_read_bps_device, io->n_throttle_read_bps_device);
	throttle(l, "throttleWriteBpsDevice", "blkio.throttle.write_bps_device",
		 io->throttle_write_bps_device, io->n_throttle_write_bps_device);
	throttle(l, "throttleReadIOPSDevice", "blkio.throttle.read_iops_device",
		 io->throttle_read_iops_device, io->n_throttle_read_iops_device);
	throttle(l, "throttleWriteIOPSDevice", "blkio.throttle.write_iops_device",
		 io->throttle_write_iops_device, io->n_throttle_write_iops_device);
}

void v1_hugepage(struct limits *l, const struct oci_hugepage_limit *h, const char *origin)
{
	const char *file = limits_text(l, "hugetlb.%s.limit_in_bytes", h->page_size);
	const char *reserved = limits_text(l, "hugetlb.%s.rsvd.limit_in_bytes", h->page_size);

	/* Reservations are limited since Linux 5.7; before that faults alone, as the spec says. */
	limits_add(l, CONTROLLER_HUGETLB, 0, origin, file, "%" PRIu64, h->limit);
	limits_add(l, CONTROLLER_HUGETLB, LIMIT_MISSING_OK, origin, reserved, "%" PRIu64, h->limit);
}

void v1_network(struct limits *l, const struct oci_network *n)
{
	if (n->has_class_id && n->class_id)
		limits_add(l, CONTROLLER_NET_CLS, 0, "network.classID", "net_cls.classid",
			   "%" PRIu32, n->class_id);
	for (size_t i = 0; i < n->n_priorities; i++)
		limits_add(l, CONTROLLER_NET_PRIO, 0, "network.priorities", "net_prio.ifpriomap",
			   "%s %" PRIu32, n->priorities[i].name, n->priorities[i].priority);
}
