#!/bin/sh
# Process 1 of new mount and process namespaces becomes what a container engine would start from the image, hardened as
# a cluster does it: read-only root, no new privileges, an unprivileged user, nothing writable but state and /tmp.
#   contain.sh ROOT CONFIGURATION STATE USER DIRECTORY [VARIABLE=VALUE ...] COMMAND ...
set -eu
root=$1 configuration=$2 state=$3 user=$4 directory=$5
shift 5
mount --make-rprivate /
mount --bind "$root" "$root"
mount --bind "$configuration" "$root/etc/sts-gateway"
mount --options remount,bind,ro "$root/etc/sts-gateway"
mount --bind "$state" "$root/var/lib/sts-gateway"
mount --types tmpfs --options size=16m,nosuid,nodev,noexec tmpfs "$root/tmp"
mount --types proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --options remount,bind,ro "$root"
exec setpriv --no-new-privs chroot --userspec="$user" --groups= "$root" \
  /usr/bin/env --ignore-environment --chdir="$directory" "$@"
