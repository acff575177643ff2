/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers that a seed decides: splitmix64. */
#ifndef WEFT_SOAK_RANDOM_H
#define WEFT_SOAK_RANDOM_H

struct rng {
	__u64 state;
};

static inline __u64 rng_next(struct rng *rng)
{
	__u64 z = rng->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

/* From 0 to @n - 1. */
static inline __u64 rng_below(struct rng *rng, __u64 n)
{
	return rng_next(rng) % n;
}

/* True once in @n times. */
static inline bool rng_once_in(struct rng *rng, unsigned int n)
{
	return !rng_below(rng, n);
}

/* For a thread or a process of its own. */
static inline struct rng rng_split(struct rng *rng)
{
	return (struct rng){ .state = rng_next(rng) };
}

#endif /* WEFT_SOAK_RANDOM_H */
