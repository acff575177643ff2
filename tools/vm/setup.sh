#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Brings the packages and kernels of the test bed:
#   setup.sh [all|stock|uml|kasan|kcsan|backports|sid|lint|tools|coverage|html|tracers|bench]
# Everything lands in the cache (WEFT_CACHE); a second run only checks.
# shellcheck disable=SC2317 # with_lock, logged and trap call functions by name
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

BUILD_PACKAGES=(gcc gcc-multilib make libc6-dev pkg-config python3 rsync
	libjson-c-dev libncurses-dev)
STOCK_PACKAGES=(qemu-system-x86 seabios busybox-static cpio kmod "$WEFT_HEADERS")
OWN_PACKAGES=("$WEFT_SOURCE" busybox-static bc bison flex libelf-dev libssl-dev
	cpio kmod lz4 xz-utils zstd)
LINT_PACKAGES=("$WEFT_SOURCE" xz-utils git sparse shellcheck codespell perl)
COVERAGE_PACKAGES=(gcovr)
TOOLS_PACKAGES=(tmux groff-base)
HTML_PACKAGES=(chromium fonts-dejavu-core)
BENCH_PACKAGES=(liburing-dev libxxhash-dev)
TRACERS_PACKAGES=(linux-perf trace-cmd bpftrace)

