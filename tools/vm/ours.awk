# SPDX-License-Identifier: GPL-2.0-only
# Blanks the reports of KCSAN that are not about code of weft's modules: the
# kernel has data races of its own. All other lines of a kernel log stay.
#
# Each of the two accesses is followed by its stack. What counts is where it was
# made: the first function that does not just work on its caller's memory.
function flush(i)
{
	for (i = 1; i <= held; i++)
		print ours ? lines[i] : ""
	held = 0
}

/BUG: KCSAN: / {
	flush()
	inside = 1
	ours = 0
	access = 0
}

!inside { print }

inside {
	lines[++held] = $0
	text = $0
	sub(/^\[[ 0-9.]*\] ?/, "", text)
	if (text ~ / to 0x[0-9a-f]+ of [0-9]+ bytes by /) {
		access = 1
	} else if (access && text ~ /^ +[_a-z]/ &&
		   text !~ /^ +_*(mem|str|copy_|rb_|timerqueue_|llist_|list_|refcount_|kref_)/) {
		if (text ~ /\[weft[_a-z]*\]/)
			ours = 1
		access = 0
	}
	if (/=====$/) {
		flush()
		inside = 0
	}
}

# A report that was cut off may be ours.
END {
	ours = 1
	flush()
}
