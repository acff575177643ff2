#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Which room may include which, and what must stay in one room: see
# docs/design.md. Prints each offence; exit status 1 if there is any.
set -euo pipefail
cd "$(dirname "$0")/.."

status=0

offend() {
	echo "$1"
	status=1
}

# may_include ROOM ALLOWED...: other rooms of module/ that its files may include.
may_include() {
	local room=$1 file line target

	shift
	while IFS=: read -r file line target; do
		[[ " $room $* " = *" $target "* ]] ||
			offend "$file:$line: $room/ must not include $target/"
	done < <(grep -rnoP '#include "\.\./\K[a-z]+(?=/)' "module/$room" || true)
}

# only_in PLACE PATTERN WHAT: the pattern must not occur elsewhere in module/.
only_in() {
	local place=$1 pattern=$2 what=$3 hit

	while IFS= read -r hit; do
		offend "$hit: $what"
	done < <(grep -rnP "$pattern" module --include='*.[ch]' |
		grep -v "^module/$place" | cut -d: -f1,2 || true)
}

may_include core
may_include ops core
may_include job core ops
may_include front core job ops

only_in front/ '__user\b|\b(copy_(from|to)_user|get_user|put_user)\b' \
	'user memory is touched in front/ only'
only_in compat.h 'LINUX_VERSION_CODE|KERNEL_VERSION' \
	'kernel versions are told apart in compat.h only'
only_in 'main.c\|^module/front' 'THIS_MODULE|module_param' \
	'only main.c and front/ know of the module'

# core/ knows nothing of users: not even the interface.
while IFS= read -r hit; do
	offend "$hit: core/ must not know the user interface"
done < <(grep -rn 'uapi/linux/weft.h' module/core include/linux | cut -d: -f1,2 || true)

exit "$status"
