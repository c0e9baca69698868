/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What an image's /etc/passwd says. The image is hostile: bounded, no library, nothing but the home
 * directory of a numeric uid is believed. Freestanding. */

#include <stddef.h>
#include <stdint.h>

enum {
	PASSWD_SIZE_MAX = 1 << 20, /* bytes that are looked at */
	PASSWD_LINE_MAX = 1 << 16, /* a longer line is no entry */
	PASSWD_HOME_MAX = 4095,
};

/* The home directory of the first entry for uid in size bytes of text (passwd(5)). Returns its
 * length, *ret points into text; 0 when there is none that is an absolute path without control
 * characters. */
size_t passwd_home(const char *text, size_t size, uint32_t uid, const char **ret);
