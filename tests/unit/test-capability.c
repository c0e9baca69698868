/* SPDX-License-Identifier: Apache-2.0 */

/* Capability names and the sets that a process gets. */

#include <linux/capability.h>

#include "base/str.h"
#include "libocispec/ocispec.h"
#include "process/capability.h"
#include "process/process.h"
#include "tap.h"

#define BIT(cap) (UINT64_C(1) << (cap))
#define ALL UINT64_MAX

static void test_names(void)
{
	bool both_ways = true;
	int n;

	is_int(capability_number("CAP_CHOWN"), CAP_CHOWN, "the first");
	is_int(capability_number("CAP_SYS_ADMIN"), CAP_SYS_ADMIN, "CAP_SYS_ADMIN");
	is_int(capability_number("CAP_CHECKPOINT_RESTORE"), 40, "the last of the table");
	is_int(capability_number("cap_net_raw"), CAP_NET_RAW, "small letters will do");
	is_int(capability_number("NET_RAW"), -1, "the prefix is part of the name");
	is_int(capability_number("CAP_NET_RA"), -1, "no abbreviations");
	is_int(capability_number("CAP_NET_RAW "), -1, "nothing behind the name");
	is_int(capability_number(""), -1, "an empty name");
	is_int(capability_number("CAP_"), -1, "only the prefix");
	is_int(capability_number("CAP_12"), -1, "a number is no name");
	is_int(capability_number("12"), -1, "a number without prefix is none either");
	for (n = 0; capability_name(n); n++)
		both_ways = both_ways && capability_number(capability_name(n)) == n;
	is_int(n, 41, "41 capabilities are known");
	ok(both_ways, "each name leads to its number and back");
	ok(!capability_name(-1), "no name for -1");
	ok(!capability_name(64), "no name for 64");
	ok(capability_last() >= CAP_AUDIT_READ && capability_last() < 64,
	   "the kernel's last capability is a sane number");
}

static void test_sets(void)
{
	const char *chown_kill[] = {"CAP_CHOWN", "CAP_KILL", NULL};
	const char *chown[] = {"CAP_CHOWN", NULL};
	struct oci_capabilities config = {0};
	struct capability_sets sets = capability_sets_of(NULL, ALL);

	ok(!sets.bounding && !sets.permitted && !sets.effective && !sets.inheritable &&
		   !sets.ambient,
	   "without capabilities in the config there are none at all");

	config.bounding = config.permitted = config.effective = chown_kill;
	config.n_bounding = config.n_permitted = config.n_effective = 2;
	sets = capability_sets_of(&config, ALL);
	is_int((long long)sets.bounding, (long long)(BIT(CAP_CHOWN) | BIT(CAP_KILL)), "bounding");
	is_int((long long)sets.effective, (long long)sets.bounding, "effective");
	ok(!sets.inheritable && !sets.ambient,
	   "inheritable and ambient stay empty unless asked for (CVE-2022-29162)");

	config.permitted = chown;
	config.n_permitted = 1;
	sets = capability_sets_of(&config, ALL);
	is_int((long long)sets.effective, (long long)BIT(CAP_CHOWN),
	       "effective lies within permitted");

	config.ambient = config.inheritable = chown_kill;
	config.n_ambient = config.n_inheritable = 2;
	config.bounding = chown;
	config.n_bounding = 1;
	sets = capability_sets_of(&config, ALL);
	is_int((long long)sets.inheritable, (long long)BIT(CAP_CHOWN),
	       "inheritable lies within bounding");
	is_int((long long)sets.ambient, (long long)BIT(CAP_CHOWN),
	       "ambient lies within permitted and inheritable");

	sets = capability_sets_of(&config, BIT(CAP_KILL));
	ok(!sets.permitted && !sets.bounding, "what is not available is not granted");
}

static void test_mask(void)
{
	const char *names[] = {"CAP_SYS_ADMIN", "CAP_BOGUS", "CAP_SYS_ADMIN", NULL};

	is_int((long long)capability_mask(names, 3), (long long)BIT(CAP_SYS_ADMIN),
	       "unknown names give no bit, repeated ones no other");
	is_int((long long)capability_mask(NULL, 0), 0, "an empty list");
	ok((capability_available(true) & BIT(CAP_CHOWN)) != 0,
	   "in a user namespace of its own a container can have CAP_CHOWN");
	ok((capability_available(false) & ~capability_available(true)) == 0,
	   "and never less than outside of one");
}

int main(void)
{
	test_names();
	test_sets();
	test_mask();
	return done_testing();
}
