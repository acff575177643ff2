/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libweft: a thin layer over the ioctls of /dev/weft.
 *
 * A client is a file descriptor: poll() works on it, and close-on-exec is set.
 * Nothing here keeps state, prints or allocates. Unless it says otherwise, a
 * function may be called from several threads, and what it returns that is
 * negative is a negative errno, with the meanings that <linux/weft.h> gives.
 * That header also says what the fields of the structs mean.
 */
#ifndef LIBWEFT_H
#define LIBWEFT_H

#include <stdint.h>
#include <linux/weft.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WEFT_PUBLIC	__attribute__((visibility("default")))

/* How many ops and engines libweft knows; the kernel may know fewer or more. */
#define WEFT_LIB_OPS		14
#define WEFT_LIB_ENGINES	2
#define WEFT_LIB_ALGORITHMS	3

/* Room for the digest of any of these. */
#define WEFT_LIB_MAX_DIGEST	32

WEFT_PUBLIC int weft_client_open(void);
WEFT_PUBLIC int weft_client_setup(int fd, unsigned int engine,
				  unsigned int *credits);
WEFT_PUBLIC int weft_client_start(unsigned int engine, unsigned int *credits);
WEFT_PUBLIC int weft_client_start_stepped(unsigned int workers,
					  unsigned int flags,
					  unsigned int *credits);
WEFT_PUBLIC int weft_client_step(int fd, struct weft_step *step);
WEFT_PUBLIC void weft_client_close(int fd);

WEFT_PUBLIC int weft_client_query(int fd, struct weft_query *query);
WEFT_PUBLIC int weft_client_stats(int fd, struct weft_stats *stats);

WEFT_PUBLIC int weft_client_submit(int fd, const struct weft_job *jobs,
				   unsigned int count, uint64_t *ids,
				   int *error);
WEFT_PUBLIC int weft_client_wait(int fd, struct weft_completion *completions,
				 unsigned int capacity, unsigned int min,
				 uint64_t timeout_ns);
WEFT_PUBLIC int weft_client_read(int fd, struct weft_completion *completions,
				 unsigned int capacity);
WEFT_PUBLIC int weft_client_cancel(int fd, uint64_t id);
WEFT_PUBLIC int weft_client_cancel_all(int fd, unsigned int *cancelled,
				       unsigned int *stopping);
WEFT_PUBLIC int weft_client_cancel_tag(int fd, uint32_t tag,
				       unsigned int *cancelled,
				       unsigned int *stopping);
WEFT_PUBLIC int weft_client_restrict(int fd, uint64_t *ops);

WEFT_PUBLIC int weft_client_buffer(int fd, uint64_t bytes,
				   struct weft_buffer *buffer);
WEFT_PUBLIC int weft_client_buffer_map(int fd, const struct weft_buffer *buffer,
				       void **memory);
WEFT_PUBLIC void weft_client_buffer_unmap(const struct weft_buffer *buffer,
					  void *memory);
WEFT_PUBLIC int weft_client_buffer_free(int fd, const struct weft_buffer *buffer);
WEFT_PUBLIC int weft_client_progress(int fd, uint64_t id,
				     struct weft_progress *progress);

WEFT_PUBLIC int weft_client_graph(int fd, struct weft_graph *graph,
				  const struct weft_node *nodes,
				  unsigned int count);
WEFT_PUBLIC int weft_client_graph_result(int fd, uint64_t id,
					 struct weft_node_result *results,
					 unsigned int capacity, int free);

WEFT_PUBLIC void weft_job_nop(struct weft_job *job);
WEFT_PUBLIC void weft_job_yield(struct weft_job *job, uint64_t count);
WEFT_PUBLIC void weft_job_spin(struct weft_job *job, uint64_t ns);
WEFT_PUBLIC void weft_job_sleep(struct weft_job *job, uint64_t ns);
WEFT_PUBLIC void weft_job_sleep_until(struct weft_job *job, uint64_t ns);
WEFT_PUBLIC void weft_job_work(struct weft_job *job, uint32_t rounds,
			       uint64_t work_ns, uint64_t wait_ns);
WEFT_PUBLIC void weft_job_read(struct weft_job *job, int fd, uint64_t offset,
			       uint32_t buffer, uint64_t start, uint32_t len);
WEFT_PUBLIC void weft_job_write(struct weft_job *job, int fd, uint64_t offset,
				uint32_t buffer, uint64_t start, uint32_t len);
WEFT_PUBLIC void weft_job_fsync(struct weft_job *job, int fd, uint32_t flags);
WEFT_PUBLIC void weft_job_copy(struct weft_job *job, int in, uint64_t in_offset,
			       int out, uint64_t out_offset, uint64_t len);
WEFT_PUBLIC void weft_job_poll(struct weft_job *job, int fd, uint32_t events);
WEFT_PUBLIC void weft_job_eventfd(struct weft_job *job, int fd, uint64_t value);
WEFT_PUBLIC void weft_job_notify(struct weft_job *job, uint64_t id,
				 uint64_t value);
WEFT_PUBLIC void weft_job_await(struct weft_job *job, uint64_t count);
WEFT_PUBLIC void weft_job_verify(struct weft_job *job, int fd,
				 uint32_t algorithm, uint64_t offset,
				 uint64_t len);
WEFT_PUBLIC void weft_job_verify_store(struct weft_job *job, uint32_t buffer,
				       uint64_t start);
WEFT_PUBLIC void weft_job_verify_compare(struct weft_job *job, uint32_t buffer,
					 uint64_t start);

WEFT_PUBLIC const char *weft_op_name(unsigned int op);
WEFT_PUBLIC int weft_op_number(const char *name);
WEFT_PUBLIC const char *weft_engine_name(unsigned int engine);
WEFT_PUBLIC int weft_engine_number(const char *name);
WEFT_PUBLIC const char *weft_algorithm_name(unsigned int algorithm);
WEFT_PUBLIC int weft_algorithm_number(const char *name);
WEFT_PUBLIC unsigned int weft_algorithm_bytes(unsigned int algorithm);
WEFT_PUBLIC const char *weft_verdict_name(int verdict);
WEFT_PUBLIC const char *weft_submit_error(int error);

#ifdef __cplusplus
}
#endif

#endif /* LIBWEFT_H */
