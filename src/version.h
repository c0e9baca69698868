/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The build can name the commit (-DHULL_COMMIT='"..."'); else it is the one with the version's tag.
 */
#define HULL_VERSION "0.1.0"
#ifndef HULL_COMMIT
#define HULL_COMMIT "v" HULL_VERSION
#endif

/* The runtime specification that hull implements, and the oldest that it reads. */
#define HULL_SPEC_VERSION "1.3.0"
#define HULL_SPEC_VERSION_MIN "1.0.0"
