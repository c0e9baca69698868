/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A JSON string, quoted; bytes that are not printable ASCII as \u00XX. */
void put_string(const char *s);

/* The commands of facts.c: each prints one JSON object. */
int c_args(int n, char **arg);
int c_ids(int n, char **arg);
int c_caps(int n, char **arg);
int c_status(int n, char **arg);
int c_fds(int n, char **arg);
int c_mounts(int n, char **arg);
int c_ns(int n, char **arg);
int c_rlimits(int n, char **arg);
int c_env(int n, char **arg);
int c_cwd(int n, char **arg);
int c_cgroup(int n, char **arg);
int c_stat(int n, char **arg);
int c_ls(int n, char **arg);
int c_statfs(int n, char **arg);
int c_tty(int n, char **arg);
int c_sched(int n, char **arg);
int c_timens(int n, char **arg);
int c_uts(int n, char **arg);
int c_oom(int n, char **arg);
int c_umask(int n, char **arg);
int c_self(int n, char **arg);
int c_signals(int n, char **arg);
