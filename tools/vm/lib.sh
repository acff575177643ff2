# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Shared by the scripts of the test bed. Source it; it runs nothing by itself.

WEFT_VM_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck disable=SC2034 # the scripts that source this put their logs there
WEFT_TREE=$(cd "$WEFT_VM_DIR/../.." && pwd)
WEFT_CACHE=${WEFT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/weft}
WEFT_SOURCE=linux-source-6.1
WEFT_HEADERS=linux-headers-cloud-amd64

say() { printf 'weft: %s\n' "$*" >&2; }

# One clear line: what happened, then what to do next.
die() {
	say "$*"
	exit 125
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	else
		command -v sudo >/dev/null ||
			die "'$1' needs root and sudo is missing: run this as root or install sudo"
		sudo "$@"
	fi
}

pkg_version() {
	dpkg-query -W -f '${db:Status-Status} ${Version}' "$1" 2>/dev/null |
		sed -n 's/^installed //p' || true
}

missing_packages() {
	local have p

	have=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null |
		sed -n 's/^installed //p' || true)
	for p; do
		grep -qxF "$p" <<<"$have" || printf '%s\n' "$p"
	done
}

apt_update_once() {
	[ -z "${WEFT_APT_UPDATED:-}" ] || return 0
	say "updating the package lists"
	logged apt-update as_root apt-get -q update
	WEFT_APT_UPDATED=1
}

# Installs what is missing, so a warm run does no apt work.
need_packages() {
	local -a missing

	mapfile -t missing < <(missing_packages "$@")
	[ "${#missing[@]}" -gt 0 ] || return 0
	apt_update_once
	say "installing: ${missing[*]}"
	logged apt-install as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get -q -y --no-install-recommends install "${missing[@]}"
}

# logged NAME COMMAND...: quiet unless it fails; the whole log stays in the cache.
logged() {
	local log=$WEFT_CACHE/log/$1.log

	shift
	mkdir -p "${log%/*}"
	"$@" >"$log" 2>&1 </dev/null && return 0
	tail -n 25 "$log" >&2
	die "'$1 ${2:-}' failed: read $log, mend the cause and run this again"
}

# with_lock NAME COMMAND...: one builder at a time, also across processes.
with_lock() {
	local lock=$WEFT_CACHE/$1.lock fd

	shift
	mkdir -p "$WEFT_CACHE"
	exec {fd}>"$lock"
	if ! flock -n "$fd"; then
		say "another run holds $lock, waiting for it"
		flock "$fd"
	fi
	# A child that outlives this script must not keep the lock.
	"$@" {fd}>&-
	exec {fd}>&-
}

# warnings_of KERNEL LOG FLAGS...: what a build of all of the module has to say.
warnings_of() {
	local kernel=$1 log=$2

	shift 2
	find "build/$kernel" -name '*.o' -delete 2>/dev/null || true
	KFLAGS=$* tools/build.sh "$kernel" 2>&1 |
		grep -v -e '^  [A-Z]' -e '^make\[' >"$log" || true
	cat "$log"
}

hash_of() { sha256sum | cut -c1-16; }

# The installed headers decide the kernel version: modules are built with them.
stock_version() {
	dpkg-query -W -f '${Depends}' "$WEFT_HEADERS" 2>/dev/null |
		sed -n 's/^linux-headers-\([^ ,]*\).*/\1/p' || true
}

stock_dir() {
	printf '%s/stock-%s_%s\n' "$WEFT_CACHE" "$(stock_version)" \
		"$(pkg_version "linux-headers-$(stock_version)")"
}

# The link that tells which version of another suite's kernel is in the cache.
newest() { readlink -f "$WEFT_CACHE/newest-$1"; }

source_dir() { printf '%s/%s_%s\n' "$WEFT_CACHE" "$WEFT_SOURCE" "$(pkg_version "$WEFT_SOURCE")"; }

# What a kernel of ours is built from.
source_of() {
	case $1 in
	sid) newest sid ;;
	*) source_dir ;;
	esac
}

source_version() {
	case $1 in
	sid) basename "$(newest sid)" ;;
	*) pkg_version "$WEFT_SOURCE" ;;
	esac
}

# The kernels that we build, and the fragments that configure them.
kernel_fragments() {
	case $1 in
	uml) printf '%s\n' "$WEFT_VM_DIR/uml.config" ;;
	kasan | kcsan | sid) printf '%s\n' "$WEFT_VM_DIR"/x86-{base,"$1"}.config ;;
	*) die "no kernel '$1': there are stock, backports, sid, uml, kasan and kcsan" ;;
	esac
}

kernel_config() { kernel_fragments "$1" | xargs cat; }

kernel_key() {
	{
		source_version "$1"
		gcc -dumpfullversion
		kernel_config "$1"
	} | hash_of
}

