// SPDX-License-Identifier: GPL-2.0-only
/* verify: digests of files, against known ones and others'. */
#include "files.h"

#define CREDITS	8
#define SIZE	(300 * 1024 + 77)

FIXTURE(verify) {
	int fd;
	int file;
	struct area area;
};

FIXTURE_VARIANT(verify) {
	__u32 engine;
	__u32 algorithm;
	unsigned int digest;
	const char *nine;	/* of "123456789" */
};

#define SHA256_OF_NINE \
	"\x15\xe2\xb0\xd3\xc3\x38\x91\xeb\xb0\xf1\xef\x60\x9e\xc4\x19\x42" \
	"\x0c\x20\xe3\x20\xce\x94\xc6\x5f\xbc\x8c\x33\x12\x44\x8e\xb2\x25"

FIXTURE_VARIANT_ADD(verify, async_crc32c) {
	.engine = WEFT_ENGINE_ASYNC, .algorithm = WEFT_VERIFY_CRC32C, .digest = 4,
	.nine = "\x83\x92\x06\xe3",
};

FIXTURE_VARIANT_ADD(verify, threads_crc32c) {
	.engine = WEFT_ENGINE_THREADS, .algorithm = WEFT_VERIFY_CRC32C, .digest = 4,
	.nine = "\x83\x92\x06\xe3",
};

FIXTURE_VARIANT_ADD(verify, async_xxh64) {
	.engine = WEFT_ENGINE_ASYNC, .algorithm = WEFT_VERIFY_XXH64, .digest = 8,
	.nine = "\x83\xae\xe6\x40\xdb\x41\xb8\x8c",
};

FIXTURE_VARIANT_ADD(verify, async_sha256) {
	.engine = WEFT_ENGINE_ASYNC, .algorithm = WEFT_VERIFY_SHA256, .digest = 32,
	.nine = SHA256_OF_NINE,
};

FIXTURE_VARIANT_ADD(verify, threads_sha256) {
	.engine = WEFT_ENGINE_THREADS, .algorithm = WEFT_VERIFY_SHA256, .digest = 32,
	.nine = SHA256_OF_NINE,
};

static unsigned char data[SIZE];

static struct weft_job verify_job(const FIXTURE_VARIANT(verify) *variant, int fd,
				  const struct area *area, __u64 offset, __u64 len,
				  __u64 start, __u32 flags)
{
	return (struct weft_job){
		.op = WEFT_OP_VERIFY,
		.user_data = 1,
		.verify = {
			.fd = fd,
			.algorithm = variant->algorithm,
			.offset = offset,
			.len = len,
			.start = flags ? start : 0,
			.buffer = flags ? area->index : 0,
			.flags = flags,
		},
	};
}

FIXTURE_SETUP(verify)
{
	char path[] = "/tmp/weft-verify-XXXXXX";
	__u64 seed = 3;

	load_module("/xxhash_generic.ko");
	self->fd = open_client(variant->engine, CREDITS);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, make_area(self->fd, 4096, &self->area));
	self->file = mkstemp(path);
	ASSERT_LE(0, self->file);
	unlink(path);
	fill(data, SIZE, &seed);
}

FIXTURE_TEARDOWN(verify)
{
	close(self->file);
	unmap_area(&self->area);
	EXPECT_EQ(0, close(self->fd));
}

/* Not every kernel has every algorithm. */
static bool is_missing(int fd, const FIXTURE_VARIANT(verify) *variant, int file,
		       struct area *area)
{
	return result(fd, verify_job(variant, file, area, 0, 0, 0, 0)) == -EOPNOTSUPP;
}

#define MISSING	"the kernel does not have this algorithm"

TEST_F(verify, known_digest_is_stored_and_matches)
{
	if (is_missing(self->fd, variant, self->file, &self->area))
		SKIP(return, MISSING);
	ASSERT_EQ(9, write(self->file, "123456789", 9));
	EXPECT_EQ(9, result(self->fd, verify_job(variant, self->file, &self->area, 0, ~0ULL,
						 100, WEFT_VERIFY_STORE)));
	EXPECT_EQ(0, memcmp(self->area.mem + 100, variant->nine, variant->digest));
	EXPECT_EQ(0, self->area.mem[99] | self->area.mem[100 + variant->digest]);
	EXPECT_EQ(9, lseek(self->file, 0, SEEK_CUR));
	EXPECT_EQ(9, result(self->fd, verify_job(variant, self->file, &self->area, 0, ~0ULL,
						 100, WEFT_VERIFY_COMPARE)));
	self->area.mem[100 + variant->digest - 1] ^= 1;
	EXPECT_EQ(-EBADMSG, result(self->fd, verify_job(variant, self->file, &self->area, 0,
							9, 100, WEFT_VERIFY_COMPARE)));
	EXPECT_EQ(9, result(self->fd, verify_job(variant, self->file, &self->area, 0, ~0ULL,
						 0, 0)));
}

