/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Lists of CPUs and memory nodes: "0-3,7" with blanks between the parts. */

enum { NUMBER_LIST_MAX = 8192 }; /* the largest CONFIG_NR_CPUS of Linux */

struct number_list {
	uint64_t bits[NUMBER_LIST_MAX / 64];
	size_t n; /* numbers in it */
};

/* -EINVAL for what is not such a list (an empty part, a range that runs backwards), -ERANGE for
 * numbers from NUMBER_LIST_MAX on. "" and blanks are an empty list. *ret only on success. */
int number_list_parse(const char *text, struct number_list *ret);

/* Bytes of bits up to the highest number, a multiple of 8, at least 8. */
size_t number_list_size(const struct number_list *list);