# Where a kernel is in the cache; modules for it are built against kernel_tree.
kernel_dir() {
	case $1 in
	stock) stock_dir ;;
	backports) newest backports ;;
	*) printf '%s/%s-%s\n' "$WEFT_CACHE" "$1" "$(kernel_key "$1")" ;;
	esac
}

kernel_tree() {
	case $1 in
	stock) printf '/lib/modules/%s/build\n' "$(stock_version)" ;;
	backports) printf '%s\n' "$(newest backports)"/usr/src/linux-headers-*-amd64 ;;
	*) kernel_dir "$1" ;;
	esac
}

# The library of the pages that weft timeline writes.
d3_dir() { printf '%s/node-d3\n' "$WEFT_CACHE"; }

kernel_image() {
	case $1 in
	stock) printf '%s/boot/vmlinuz-%s\n' "$(stock_dir)" "$(stock_version)" ;;
	backports) printf '%s\n' "$(newest backports)"/boot/vmlinuz-* ;;
	uml) printf '%s/linux\n' "$(kernel_dir uml)" ;;
	*) printf '%s/arch/x86/boot/bzImage\n' "$(kernel_dir "$1")" ;;
	esac
}

# What a kernel is told at each boot. Under emulation the debug kernels are slow:
# what looks like a stall or a lockup by its default may be none. A small kernel
# has few process ids by default.
kernel_args() {
	case $1 in
	kasan | kcsan | sid)
		printf '%s ' kunit.enable=1 watchdog_thresh=60 \
			sysctl.kernel.pid_max=32768 \
			rcupdate.rcu_cpu_stall_timeout=120
		;;
	esac
	# KCSAN looks at one access of 4,000 by default, too few for short tests. The
	# newest KUnit runs the suites of a module only if told to.
	case $1 in
	kasan) printf 'kasan_multi_shot ' ;;
	kcsan) printf 'kcsan.skip_watch=400 ' ;;
	sid) printf 'kunit.autorun=1 ' ;;
	esac
}

# The image of kernel $1, which setup.sh must have brought.
need_kernel() {
	local image

	image=$(kernel_image "$1")
	[ -r "$image" ] ||
		die "no $1 kernel in $WEFT_CACHE: run tools/vm/setup.sh $1"
	printf '%s\n' "$image"
}

# A directory with busybox, its applets and the usual empty directories.
busybox_root() {
	local root=$1 busybox a

	busybox=$(command -v busybox) ||
		die "busybox-static is missing: run tools/vm/setup.sh"
	mkdir -p "$root"/{bin,sbin,lib,lib64,usr/bin,dev,proc,sys,tmp,etc}
	cp "$busybox" "$root/bin/busybox"
	for a in $("$busybox" --list); do
		[ "$a" = busybox ] || ln -s busybox "$root/bin/$a"
	done
	ln -s ../../bin/busybox "$root/usr/bin/env"
	echo 'root:x:0:0:root:/:/bin/sh' >"$root/etc/passwd"
	echo 'root:x:0:' >"$root/etc/group"
}

# Archives made by this may be concatenated: the kernel unpacks one after the other.
pack_root() {
	(cd "$1" && find . -mindepth 1 -print0 | cpio -0 -o -H newc -R 0:0 --quiet)
}

is_elf() {
	local magic

	IFS= read -r -N 4 magic <"$1" 2>/dev/null || return 1
	[ "$magic" = $'\x7fELF' ]
}

# The shared libraries of PROGRAM go to the same paths below ROOT.
add_libraries() {
	local root=$1 program=$2 list lib

	is_elf "$program" && list=$(ldd "$program" 2>/dev/null) || return 0
	case $list in
	*'not found'*)
		die "$program lacks a library: see 'ldd $program' and install it"
		;;
	esac
	grep -o '/[^ ]*' <<<"$list" | while IFS= read -r lib; do
		[ -e "$root$lib" ] || install -D "$lib" "$root$lib"
	done
}

# add_file ROOT HOST GUEST: a file, or a directory with all below it.
add_file() {
	local root=$1 host=$2 guest=$1/${3#/} f

	[ -e "$host" ] || die "no file '$host' to copy into the VM: build it first"
	mkdir -p "${guest%/*}"
	if [ -d "$host" ]; then
		mkdir -p "$guest"
		cp -a "$host/." "$guest/"
	else
		cp -L --preserve=mode "$host" "$guest"
	fi
	while IFS= read -r -d '' f; do
		add_libraries "$root" "$f"
	done < <(find "$guest" -type f -perm /111 ! -name '*.ko' -print0)
}

# Kernel consoles end their lines with CR LF.
strip_cr() { sed -i 's/\r*$//' "$1"; }

# A duration must be a number: 'timeout' takes more, the messages do not.
need_number() {
	[[ $2 =~ ^[0-9]+$ ]] || die "$1 wants a number, not '$2'"
}
