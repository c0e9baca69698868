/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

struct arena;
struct err;
struct hull_state;
struct oci_state;

/* For `state` and `list`: what they print. */
int state_convert(struct arena *arena, const struct hull_state *state, const char *owner,
		  struct oci_state *ret, struct err *err);
