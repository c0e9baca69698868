/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The descriptors that --preserve-fds hands on, and RLIMIT_NOFILE of hull and hull-init. Each mount
 * source is a descriptor until it is mounted, and the soft limit is 1024 by tradition, so a config
 * with thousands of mounts needs more. What the container's program gets is what our caller had.
 */

struct err;
struct oci_process;
struct request;

/* Whether our caller has 3 to 3+n-1 open. To be asked first of all: what we open ourselves fills
 * holes. hull-init asks again (tidy), when it could be known only after mounts and hooks. */
int descriptors_check(unsigned n, struct err *err);

/* Raises our soft limit, as far as the hard one goes, if the request's mounts need it, and notes
 * the old one in request->nofile. */
int descriptors_reserve(struct request *request, struct err *err);

/* The limits of our caller again: for us, once hull-init is there (it keeps the raised one) */
void descriptors_release(const struct request *request);
/* and for hull-init, unless process sets its own. */
int descriptors_limit(const struct request *request, const struct oci_process *process, int pid,
		      struct err *err);
