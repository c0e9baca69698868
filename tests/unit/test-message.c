/* SPDX-License-Identifier: Apache-2.0 */

/* Notes between hull and hull-init: whole, with descriptors, and the last words of the dead. */

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/message.h"
#include "tap.h"

static int pair[2];

static void open_pair(void)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		ok(false, "socketpair");
}

static void close_pair(void)
{
	close(pair[0]);
	if (pair[1] >= 0)
		close(pair[1]);
}

static void test_descriptors(void)
{
	struct plan_note note = {.message = MESSAGE_CGROUP, .value = 7}, got;
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	const int fds[] = {null, null};
	int received[2] = {-1, -1};
	unsigned n = 9;

	open_pair();
	is_int(message_send(pair[1], &note, fds, 2), 0, "send two descriptors");
	is_int(message_receive(pair[0], &got, received, 2, &n), 1, "receive them");
	is_int(n, 2, "their number");
	is_int(got.value, 7, "what came with them");
	for (int i = 0; i < 2; i++) {
		is_int(fcntl(received[i], F_GETFD), FD_CLOEXEC, "close-on-exec");
		close(received[i]);
	}
	message_send(pair[1], &note, fds, 2);
	is_int(message_receive(pair[0], &got, received, 1, &n), -EPROTO, "one too many");
	close(null);
	close_pair();
}

static void test_sizes(void)
{
	struct plan_note got = {0};
	unsigned n;

	open_pair();
	ok(write(pair[1], &got, sizeof got - 1) > 0, "send less than a note");
	is_int(message_receive(pair[0], &got, NULL, 0, &n), -EPROTO, "it is refused");
	close_pair();
}

/* hull tells of cgroups without being asked; an init that fails meanwhile does not read it. */
static void test_last_words(void)
{
	struct plan_note note = {.message = MESSAGE_CGROUP}, got = {0};
	unsigned n;

	open_pair();
	message_send(pair[0], &note, NULL, 0);
	note = (struct plan_note){.message = MESSAGE_FAILED, .code = ENOENT, .text = "open"};
	message_send(pair[1], &note, NULL, 0);
	close(pair[1]);
	pair[1] = -1;
	is_int(message_receive(pair[0], &got, NULL, 0, &n), 1, "the last note of a dead peer");
	is_int(got.message, MESSAGE_FAILED, "is what it failed with");
	is_str(got.text, "open", "and where");
	is_int(message_receive(pair[0], &got, NULL, 0, &n), 0, "then the end");
	is_int(message_send(pair[0], &note, NULL, 0), -EPIPE, "nobody is there");
	close_pair();
}

int main(void)
{
	test_descriptors();
	test_sizes();
	test_last_words();
	return done_testing();
}
