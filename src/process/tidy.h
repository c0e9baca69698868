/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Undoes what exec would hand on: all signals default and none blocked, no parent-death signal, all
 * descriptors from 3 + preserve on close-on-exec. Freestanding; also for a child before its exec.
 * 0 or -errno. */
int process_tidy(unsigned preserve);
