// SPDX-License-Identifier: GPL-2.0-only
/*
 * Buffers of a client: their numbers, mappings and limits, and that their memory
 * stays for as long as anybody uses it.
 */
#include "files.h"

#define CREDITS	16

ENGINE_FIXTURE(buffer, CREDITS)

static __u64 bytes_of(int fd)
{
	struct weft_stats stats;

	return get_stats(fd, &stats) ? 0 : stats.bytes;
}

TEST_F(buffer, starts_with_zeros_in_whole_pages)
{
	size_t page = sysconf(_SC_PAGESIZE), i, sum = 0;
	struct area area;

	ASSERT_EQ(0, make_area(self->fd, page + 1, &area));
	EXPECT_EQ(2 * page, area.bytes);
	for (i = 0; i < area.bytes; i++)
		sum += area.mem[i];
	EXPECT_EQ(0, sum);
	unmap_area(&area);
	EXPECT_EQ(0, free_buffer(self->fd, area.index));
}

TEST_F(buffer, sizes_that_cannot_be_are_einval)
{
	struct weft_buffer buffer;

	EXPECT_EQ(-EINVAL, make_buffer(self->fd, 0, &buffer));
	EXPECT_EQ(-EINVAL, make_buffer(self->fd, 1ULL << 31, &buffer));
	EXPECT_EQ(-EINVAL, make_buffer(self->fd, 1ULL << 63, &buffer));
	EXPECT_EQ(-EINVAL, make_buffer(self->fd, ~0ULL, &buffer));
}

TEST_F(buffer, number_that_is_not_there_is_enoent)
{
	struct weft_buffer buffer;

	EXPECT_EQ(-ENOENT, free_buffer(self->fd, 0));
	ASSERT_EQ(0, make_buffer(self->fd, 1, &buffer));
	EXPECT_EQ(-ENOENT, free_buffer(self->fd, buffer.index + 1));
	EXPECT_EQ(-ENOENT, free_buffer(self->fd, ~0U));
	EXPECT_EQ(0, free_buffer(self->fd, buffer.index));
	EXPECT_EQ(-ENOENT, free_buffer(self->fd, buffer.index));
}

TEST_F(buffer, wrong_fields_are_einval)
{
	struct weft_buffer buffer = { .size = sizeof(buffer), .bytes = 1, .flags = 2 };

	EXPECT_EQ(-EINVAL, call(self->fd, WEFT_IOC_BUFFER, &buffer));
	buffer.flags = 0;
	buffer.__reserved = 1;
	EXPECT_EQ(-EINVAL, call(self->fd, WEFT_IOC_BUFFER, &buffer));
	buffer.__reserved = 0;
	buffer.flags = WEFT_BUFFER_FREE;
	EXPECT_EQ(-EINVAL, call(self->fd, WEFT_IOC_BUFFER, &buffer));
	buffer.flags = 0;
	buffer.size -= 1;
	EXPECT_EQ(-EINVAL, call(self->fd, WEFT_IOC_BUFFER, &buffer));
}

TEST_F(buffer, needs_a_client)
{
	struct weft_buffer buffer;
	int fd = open_device();

	ASSERT_LE(0, fd);
	EXPECT_EQ(-EBADFD, make_buffer(fd, 1, &buffer));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0));
	EXPECT_EQ(EBADFD, errno);
	close(fd);
}

TEST_F(buffer, client_may_have_so_much_and_no_more)
{
	__u64 before = bytes_of(self->fd);
	struct weft_buffer buffer;
	unsigned int n = 0;
	int ret;

	while (!(ret = make_buffer(self->fd, 8 << 20, &buffer)))
		n++;
	EXPECT_EQ(-EDQUOT, ret);
	EXPECT_EQ(8, n);
	EXPECT_EQ(before + (64 << 20), bytes_of(self->fd));
	EXPECT_EQ(0, free_buffer(self->fd, 0));
	EXPECT_EQ(0, make_buffer(self->fd, 8 << 20, &buffer));
	EXPECT_EQ(0, buffer.index);
}

TEST_F(buffer, client_may_have_so_many_and_no_more)
{
	struct weft_buffer buffer;
	unsigned int n = 0;
	int ret;

	while (!(ret = make_buffer(self->fd, 1, &buffer)))
		n++;
	EXPECT_EQ(-EDQUOT, ret);
	EXPECT_EQ(1024, n);
}

TEST_F(buffer, parts_of_it_can_be_mapped)
{
	size_t page = sysconf(_SC_PAGESIZE);
	unsigned char *part;
	struct area area;

	ASSERT_EQ(0, make_area(self->fd, 4 * page, &area));
	area.mem[2 * page + 5] = 77;
	part = mmap(NULL, page, PROT_READ, MAP_SHARED, self->fd, area.offset + 2 * page);
	ASSERT_NE(MAP_FAILED, part);
	EXPECT_EQ(77, part[5]);
	munmap(part, page);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 2 * page, PROT_READ, MAP_SHARED, self->fd,
				   area.offset + 3 * page));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, page, PROT_READ, MAP_SHARED, self->fd,
				   area.offset + 4 * page));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, page, PROT_READ, MAP_PRIVATE, self->fd,
				   area.offset));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, page, PROT_READ, MAP_SHARED, self->fd,
				   area.offset + (1ULL << 32)));
	EXPECT_EQ(EINVAL, errno);
	/* It cannot be made larger. */
	EXPECT_EQ(MAP_FAILED, mremap(area.mem, 4 * page, 8 * page, MREMAP_MAYMOVE));
	unmap_area(&area);
}

