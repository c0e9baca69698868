/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

/* Decimal digits only, to the last character, within the given bounds: no sign (number_i64 allows
 * one leading '-'), no blank, no base prefix. "" is -EINVAL, out of bounds -ERANGE. *ret is
 * written only on success. Every id that hull reads goes through these (attack class A.4). */
int number_u64(const char *text, uint64_t max, uint64_t *ret);
int number_i64(const char *text, int64_t min, int64_t max, int64_t *ret);

/* A uid or gid: 0 to 4294967294. 4294967295 is (uid_t)-1, "keep" for setresuid(2): -ERANGE. */
int number_id(const char *text, uint32_t *ret);
