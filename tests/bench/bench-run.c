/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Runs jobs in turn, A B C A B C ..., and says how long each took from spawn to exit.
 *
 *	bench-run ROUNDS WARMUP JOBS
 *
 * JOBS is a file with one job a line, fields separated by tabs: a label, then commands with their
 * arguments; a field ";" ends a command and begins the next. Output, one line for each run:
 * label, microseconds of the whole job, microseconds of each command, and the greatest resident
 * set of its commands in kB. A command that fails ends the bench: what is not done is not fast.
 *
 * This is C and small on purpose: a process starts life with the peak of its parent's resident set
 * in its accounts, so that a big parent would hide what a small runtime needs.
 */

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { JOBS_MAX = 32, FIELDS_MAX = 256, COMMANDS_MAX = 8, PAUSE_MS = 15 };

struct job {
	char *label;
	char *field[FIELDS_MAX]; /* commands, each NULL-terminated */
	char **command[COMMANDS_MAX];
	unsigned n_commands;
};

struct result {
	double whole, each[COMMANDS_MAX];
	long peak;
};

static struct job job[JOBS_MAX];
static unsigned n_jobs;
static posix_spawn_file_actions_t actions;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* Cuts a line into the next job. */
static int parse(char *line)
{
	struct job *j = &job[n_jobs];
	unsigned n = 0;

	line[strcspn(line, "\n")] = '\0';
	j->label = strsep(&line, "\t");
	if (!line)
		return 0;
	j->command[j->n_commands++] = j->field;
	while (line) {
		char *field = strsep(&line, "\t");

		if (n + 1 >= FIELDS_MAX || j->n_commands >= COMMANDS_MAX)
			return -1;
		if (strcmp(field, ";") == 0) {
			j->field[n++] = NULL;
			j->command[j->n_commands++] = &j->field[n];
		} else {
			j->field[n++] = field;
		}
	}
	n_jobs++;
	return 0;
}

static int read_jobs(const char *path)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;

	if (!file)
		return -1;
	while (n_jobs < JOBS_MAX && getline(&line, &room, file) > 0) {
		if (parse(strdup(line)) < 0)
			return -1;
	}
	free(line);
	fclose(file);
	return 0;
}

/* One command to its end. */
static int run_command(char **args, long *peak)
{
	struct rusage usage;
	int status;
	pid_t pid;

	errno = posix_spawn(&pid, args[0], &actions, NULL, args, environ);
	if (errno) {
		fprintf(stderr, "bench-run: %s: %s\n", args[0], strerror(errno));
		return -1;
	}
	if (wait4(pid, &status, 0, &usage) != pid)
		return -1;
	if (usage.ru_maxrss > *peak)
		*peak = usage.ru_maxrss;
	if (status == 0)
		return 0;
	fprintf(stderr, "bench-run: failed with status 0x%x:", (unsigned)status);
	for (; *args; args++)
		fprintf(stderr, " %s", *args);
	fputc('\n', stderr);
	return -1;
}

static int run_job(const struct job *j, struct result *ret)
{
	double start = now(), before = start;

	ret->peak = 0;
	for (unsigned i = 0; i < j->n_commands; i++) {
		double after;

		if (run_command(j->command[i], &ret->peak) < 0)
			return -1;
		after = now();
		ret->each[i] = after - before;
		before = after;
	}
	ret->whole = before - start;
	return 0;
}

static void print(const struct job *j, const struct result *r)
{
	printf("%s\t%.1f\t", j->label, r->whole);
	for (unsigned i = 0; i < j->n_commands; i++)
		printf("%s%.1f", i > 0 ? "," : "", r->each[i]);
	printf("\t%ld\n", r->peak);
}

int main(int argc, char **argv)
{
	/* The kernel takes network namespaces and mounts apart after their last user is gone, in
	 * the background: time for that, so that a run pays for itself and not for the one before.
	 */
	const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000};
	int rounds, warmup;

	if (argc != 4 || read_jobs(argv[3]) < 0) {
		fprintf(stderr, "usage: bench-run ROUNDS WARMUP JOBS\n");
		return 2;
	}
	rounds = atoi(argv[1]);
	warmup = atoi(argv[2]);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	for (int i = -warmup; i < rounds; i++) {
		for (unsigned k = 0; k < n_jobs; k++) {
			struct result result;

			if (run_job(&job[k], &result) < 0)
				return 1;
			if (i >= 0)
				print(&job[k], &result);
			nanosleep(&pause, NULL);
		}
	}
	return 0;
}