usage() {
	echo "usage: ${0##*/} [all|stock|uml|kasan|kcsan|backports|sid|lint|tools|coverage|html|tracers|bench]" >&2
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

# One file of it is bundled into the weft command; its dependencies are not wanted.
unpack_d3() {
	local tmp

	[ ! -e "$(d3_dir)" ] || return 0
	tmp=$(fresh_tmp node-d3)
	if ! download_image node-d3 "$tmp" >/dev/null 2>&1; then
		apt_update_once
		if ! download_image node-d3 "$tmp" >"$WEFT_CACHE/d3.log" 2>&1; then
			say "no node-d3 to be had: weft timeline is built without HTML"
			return 0
		fi
	fi
	logged unpack-d3 dpkg -x "$tmp"/node-d3_*.deb "$tmp"
	rm -f "$tmp"/node-d3_*.deb
	publish "$tmp" "$(d3_dir)"
}

setup_stock() {
	local dir

	setup_qemu
	[ -e "$(d3_dir)" ] || with_lock d3 unpack_d3
	dir=$(stock_dir)
	[ -e "$dir" ] || with_lock stock unpack_stock "$(stock_version)" "$dir"
	say "stock kernel $(stock_version) is ready"
}

# unpack_source TAR DIR
unpack_source() {
	local tmp

	[ ! -e "$2" ] || return 0
	tmp=$(fresh_tmp linux-source)
	say "unpacking ${1##*/}"
	logged unpack-source tar -xf "$1" -C "$tmp" --strip-components=1
	publish "$tmp" "$2"
}

need_source() {
	local dir

	dir=$(source_dir)
	[ -e "$dir" ] || with_lock source unpack_source "/usr/src/$WEFT_SOURCE.tar.xz" "$dir"
}

# other_apt SUITE COMMAND...: an apt of our own that knows only this suite of the
# mirror that the machine has Debian from. The machine's apt stays as it is.
other_apt() {
	local suite=$1 dir=$WEFT_CACHE/apt-$1

	shift
	APT_CONFIG=$dir/apt.conf "$@"
}

# The address that the machine's apt takes its own release from.
mirror() {
	local codename

	codename=$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")
	# shellcheck disable=SC2016 # apt-get fills them in
	apt-get indextargets --format '$(CODENAME) $(REPO_URI)' \
		'Created-By: Packages' 'Origin: Debian' |
		sed -n "0,/^$codename /s/^$codename //p"
}

make_other_apt() {
	local suite=$1 dir=$WEFT_CACHE/apt-$1 uri

	uri=$(mirror)
	if [ -z "$uri" ]; then
		apt_update_once
		uri=$(mirror)
	fi
	[ -n "$uri" ] || die "apt has no mirror of Debian: add one to its sources"
	mkdir -p "$dir"/{lists,archives}/partial
	echo "deb $uri $suite main" >"$dir/sources.list"
	cat >"$dir/apt.conf" <<-EOF
		Dir::Etc::sourcelist "$dir/sources.list";
		Dir::Etc::sourceparts "-";
		Dir::State::lists "$dir/lists";
		Dir::State::status "/dev/null";
		Dir::Cache "$dir";
	EOF
	say "updating the package lists of $suite"
	logged "apt-$suite" other_apt "$suite" apt-get -q update
}

# dependency_of SUITE PACKAGE BEGINNING: the first one that begins like this.
dependency_of() {
	other_apt "$1" apt-cache depends "$2" |
		sed -n "0,/^ *Depends: $3/s/^ *Depends: \($3\)/\1/p"
}

version_of() {
	other_apt "$1" apt-cache show "$2" | sed -n '0,/^Version: /s/^Version: //p'
}

# fetch SUITE DIR PACKAGES...: unpacked, not installed.
fetch() {
	local suite=$1 dir=$2 deb

	shift 2
	say "downloading $1"
	(cd "$dir" && logged "fetch-$suite" other_apt "$suite" apt-get -q download "$@")
	for deb in "$dir"/*.deb; do
		logged "unpack-$suite" dpkg -x "$deb" "$dir"
		rm -f "$deb"
	done
}

# These suites move on: look for a newer kernel once a week.
is_recent() { [ -e "$(newest "$1")" ] && find "$WEFT_CACHE/newest-$1" -mtime -7 | grep -q .; }

# remember KERNEL DIR
remember() {
	ln -sfn "$2" "$WEFT_CACHE/newest-$1.tmp"
	mv -T "$WEFT_CACHE/newest-$1.tmp" "$WEFT_CACHE/newest-$1"
}

backports() { (. /etc/os-release && printf '%s-backports' "$VERSION_CODENAME"); }

# Debian 12's QEMU goes on with guest code that another CPU has patched: a kernel
# that switches a static key while it is busy hangs in it. Newer ones do not. Its
# libraries are those of the one that is installed.
fetch_qemu() {
	local suite version dir tmp

	[ ! -e "$(newest qemu)" ] || return 0
	suite=$(backports)
	make_other_apt "$suite"
	version=$(version_of "$suite" qemu-system-x86)
	dir=$WEFT_CACHE/qemu-${version#*:}
	if [ ! -e "$dir" ]; then
		tmp=$(fresh_tmp qemu)
		fetch "$suite" "$tmp" qemu-system-x86 qemu-system-common \
			qemu-system-data seabios
		publish "$tmp" "$dir"
	fi
	remember qemu "$dir"
}

# All that a VM of QEMU takes, but for its kernel.
setup_qemu() {
	need_packages "${BUILD_PACKAGES[@]}" "${STOCK_PACKAGES[@]}"
	[ -e "$(newest qemu)" ] || with_lock qemu fetch_qemu
}

# The headers are where they were unpacked. Without vmlinux there is no BTF for
# modules, and so no need of pahole.
fetch_backports() {
	local suite headers version dir tmp

	! is_recent backports || return 0
	suite=$(backports)
	make_other_apt "$suite"
	headers=$(dependency_of "$suite" "$WEFT_HEADERS" linux-headers-)
	version=${headers#linux-headers-}
	dir=$WEFT_CACHE/backports-${version}_$(version_of "$suite" "$headers")
	if [ ! -e "$dir" ]; then
		tmp=$(fresh_tmp backports)
		fetch "$suite" "$tmp" "linux-image-$version" "$headers" \
			"linux-headers-${version%-cloud-amd64}-common" \
			"linux-kbuild-${version%-cloud-amd64}"
		sed -i "s#/usr/src/#$dir/usr/src/#" "$tmp/usr/src/$headers/Makefile"
		rm -f "$tmp/usr/src/$headers/vmlinux"
		publish "$tmp" "$dir"
	fi
	remember backports "$dir"
}

setup_backports() {
	setup_qemu
	with_lock backports fetch_backports
	say "backports kernel $(basename "$(newest backports)") is ready"
}

fetch_sid() {
	local source dir tmp

	! is_recent sid || return 0
	make_other_apt sid
	source=$(dependency_of sid linux-source linux-source-)
	dir=$WEFT_CACHE/${source}_$(version_of sid "$source")
	if [ ! -e "$dir" ]; then
		tmp=$(fresh_tmp sid-source)
		fetch sid "$tmp" "$source"
		unpack_source "$tmp/usr/src/$source.tar.xz" "$dir"
		rm -rf "$tmp"
	fi
	remember sid "$dir"
}

# The host tools in sid's headers do not run on Debian 12: we build it ourselves.
setup_sid() {
	need_packages "${BUILD_PACKAGES[@]}" "${OWN_PACKAGES[@]}"
	with_lock sid-source fetch_sid
	setup_x86 sid
}

# allnoconfig drops an option whose dependencies are missing without a word.
check_config() {
	local lost

	lost=$(kernel_config "$1" | grep '^CONFIG_' | grep -vxFf "$2/.config" || true)
	[ -z "$lost" ] ||
		die "the kernel refused ${lost//$'\n'/ }: mend tools/vm/*.config of $1"
}

# Modules build against the tree without its objects, which are most of it.
trim_tree() {
	find "$1" -type f \( -name '*.o' -o -name '*.a' -o -name '.*.cmd' -o \
		\( -name '*vmlinux*' ! -name '*.lds' \) \) -delete
}

# build_kernel KIND DIR ARCH TARGET
# Kbuild lists the symbols of the kernel with its modules; here nothing but the
# kernel is built, so its own list is the whole one.
build_kernel() {
	local kind=$1 dir=$2 arch=$3 target=$4 tmp
	local -a make

	[ ! -e "$dir" ] || return 0
	tmp=$(fresh_tmp "$kind")
	make=(make -s -C "$(source_of "$kind")" O="$tmp" ARCH="$arch")
	kernel_config "$kind" >"$tmp/weft.config"
	say "configuring the $kind kernel"
	logged "$kind-config" "${make[@]}" KCONFIG_ALLCONFIG="$tmp/weft.config" allnoconfig
	check_config "$kind" "$tmp"
	say "building the $kind kernel (log in $WEFT_CACHE/log)"
	logged "$kind-build" "${make[@]}" -j"$(nproc)" "$target" modules_prepare
	cp "$tmp/vmlinux.symvers" "$tmp/Module.symvers"
	trim_tree "$tmp"
	# Newer ones note where they were built.
	sed -i "s#$tmp\$#$dir#" "$tmp/Makefile"
	publish "$tmp" "$dir"
}

# setup_own KIND ARCH TARGET
setup_own() {
	local dir

	need_packages "${BUILD_PACKAGES[@]}" "${OWN_PACKAGES[@]}"
	# Modules build against it, too.
	need_source
	dir=$(kernel_dir "$1")
	[ -e "$dir" ] || with_lock "$1" build_kernel "$1" "$dir" "$2" "$3"
	say "$1 kernel ${dir##*/} is ready"
}