TEST_F(buffer, range_outside_of_it_is_efault)
{
	int zero = open("/dev/zero", O_RDWR | O_CLOEXEC);
	size_t page = sysconf(_SC_PAGESIZE);
	struct area area, none;
	const struct {
		__u64 start;
		__u32 len;
		__s64 result;
	} cases[] = {
		{ 0, page, page }, { page, 0, 0 }, { page - 1, 1, 1 },
		{ 0, page + 1, -EFAULT }, { 1, page, -EFAULT }, { page, 1, -EFAULT },
		{ page + 1, 0, -EFAULT }, { 0, 1U << 31, -EFAULT }, { 0, ~0U, -EFAULT },
		{ 1ULL << 32, 1, -EFAULT }, { 1ULL << 63, 1, -EFAULT },
		{ ~0ULL, 1, -EFAULT }, { ~0ULL - 3, 4, -EFAULT }, { ~0ULL, ~0U, -EFAULT },
	};
	size_t i;

	ASSERT_EQ(0, make_area(self->fd, page, &area));
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		EXPECT_EQ(cases[i].result,
			  result(self->fd, rw_job(WEFT_OP_READ, zero, &area, 0,
						  cases[i].start, cases[i].len)));
		EXPECT_EQ(cases[i].result,
			  result(self->fd, rw_job(WEFT_OP_WRITE, zero, &area, 0,
						  cases[i].start, cases[i].len)));
	}
	none = area;
	none.index++;
	EXPECT_EQ(-EFAULT, result(self->fd, read_job(zero, &none, 1)));
	none.index = ~0U;
	EXPECT_EQ(-EFAULT, result(self->fd, read_job(zero, &none, 1)));
	unmap_area(&area);
	EXPECT_EQ(0, free_buffer(self->fd, area.index));
	EXPECT_EQ(-EFAULT, result(self->fd, read_job(zero, &area, 1)));
	close(zero);
}

TEST_F(buffer, one_that_a_job_uses_stays_until_it_has_ended)
{
	__u64 before = bytes_of(self->fd);
	struct area area, other;
	struct weft_completion c;
	int pair[2];

	ASSERT_EQ(0, pipe2(pair, O_CLOEXEC));
	ASSERT_EQ(0, make_area(self->fd, 1 << 20, &area));
	ASSERT_EQ(1, submit_one(self->fd, read_job(pair[0], &area, 10), NULL));
	ASSERT_TRUE(until_waiting(self->fd, 1));
	ASSERT_EQ(0, free_buffer(self->fd, area.index));
	/* The number is free for another one, which gets none of the data. */
	ASSERT_EQ(0, make_area(self->fd, 4096, &other));
	EXPECT_EQ(area.index, other.index);
	ASSERT_EQ(4, write(pair[1], "data", 4));
	ASSERT_EQ(1, reap(self->fd, &c, 1));
	EXPECT_EQ(4, c.result);
	EXPECT_EQ(0, memcmp(area.mem, "data", 4));
	EXPECT_EQ(0, other.mem[0]);
	unmap_area(&other);
	EXPECT_EQ(0, free_buffer(self->fd, other.index));
	EXPECT_LE(before + (1 << 20), bytes_of(self->fd));
	unmap_area(&area);
	EXPECT_GT(before + (1 << 20), bytes_of(self->fd));
	close(pair[0]);
	close(pair[1]);
}

TEST_F(buffer, one_that_is_not_mapped_stays_for_its_job)
{
	int zero = open("/dev/zero", O_RDWR | O_CLOEXEC);
	struct weft_completion c;
	struct area area;
	int pair[2];

	ASSERT_EQ(0, pipe2(pair, O_CLOEXEC));
	ASSERT_EQ(0, make_area(self->fd, 1 << 20, &area));
	ASSERT_EQ(1, submit_one(self->fd, read_job(pair[0], &area, 10), NULL));
	ASSERT_TRUE(until_waiting(self->fd, 1));
	unmap_area(&area);
	ASSERT_EQ(0, free_buffer(self->fd, area.index));
	ASSERT_EQ(4, write(pair[1], "data", 4));
	ASSERT_EQ(1, reap(self->fd, &c, 1));
	EXPECT_EQ(4, c.result);
	close(zero);
	close(pair[0]);
	close(pair[1]);
}

TEST_F(buffer, mapping_is_shared_with_a_child_and_outlives_the_number)
{
	struct area area;
	pid_t pid;
	int status;

	ASSERT_EQ(0, make_area(self->fd, 4096, &area));
	ASSERT_EQ(0, free_buffer(self->fd, area.index));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		area.mem[9] = 9;
		unmap_area(&area);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(9, area.mem[9]);
	unmap_area(&area);
}

TEST_F(buffer, mapping_outlives_the_descriptor)
{
	int fd = open_client(variant->engine, 1);
	struct area area;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, make_area(fd, 4096, &area));
	ASSERT_EQ(0, close(fd));
	area.mem[4095] = 1;
	EXPECT_EQ(1, area.mem[4095]);
	unmap_area(&area);
}

WEFT_TEST_MAIN
