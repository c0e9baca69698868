/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an image's /etc/passwd: the home directory that comes back lies in the text and is
 * fit for an environment. The first four bytes are the uid. */
#include "process/passwd.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_uid(const char *text, size_t size, uint32_t uid)
{
	const char *home = NULL;
	size_t n = passwd_home(text, size, uid, &home);

	if (!n)
		return;
	if (home < text || n > size || home > text + size - n || *home != '/' ||
	    n > PASSWD_HOME_MAX)
		abort();
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)home[i] < ' ' || home[i] == ':' || home[i] == 0x7f)
			abort();
	/* Without the line it is found elsewhere or not at all: never from two lines. */
	if (memchr(home, '\n', n))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t uid;
	char *text;

	if (size < sizeof uid)
		return 0;
	memcpy(&uid, data, sizeof uid);
	size -= sizeof uid;
	/* a copy of its exact size: the sanitizer sees the first byte behind it */
	text = malloc(size ? size : 1);
	if (!text)
		abort();
	memcpy(text, data + sizeof uid, size);
	try_uid(text, size, uid);
	try_uid(text, size, 0);
	try_uid(text, size, 1000);
	free(text);
	return 0;
}