setup_uml() { setup_own uml um linux; }

# A kernel of our own for QEMU.
setup_x86() {
	setup_qemu
	setup_own "$1" x86_64 bzImage
}

setup_lint() {
	need_packages "${LINT_PACKAGES[@]}"
	# The kernel's checkers, and its kselftest harness.
	need_source
	say "lint tools are ready"
}

setup_tools() {
	need_packages "${BUILD_PACKAGES[@]}" "${TOOLS_PACKAGES[@]}"
	say "what tests the weft command is ready"
}

setup_html() {
	need_packages "${HTML_PACKAGES[@]}"
	say "the browser is ready"
}

setup_bench() {
	need_packages "${BUILD_PACKAGES[@]}" "${BENCH_PACKAGES[@]}"
	say "what jobs are measured against is ready"
}

setup_tracers() {
	need_packages "${BUILD_PACKAGES[@]}" "${TRACERS_PACKAGES[@]}"
	say "perf, trace-cmd and bpftrace are ready"
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
		"${OWN_PACKAGES[@]}" "${LINT_PACKAGES[@]}" \
		"${COVERAGE_PACKAGES[@]}" "${TOOLS_PACKAGES[@]}" \
		"${TRACERS_PACKAGES[@]}"
	setup_stock
	setup_uml
	setup_lint
	setup_coverage
	;;
stock) setup_stock ;;
uml) setup_uml ;;
kasan | kcsan) setup_x86 "$1" ;;
backports | sid) "setup_$1" ;;
lint) setup_lint ;;
tools) setup_tools ;;
coverage) setup_coverage ;;
html) setup_html ;;
tracers) setup_tracers ;;
bench) setup_bench ;;
*) usage ;;
esac
