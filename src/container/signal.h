/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A signal by number (0 to 64), name ("KILL", "SIGKILL", any case), or place among the real-time
 * ones ("RTMIN+3", "RTMAX-1"). -EINVAL: there is no such. */
int signal_number(const char *text, int *ret);
