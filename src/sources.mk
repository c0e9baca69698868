# SPDX-License-Identifier: Apache-2.0
# Which file belongs to which side. tests/style/check-sources compares this with the tree.

# Runs inside the container: freestanding, linked into hull-init, and into hull for HULL_INIT=fork.
STEP_SOURCES = \
	src/cgroups/cgroup_step.c \
	src/init/run.c \
	src/init/talk_step.c \
	src/lsm/lsm_step.c \
	src/mounts/copyup_step.c \
	src/mounts/device_step.c \
	src/mounts/mask_step.c \
	src/mounts/root_step.c \
	src/mounts/target_step.c \
	src/mounts/tree_step.c \
	src/namespaces/namespaces_step.c \
	src/process/hook_step.c \
	src/process/identity_step.c \
	src/process/passwd.c \
	src/process/program_step.c \
	src/process/pty_step.c \
	src/process/tidy_step.c \
	src/process/user_step.c \
	src/seccomp/seccomp_step.c \
	src/sys/file.c \
	src/sys/message.c \
	src/sys/procfs.c \
	src/sys/resolve.c

# The host side below the commands: libhull.
HOST_SOURCES = \
	src/base/buf.c \
	src/base/err.c \
	src/base/io.c \
	src/base/log.c \
	src/base/number.c \
	src/base/trace.c \
	src/cgroups/apply.c \
	src/cgroups/cgroups.c \
	src/cgroups/check.c \
	src/cgroups/convert.c \
	src/cgroups/cpuset.c \
	src/cgroups/dbus.c \
	src/cgroups/dbus_message.c \
	src/cgroups/decide.c \
	src/cgroups/delegate.c \
	src/cgroups/destroy.c \
	src/cgroups/devices.c \
	src/cgroups/devices_v1.c \
	src/cgroups/devices_v2.c \
	src/cgroups/freezer.c \
	src/cgroups/knob.c \
	src/cgroups/layout.c \
	src/cgroups/limits.c \
	src/cgroups/mountinfo.c \
	src/cgroups/part.c \
	src/cgroups/paths.c \
	src/cgroups/stats.c \
	src/cgroups/stats_v1.c \
	src/cgroups/stats_v2.c \
	src/cgroups/systemd.c \
	src/cgroups/systemd_annotations.c \
	src/cgroups/systemd_properties.c \
	src/cgroups/tree.c \
	src/cgroups/v1.c \
	src/cgroups/v2.c \
	src/cgroups/v2_enable.c \
	src/container/bundle.c \
	src/container/container.c \
	src/container/create.c \
	src/container/descriptors.c \
	src/container/destroy.c \
	src/container/doctor.c \
	src/container/features.c \
	src/container/foreground.c \
	src/container/hooks.c \
	src/container/inspect.c \
	src/container/join.c \
	src/container/kill.c \
	src/container/launch.c \
	src/container/pause.c \
	src/container/rdt.c \
	src/container/record.c \
	src/container/session.c \
	src/container/signal.c \
	src/container/socket.c \
	src/container/spec.c \
	src/container/start.c \
	src/container/state.c \
	src/container/status.c \
	src/container/store-remove.c \
	src/container/store.c \
	src/lsm/lsm_plan.c \
	src/mounts/cgroupfs_plan.c \
	src/mounts/check.c \
	src/mounts/device_plan.c \
	src/mounts/idmap.c \
	src/mounts/inside.c \
	src/mounts/item.c \
	src/mounts/mask_plan.c \
	src/mounts/mounts_plan.c \
	src/mounts/no_pivot_plan.c \
	src/mounts/options.c \
	src/mounts/root_plan.c \
	src/mounts/source.c \
	src/mounts/source_plan.c \
	src/namespaces/idmap.c \
	src/namespaces/idmap_helper.c \
	src/namespaces/kind.c \
	src/namespaces/namespaces_check.c \
	src/namespaces/namespaces_plan.c \
	src/namespaces/privilege.c \
	src/namespaces/sysctl.c \
	src/net/link.c \
	src/net/net_check.c \
	src/net/net_plan.c \
	src/net/netdevices.c \
	src/net/netlink.c \
	src/net/visit.c \
	src/plan/build.c \
	src/plan/check.c \
	src/plan/compile.c \
	src/plan/dump.c \
	src/process/apply.c \
	src/process/capability.c \
	src/process/environment.c \
	src/process/number_list.c \
	src/process/prepare_plan.c \
	src/process/process_check.c \
	src/process/rlimit.c \
	src/process/schedule.c \
	src/process/schedule_check.c \
	src/process/terminal_plan.c \
	src/process/user_plan.c \
	src/rdt/mountpoint.c \
	src/rdt/rdt.c \
	src/rdt/rdt_check.c \
	src/rdt/schemata.c \
	src/seccomp/filter.c \
	src/seccomp/filter_cache.c \
	src/seccomp/filter_check.c \
	src/seccomp/filter_features.c \
	src/seccomp/filter_flags.c \
	src/seccomp/filter_listener.c \
	src/seccomp/filter_prologue.c

