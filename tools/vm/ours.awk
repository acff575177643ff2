# SPDX-License-Identifier: GPL-2.0-only
# Blanks reports that are not about code of weft's modules; all other lines of a
# kernel log stay. They are
# - those of the kernel that load_test makes it write, by failing allocations: that
#   it has no memory for the module, or for the fields of its trace events;
# - what is said of the polls by which offence_test commits each offence: they are
#   the executor's called "mock", and the lock that one of them keeps is "leaked";
# - those of KCSAN about data races of the kernel's own.
#
# Of the last, each of the two accesses is followed by its stack. What counts is
# where it was made: the first function that does not just work on its caller's
# memory.
function flush(i)
{
	for (i = 1; i <= held; i++)
		print ours ? lines[i] : ""
	held = 0
}

# Whose it is says the next line.
/\[ cut here \]/ {
	cut = $0
	next
}

cut && /WARNING: .* at kernel\/trace\/trace_events\.c:[0-9]+ event_define_fields/ {
	print ""
	print ""
	cut = ""
	failed = 1
	next
}

cut {
	print cut
	cut = ""
}

/load_test: (vmalloc error|page allocation failure)/ ||
/kmem_cache_create[a-z_]*\(weft_[a-z]*\) failed/ {
	failed = 1
}

/weft: a poll of mock / || /(^|[^a-z])(no|[0-9]+) locks? held by mock\/[0-9]/ ||
/ #[0-9]+: .*\(leaked\)\{/ {
	print ""
	next
}

failed && /Call Trace:/ {
	print ""
	failed = 0
	next
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
	if (cut)
		print cut
	ours = 1
	flush()
}
