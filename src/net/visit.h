/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

struct err;

/* A netlink socket that belongs to the network namespace behind an nsfs descriptor. We stay where
 * we are: a caller of libhull has threads that count on it. fd or -errno. */
int visit_netlink(int ns, struct err *err);
