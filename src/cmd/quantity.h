/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

/* Bytes: "-1", "4096", "100M", "1.5g", "2GiB"; units count by 1024. 0, -EINVAL or -ERANGE. */
int quantity_bytes(const char *text, int64_t *ret);

/* A time in milliseconds: "5s", "500ms", "1m30s", "1.5h". 0, -EINVAL or -ERANGE. */
int quantity_ms(const char *text, int64_t *ret);