TEST_F(verify, parts_are_those_of_the_same_bytes_elsewhere)
{
	char path[] = "/tmp/weft-part-XXXXXX";
	int part = mkstemp(path), i;
	__u64 seed = 9;

	if (is_missing(self->fd, variant, self->file, &self->area))
		SKIP(return, MISSING);
	unlink(path);
	ASSERT_EQ(SIZE, write(self->file, data, SIZE));
	for (i = 0; i < (int)scaled(100, 20); i++) {
		__u32 from = rnd(&seed) % SIZE, len = rnd(&seed) % (SIZE - from + 1);

		ASSERT_EQ(0, ftruncate(part, 0));
		ASSERT_EQ((ssize_t)len, pwrite(part, data + from, len, 0));
		ASSERT_EQ(len, result(self->fd, verify_job(variant, part, &self->area, 0,
							   ~0ULL, 0, WEFT_VERIFY_STORE)));
		ASSERT_EQ(len, result(self->fd, verify_job(variant, self->file, &self->area,
							   from, len, 0,
							   WEFT_VERIFY_COMPARE)));
	}
	close(part);
}

static __u32 crc32c(const unsigned char *p, size_t len)
{
	__u32 crc = ~0U;
	int bit;

	while (len--) {
		crc ^= *p++;
		for (bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0x82f63b78 : crc >> 1;
	}
	return ~crc;
}

/* As the command prints it. */
static bool sha256_is(const char *path, const unsigned char *digest)
{
	char command[128], line[65] = "", hex[65];
	FILE *out;
	int i;

	for (i = 0; i < 32; i++)
		sprintf(hex + 2 * i, "%02x", digest[i]);
	snprintf(command, sizeof(command), "sha256sum %s", path);
	out = popen(command, "r");
	if (!out || !fgets(line, sizeof(line), out))
		return false;
	pclose(out);
	return !strcmp(line, hex);
}

TEST_F(verify, digest_of_many_slices_is_that_of_others)
{
	char path[64];
	__u32 crc = crc32c(data, SIZE);

	if (is_missing(self->fd, variant, self->file, &self->area))
		SKIP(return, MISSING);
	if (variant->algorithm == WEFT_VERIFY_XXH64)
		SKIP(return, "nobody to compare with");
	ASSERT_EQ(SIZE, write(self->file, data, SIZE));
	EXPECT_EQ(SIZE, result(self->fd, verify_job(variant, self->file, &self->area, 0,
						    ~0ULL, 0, WEFT_VERIFY_STORE)));
	if (variant->algorithm == WEFT_VERIFY_CRC32C) {
		EXPECT_EQ(0, memcmp(&crc, self->area.mem, 4));
	} else {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", getpid(), self->file);
		EXPECT_TRUE(sha256_is(path, self->area.mem));
	}
}

TEST_F(verify, wrong_arguments_and_files)
{
	int folder = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct weft_job job;
	int pair[2];

	if (is_missing(self->fd, variant, self->file, &self->area))
		SKIP(return, MISSING);
	ASSERT_EQ(0, pipe2(pair, O_CLOEXEC));
#define TRY(_want, _fd, _offset, _start, _flags) \
	EXPECT_EQ(_want, result(self->fd, verify_job(variant, _fd, &self->area, _offset, \
						     ~0ULL, _start, _flags)))
	TRY(-EBADF, -1, 0, 0, 0);
	TRY(-EBADF, self->fd, 0, 0, 0);
	TRY(-EISDIR, folder, 0, 0, 0);
	TRY(-EINVAL, pair[0], 0, 0, 0);
	TRY(-EINVAL, self->file, 1ULL << 63, 0, 0);
	TRY(-EINVAL, self->file, ~0ULL, 0, 0);
	TRY(-EINVAL, self->file, 0, 0, 4);
	TRY(-EINVAL, self->file, 0, 0, WEFT_VERIFY_COMPARE | WEFT_VERIFY_STORE);
	TRY(-EFAULT, self->file, 0, 4096 - variant->digest + 1, WEFT_VERIFY_STORE);
	TRY(-EFAULT, self->file, 0, ~0ULL, WEFT_VERIFY_COMPARE);
	TRY(0, self->file, 0, 4096 - variant->digest, WEFT_VERIFY_STORE);
	TRY(0, self->file, INT64_MAX, 0, 0);
	job = verify_job(variant, self->file, &self->area, 0, 0, 0, 0);
	job.verify.algorithm = 3;
	EXPECT_EQ(-EINVAL, result(self->fd, job));
	job = verify_job(variant, self->file, &self->area, 0, 0, 0, 0);
	job.verify.start = 1;
	EXPECT_EQ(-EINVAL, result(self->fd, job));
	close(folder);
	close(pair[0]);
	close(pair[1]);
}

TEST_F(verify, long_one_is_cancelled)
{
	struct weft_completion c;
	__u64 id;
	int ret;

	if (is_missing(self->fd, variant, self->file, &self->area))
		SKIP(return, MISSING);
	/* A hole takes no memory, and long. */
	ASSERT_EQ(0, ftruncate(self->file, 1LL << 40));
	ASSERT_EQ(1, submit_one(self->fd, verify_job(variant, self->file, &self->area, 0,
						     ~0ULL, 0, 0), &id));
	ret = cancel_job(self->fd, id);
	EXPECT_TRUE(ret == WEFT_CANCELLED || ret == WEFT_STOPPING);
	ASSERT_EQ(1, reap(self->fd, &c, 1));
	EXPECT_EQ(-ECANCELED, c.result);
	EXPECT_EQ(-ETIME, result(self->fd, with_deadline(verify_job(variant, self->file,
								    &self->area, 0, ~0ULL,
								    0, 0), in_ns(MSEC))));
}

WEFT_TEST_MAIN
