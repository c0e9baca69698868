/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Network devices of the host that move into the container (linux.netDevices). All of it is the
 * host's work: hull-init only waits (MESSAGE_NETWORK) while its network namespace is furnished.
 */

#include "plan/request.h"

struct buf;
struct err;
struct netdevices;
struct oci_report;

/* Names that the kernel would refuse, names that meet, no network namespace of its own. */
void net_check(const struct request *request, struct oci_report *report);

/* Adds the barrier MESSAGE_NETWORK when there are devices to move. The container's network
 * namespace and its cgroups must have been planned before. */
void net_plan(const struct request *request, struct plan *plan);

/* One line for each device, in the words of a plan. */
void net_dump(const struct request *request, struct buf *buf);

/*
 * Moves the devices into the network namespace of process pid (a child that waits, so that its pid
 * stays its own): under their new names, with their permanent global addresses, up. On failure all
 * are back where they were. *ret_moved lives in request->arena and holds descriptors until
 * netdevices_keep or netdevices_return.
 */
int netdevices_move(const struct request *request, int pid, struct netdevices **ret_moved,
		    struct err *err);

/* The creation has failed: moves back what was moved, with name, addresses and state as they were
 * (routes are lost, the kernel drops them with the first move). What cannot be moved back is told
 * as a warning. NULL is fine. */
void netdevices_return(struct netdevices *moved);

/* The devices belong to the network namespace now: nobody moves them out of it (config-linux.md,
 * "Namespace Lifecycle and Container Termination"). NULL is fine. */
void netdevices_keep(struct netdevices *moved);
