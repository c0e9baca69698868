/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a container's record: what is accepted is written again, and that is read to the
 * same bytes. */
#include "container/record.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "container/store.h"
#include "libocispec/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ARENA_AUTO struct arena arena = ARENA_INIT;
	AUTO_BUF struct buf first = BUF_INIT, second = BUF_INIT;
	struct store_record record;
	int r = record_parse(&arena, (const char *)data, size, &record);

	require(r == 0 || r == -ENODATA || r == -ENOMEM);
	if (r < 0)
		return 0;
	record_write(&record, &first);
	require(record_parse(&arena, first.data, first.size, &record) == 0);
	record_write(&record, &second);
	require(first.size == second.size && memcmp(first.data, second.data, first.size) == 0);
	return 0;
}