# The commands.
CMD_SOURCES = \
	src/cmd/check.c \
	src/cmd/checkpoint.c \
	src/cmd/cmd.c \
	src/cmd/create.c \
	src/cmd/delete.c \
	src/cmd/doctor.c \
	src/cmd/events.c \
	src/cmd/exec.c \
	src/cmd/features.c \
	src/cmd/kill.c \
	src/cmd/list.c \
	src/cmd/options.c \
	src/cmd/pause.c \
	src/cmd/plan.c \
	src/cmd/ps.c \
	src/cmd/quantity.c \
	src/cmd/resume.c \
	src/cmd/run.c \
	src/cmd/spec.c \
	src/cmd/start.c \
	src/cmd/state.c \
	src/cmd/update.c

OCISPEC_SOURCES = \
	libocispec/arena.c \
	libocispec/pool.c \
	libocispec/position.c \
	libocispec/read.c \
	libocispec/reader.c \
	libocispec/report.c \
	libocispec/tables.c \
	libocispec/text.c \
	libocispec/value.c \
	libocispec/write.c

HEADER_FILES = \
	src/base/buf.h \
	src/base/err.h \
	src/base/fd.h \
	src/base/io.h \
	src/base/log.h \
	src/base/number.h \
	src/base/str.h \
	src/base/trace.h \
	src/cgroups/cgroups.h \
	src/cgroups/controllers.def \
	src/cgroups/convert.h \
	src/cgroups/dbus.h \
	src/cgroups/devices.h \
	src/cgroups/knob.h \
	src/cgroups/layout.h \
	src/cgroups/limits.h \
	src/cgroups/mountinfo.h \
	src/cgroups/object.h \
	src/cgroups/paths.h \
	src/cgroups/stats.h \
	src/cgroups/systemd.h \
	src/cgroups/tree.h \
	src/cmd/cmd.h \
	src/cmd/create.h \
	src/cmd/options.h \
	src/cmd/quantity.h \
	src/cmd/state.h \
	src/container/bundle.h \
	src/container/container.h \
	src/container/descriptors.h \
	src/container/destroy.h \
	src/container/foreground.h \
	src/container/hooks.h \
	src/container/launch.h \
	src/container/record.h \
	src/container/session.h \
	src/container/signal.def \
	src/container/signal.h \
	src/container/socket.h \
	src/container/state.h \
	src/container/status.h \
	src/container/store.h \
	src/hull.h \
	src/init/run.h \
	src/lsm/lsm.h \
	src/lsm/module.h \
	src/mounts/mounts.h \
	src/mounts/options.def \
	src/mounts/options.h \
	src/mounts/state.h \
	src/namespaces/idmap_helper.h \
	src/namespaces/kind.h \
	src/namespaces/namespaces.def \
	src/namespaces/namespaces.h \
	src/namespaces/privilege.h \
	src/namespaces/sysctl.def \
	src/namespaces/sysctl.h \
	src/net/link.h \
	src/net/name.h \
	src/net/net.h \
	src/net/netlink.h \
	src/net/visit.h \
	src/plan/build.h \
	src/plan/compile.h \
	src/plan/image.h \
	src/plan/operands.h \
	src/plan/plan.h \
	src/plan/request.h \
	src/plan/step.h \
	src/plan/steps.def \
	src/process/capability.def \
	src/process/capability.h \
	src/process/check.h \
	src/process/environment.h \
	src/process/number_list.h \
	src/process/passwd.h \
	src/process/plan.h \
	src/process/process.h \
	src/process/rlimit.def \
	src/process/rlimit.h \
	src/process/schedule.h \
	src/process/tidy.h \
	src/rdt/mountpoint.h \
	src/rdt/rdt.h \
	src/rdt/schemata.h \
	src/seccomp/filter.h \
	src/seccomp/filter_arch.def \
	src/seccomp/filter_build.h \
	src/seccomp/filter_cache.h \
	src/seccomp/filter_flags.h \
	src/seccomp/filter_prologue.h \
	src/sys/call.h \
	src/sys/clone.h \
	src/sys/file.h \
	src/sys/message.h \
	src/sys/mount.h \
	src/sys/process.h \
	src/sys/procfs.h \
	src/sys/resolve.h \
	src/sys/text.h \
	src/version.h \
	libocispec/arena.h \
	libocispec/enums.def \
	libocispec/forms.def \
	libocispec/numbers.def \
	libocispec/ocispec.h \
	libocispec/pool.h \
	libocispec/reader.h \
	libocispec/roots.def \
	libocispec/rows-undef.h \
	libocispec/spec.def \
	libocispec/table.h

if WITH_SECCOMP
SECCOMP_SOURCES = \
	src/seccomp/libseccomp.c

else
SECCOMP_SOURCES = \
	src/seccomp/filter_none.c

endif

if WITH_CAP
CAP_SOURCES = \
	src/process/capability_libcap.c

else
CAP_SOURCES = \
	src/process/capability_none.c

endif

if WITH_SELINUX
SELINUX_SOURCES = \
	src/lsm/selinux.c

else
SELINUX_SOURCES = \
	src/lsm/selinux_none.c

endif

if WITH_APPARMOR
APPARMOR_SOURCES = \
	src/lsm/apparmor.c

else
APPARMOR_SOURCES = \
	src/lsm/apparmor_none.c

endif
