/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "plan/step.h"

/* Maps the plan behind fd (privately: vectors are relocated in place), checks once that every
 * offset, length and slot in it lies inside, closes fd. 0 or -errno. After this nothing that a step
 * reads from the image can point outside. */
int init_load(struct init *in, int fd);

/* Checks and relocates an image of size bytes that is mapped already (also the fuzzer's entry). */
int init_check(struct init *in, char *image, uint64_t size);

/* Runs all steps in order. Does not return when the last one, exec, is successful. On a failure
 * the host is told (MESSAGE_FAILED) and the step's negative errno is returned. */
int init_run(struct init *in);
