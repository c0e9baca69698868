/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "plan/request.h"

struct err;
struct oci_report;

/* Reads linux.namespaces into request->ns_new / ns_joined. */
void namespaces_read(struct request *request);

/* Meaning: mappings without a user namespace, duplicate types, hostname without uts, time offsets
 * without time, sysctl keys that are not namespaced or whose namespace is the host's, ... */
void namespaces_check(const struct request *request, struct oci_report *report);

/* The ids of a process must be mapped in the container's user namespace: for config.process this is
 * part of namespaces_check; path as for process_check. */
struct oci_process;
void namespaces_check_user(const struct request *request, const struct oci_process *process,
			   const char *path, struct oci_report *report);

/* Joins by path and makes what clone3 did not (launch makes user and PID namespaces at birth, when
 * they are new and no user namespace is joined): join, become_root, unshare, sibling, loopback.
 * Time offsets are written here. The cgroup namespace is not: namespaces_plan_cgroup does that
 * once we are in our cgroup. */
int namespaces_plan(struct request *request, struct plan *plan, struct err *err);
void namespaces_plan_cgroup(struct request *request, struct plan *plan);

/* hostname, domainname, sysctl: after pivot. */
int namespaces_plan_names(struct request *request, struct plan *plan, struct err *err);

/* CLONE_NEW* that launch passes to clone3: user and pid, where new and possible. When some other
 * namespace is joined the user namespace cannot be first, since nobody in a new one may join what
 * belongs to its parents: then hull-init makes it later and asks for the id maps
 * (MESSAGE_ID_MAPS). */
uint64_t namespaces_at_birth(const struct request *request);

/* What hull-init does about them itself, in its first steps, and has to tell the host of:
 * CLONE_NEWUSER: it will ask for id maps (MESSAGE_ID_MAPS); CLONE_NEWPID: it will go on under
 * another pid (MESSAGE_SIBLING). */
uint64_t namespaces_late(const struct request *request);

/* Writes /proc/PID/{uid_map,setgroups,gid_map}: directly, or by newuidmap and newgidmap (absolute
 * path, clean environment) when hull is not privileged. The maps may have several lines. */
struct oci_linux;
int idmap_write(const struct oci_linux *linux_config, int pid, struct err *err);
/* The host's id of a container's uid (gid); the id itself without mappings; -1 when unmapped. */
int64_t idmap_host_uid(const struct oci_linux *linux_config, uint32_t uid);
int64_t idmap_host_gid(const struct oci_linux *linux_config, uint32_t gid);

/* CLONE_NEW* of a type name, its name ("mount", "network") and its file in /proc/PID/ns ("mnt"). */
const char *namespaces_file(uint64_t flag);
const char *namespaces_name(uint64_t flag);
