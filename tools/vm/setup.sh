#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Brings the packages and kernels of the test bed:
#   setup.sh [all|stock|uml|lint|coverage]
# Everything lands in the cache (WEFT_CACHE); a second run only checks.
# shellcheck disable=SC2317 # with_lock, logged and trap call functions by name
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

BUILD_PACKAGES=(gcc gcc-multilib make libc6-dev pkg-config python3 rsync
	libjson-c-dev libtracefs-dev libtraceevent-dev)
STOCK_PACKAGES=(qemu-system-x86 seabios busybox-static cpio kmod "$WEFT_HEADERS")
UML_PACKAGES=("$WEFT_SOURCE" busybox-static bc bison flex libelf-dev libssl-dev
	cpio kmod xz-utils zstd)
LINT_PACKAGES=("$WEFT_SOURCE" xz-utils git sparse shellcheck codespell perl)
COVERAGE_PACKAGES=(gcovr)

usage() {
	echo "usage: ${0##*/} [all|stock|uml|lint|coverage]" >&2
	exit 2
}

# A new name each time: what a killed run left may still be written to.
fresh_tmp() {
	rm -rf "$WEFT_CACHE/$1"*.tmp.* 2>/dev/null || true
	mktemp -d "$WEFT_CACHE/$1.tmp.XXXXXX"
}

publish() {
	chmod 755 "$1"
	mv "$1" "$2"
}

download_image() {
	local package=$1 into=$2

	(cd "$into" && apt-get -q download "$package")
}

# Runs under the lock, so whoever waited may find the work done.
unpack_stock() {
	local version=$1 dir=$2 tmp package

	[ ! -e "$dir" ] || return 0
	tmp=$(fresh_tmp stock)
	package=linux-image-$version=$(pkg_version "linux-headers-$version")
	say "downloading $package"
	if ! download_image "$package" "$tmp" >/dev/null 2>&1; then
		apt_update_once
		download_image "$package" "$tmp" >"$WEFT_CACHE/image.log" 2>&1 ||
			die "no $package in the archive (see $WEFT_CACHE/image.log):" \
				"upgrade $WEFT_HEADERS and run this again"
	fi
	logged unpack-stock dpkg -x "$tmp"/linux-image-*.deb "$tmp"
	rm -f "$tmp"/linux-image-*.deb
	publish "$tmp" "$dir"
}

setup_stock() {
	local dir

	need_packages "${BUILD_PACKAGES[@]}" "${STOCK_PACKAGES[@]}"
	dir=$(stock_dir)
	[ -e "$dir" ] || with_lock stock unpack_stock "$(stock_version)" "$dir"
	say "stock kernel $(stock_version) is ready"
}

unpack_source() {
	local dir=$1 tmp

	[ ! -e "$dir" ] || return 0
	tmp=$(fresh_tmp linux-source)
	say "unpacking $WEFT_SOURCE"
	logged unpack-source tar -xf "/usr/src/$WEFT_SOURCE.tar.xz" -C "$tmp" \
		--strip-components=1
	publish "$tmp" "$dir"
}

need_source() {
	local dir

	dir=$(source_dir)
	[ -e "$dir" ] || with_lock source unpack_source "$dir"
}

# allnoconfig drops an option whose dependencies are missing without a word.
check_config() {
	local lost

	lost=$(grep '^CONFIG_' "$WEFT_VM_DIR/uml.config" | grep -vxFf "$1/.config" || true)
	[ -z "$lost" ] ||
		die "the kernel refused ${lost//$'\n'/ }: mend tools/vm/uml.config"
}

# Modules build against the tree without its objects, which are most of it.
trim_tree() {
	find "$1" \( -name '*.o' -o -name '*.a' -o -name '.*.cmd' \) -type f -delete
	rm -f "$1"/vmlinux "$1"/.tmp_vmlinux*
}

build_uml() {
	local dir=$1 tmp src
	local -a make

	[ ! -e "$dir" ] || return 0
	src=$(source_dir)
	tmp=$(fresh_tmp uml)
	make=(make -s -C "$src" O="$tmp" ARCH=um)
	say "configuring the UML kernel"
	logged uml-config "${make[@]}" KCONFIG_ALLCONFIG="$WEFT_VM_DIR/uml.config" allnoconfig
	check_config "$tmp"
	say "building the UML kernel (two to five minutes, log in $WEFT_CACHE/log)"
	logged uml-build "${make[@]}" -j"$(nproc)" linux modules
	trim_tree "$tmp"
	publish "$tmp" "$dir"
}

setup_uml() {
	local dir

	need_packages "${BUILD_PACKAGES[@]}" "${UML_PACKAGES[@]}"
	# Modules build against it, too.
	need_source
	dir=$(uml_dir)
	[ -e "$dir" ] || with_lock uml build_uml "$dir"
	say "UML kernel ${dir##*/} is ready"
}

setup_lint() {
	need_packages "${LINT_PACKAGES[@]}"
	# The kernel's checkers, and its kselftest harness.
	need_source
	say "lint tools are ready"
}

setup_coverage() {
	need_packages "${BUILD_PACKAGES[@]}" "${COVERAGE_PACKAGES[@]}"
	# The kselftest harness.
	need_source
	say "coverage tools are ready"
}

[ $# -le 1 ] || usage
case ${1:-all} in
all)
	need_packages "${BUILD_PACKAGES[@]}" "${STOCK_PACKAGES[@]}" \
		"${UML_PACKAGES[@]}" "${LINT_PACKAGES[@]}" \
		"${COVERAGE_PACKAGES[@]}"
	setup_stock
	setup_uml
	setup_lint
	setup_coverage
	;;
stock) setup_stock ;;
uml) setup_uml ;;
lint) setup_lint ;;
coverage) setup_coverage ;;
*) usage ;;
esac
