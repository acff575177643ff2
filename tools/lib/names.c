// SPDX-License-Identifier: LGPL-2.1-or-later
/* Names for the numbers of the interface. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "weft.h"

static const char *const weft_op_names[WEFT_LIB_OPS] = {
	[WEFT_OP_NOP] = "nop",
	[WEFT_OP_YIELD] = "yield",
	[WEFT_OP_SPIN] = "spin",
	[WEFT_OP_SLEEP] = "sleep",
	[WEFT_OP_WORK] = "work",
	[WEFT_OP_READ] = "read",
	[WEFT_OP_WRITE] = "write",
	[WEFT_OP_FSYNC] = "fsync",
	[WEFT_OP_COPY] = "copy",
	[WEFT_OP_POLL] = "poll",
	[WEFT_OP_EVENTFD] = "eventfd",
	[WEFT_OP_NOTIFY] = "notify",
	[WEFT_OP_AWAIT] = "await",
	[WEFT_OP_VERIFY] = "verify",
};

static const char *const weft_engine_names[WEFT_LIB_ENGINES] = {
	[WEFT_ENGINE_ASYNC] = "async",
	[WEFT_ENGINE_THREADS] = "threads",
};

static const char *const weft_algorithm_names[WEFT_LIB_ALGORITHMS] = {
	[WEFT_VERIFY_CRC32C] = "crc32c",
	[WEFT_VERIFY_XXH64] = "xxh64",
	[WEFT_VERIFY_SHA256] = "sha256",
};

static int weft_find(const char *const *names, int count, const char *name)
{
	int i;

	for (i = 0; i < count; i++)
		if (!strcmp(names[i], name))
			return i;
	return -ENOENT;
}

/**
 * weft_op_name() - the name of an op
 * @op: WEFT_OP_*
 *
 * Return: a constant string, or NULL if libweft does not know the op.
 */
const char *weft_op_name(unsigned int op)
{
	return op < WEFT_LIB_OPS ? weft_op_names[op] : NULL;
}

/**
 * weft_op_number() - the op with a name
 * @name: for example "sleep"
 *
 * Return: WEFT_OP_* or -ENOENT.
 */
int weft_op_number(const char *name)
{
	return weft_find(weft_op_names, WEFT_LIB_OPS, name);
}

/**
 * weft_engine_name() - the name of an engine
 * @engine: WEFT_ENGINE_*
 *
 * Return: a constant string, or NULL if libweft does not know the engine.
 */
const char *weft_engine_name(unsigned int engine)
{
	return engine < WEFT_LIB_ENGINES ? weft_engine_names[engine] : NULL;
}

/**
 * weft_engine_number() - the engine with a name
 * @name: "async" or "threads"
 *
 * Return: WEFT_ENGINE_* or -ENOENT.
 */
int weft_engine_number(const char *name)
{
	return weft_find(weft_engine_names, WEFT_LIB_ENGINES, name);
}

/**
 * weft_algorithm_name() - the name of an algorithm of WEFT_OP_VERIFY
 * @algorithm: WEFT_VERIFY_*
 *
 * Return: a constant string, or NULL if libweft does not know the algorithm.
 */
const char *weft_algorithm_name(unsigned int algorithm)
{
	return algorithm < WEFT_LIB_ALGORITHMS ? weft_algorithm_names[algorithm] :
						 NULL;
}

/**
 * weft_algorithm_number() - the algorithm with a name
 * @name: "crc32c", "xxh64" or "sha256"
 *
 * Return: WEFT_VERIFY_* or -ENOENT.
 */
int weft_algorithm_number(const char *name)
{
	return weft_find(weft_algorithm_names, WEFT_LIB_ALGORITHMS, name);
}

/**
 * weft_algorithm_bytes() - how long the digest of an algorithm is
 * @algorithm: WEFT_VERIFY_*
 *
 * Return: bytes, 0 if libweft does not know the algorithm.
 */
unsigned int weft_algorithm_bytes(unsigned int algorithm)
{
	static const unsigned int bytes[WEFT_LIB_ALGORITHMS] = {
		[WEFT_VERIFY_CRC32C] = 4,
		[WEFT_VERIFY_XXH64] = 8,
		[WEFT_VERIFY_SHA256] = WEFT_LIB_MAX_DIGEST,
	};

	return algorithm < WEFT_LIB_ALGORITHMS ? bytes[algorithm] : 0;
}

/**
 * weft_verdict_name() - a cancel's verdict in words
 * @verdict: from weft_client_cancel()
 *
 * Return: a constant string, or NULL if it is no verdict.
 */
const char *weft_verdict_name(int verdict)
{
	switch (verdict) {
	case WEFT_CANCELLED:
		return "cancelled";
	case WEFT_ALREADY_DONE:
		return "already done";
	case WEFT_STOPPING:
		return "stopping";
	default:
		return NULL;
	}
}

/**
 * weft_submit_error() - why a job was refused, in words
 * @error: from weft_client_submit(), a positive errno
 *
 * Return: a constant string.
 */
const char *weft_submit_error(int error)
{
	switch (error) {
	case 0:
		return "not refused";
	case EAGAIN:
		return "no credit is free, or no kernel thread is to be had";
	case EBADF:
		return "there is no such file descriptor, or it is one of weft itself";
	case EBADSLT:
		return "a result of one type is bound to an argument of another";
	case EDQUOT:
		return "the client has as many templates as it may have";
	case ELOOP:
		return "its edges go round in a circle";
	case ENOENT:
		return "there never was what it is to begin after";
	case ENXIO:
		return "it names a node that is not there, or that is not before it";
	case EBADFD:
		return "the client is not set up";
	case EFAULT:
		return "an address is bad, or it names a buffer or a range that is not there";
	case EINTR:
		return "the submitter is being killed";
	case EINVAL:
		return "a field of the job has a wrong value";
	case EOPNOTSUPP:
		return "its op was taken from the client, or the kernel has no such algorithm";
	case ENOMEM:
		return "the kernel has no memory for the job";
	default:
		return "unknown reason";
	}
}
