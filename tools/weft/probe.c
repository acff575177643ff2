// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "probe.h"
#include "table.h"
#include "util.h"
#include "weft.h"

/* Memory is at rest if it moves by less in so long; we do not wait forever. */
#define SETTLED_BYTES	(128 * 1024)
#define SETTLE_MS	50
#define SETTLE_TRIES	40

/* The number after @key at the start of a line of @path; 0 without one. */
static uint64_t proc_number(const char *path, const char *key)
{
	FILE *file = fopen(path, "re");
	size_t len = strlen(key);
	char line[256];
	uint64_t n = 0;

	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, key, len) &&
		    sscanf(line + len, "%" SCNu64, &n) == 1)
			break;
	fclose(file);
	return n;
}

/* Reading it folds in what the CPUs have not told yet; root only. */
static void refresh_memory(void)
{
	FILE *file = fopen("/proc/sys/vm/stat_refresh", "re");

	if (!file)
		return;
	(void)!fgetc(file);
	fclose(file);
}

/* Free pages that each CPU keeps at hand; MemFree is without them. */
static uint64_t cpu_free_pages(void)
{
	FILE *file = fopen("/proc/zoneinfo", "re");
	uint64_t sum = 0, n;
	char line[256];

	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, " count: %" SCNu64, &n) == 1)
			sum += n;
	fclose(file);
	return sum;
}

static uint64_t free_bytes(void)
{
	refresh_memory();
	return proc_number("/proc/meminfo", "MemFree:") * 1024 +
	       cpu_free_pages() * sysconf(_SC_PAGESIZE);
}

/* Threads that have ended give their memory back a little later. */
void probe_settle(void)
{
	uint64_t before = free_bytes(), now;
	unsigned int tries, quiet = 0;

	for (tries = 0; tries < SETTLE_TRIES && quiet < 2; tries++) {
		nap_ms(SETTLE_MS);
		now = free_bytes();
		if (now > before + SETTLED_BYTES || before > now + SETTLED_BYTES)
			quiet = 0;
		else
			quiet++;
		before = now;
	}
}

static int number(const struct table *t, unsigned int engine, const char *col,
		  uint64_t *n)
{
	return table_number(t, weft_engine_name(engine), col, n);
}

static int take_engine(struct probe *p, unsigned int engine)
{
	uint64_t voluntary = 0, involuntary = 0;
	struct table t;
	int ret;

	ret = table_load(&t, "engines");
	if (ret)
		return ret;
	if (number(&t, engine, "threads", &p->threads) ||
	    number(&t, engine, "polls", &p->polls) ||
	    number(&t, engine, "coop_switches", &p->coop_switches) ||
	    number(&t, engine, "voluntary", &voluntary) ||
	    number(&t, engine, "involuntary", &involuntary))
		ret = -EPROTO;
	p->switches = voluntary + involuntary;
	table_free(&t);
	return ret;
}

static int take_memory(struct probe *p, unsigned int engine)
{
	uint64_t clients = 0, threads = 0;
	struct table t;
	char row[32];
	int ret;

	ret = table_load(&t, "memory");
	if (ret)
		return ret;
	snprintf(row, sizeof(row), "%s_clients", weft_engine_name(engine));
	if (table_number(&t, row, "bytes", &clients) ||
	    (engine == WEFT_ENGINE_THREADS &&
	     table_number(&t, "threads", "bytes", &threads)))
		ret = -EPROTO;
	p->own_bytes = clients + threads;
	table_free(&t);
	return ret;
}

/**
 * probe_take() - read the counts
 * @probe: receives them
 * @engine: of which engine
 *
 * Return: 0, or an exit code when it has complained.
 */
int probe_take(struct probe *probe, unsigned int engine)
{
	int ret;

	*probe = (struct probe){};
	ret = take_memory(probe, engine);
	if (ret)
		return complain_table("memory", -ret);
	ret = take_engine(probe, engine);
	if (ret)
		return complain_table("engines", -ret);
	probe->system_switches = proc_number("/proc/stat", "ctxt");
	probe->free_bytes = free_bytes();
	return 0;
}

/* @threads is what there is more afterwards, and @free_bytes what there is less. */
void probe_diff(struct probe *diff, const struct probe *before,
		const struct probe *after)
{
	*diff = (struct probe){
		.threads = after->threads - before->threads,
		.switches = after->switches - before->switches,
		.polls = after->polls - before->polls,
		.coop_switches = after->coop_switches - before->coop_switches,
		.own_bytes = after->own_bytes - before->own_bytes,
		.system_switches = after->system_switches -
				   before->system_switches,
	};
	if (before->free_bytes > after->free_bytes)
		diff->free_bytes = before->free_bytes - after->free_bytes;
}

/* Return: 0, or an exit code when it has complained. */
int probe_other_clients(uint64_t *count)
{
	struct table t;
	int ret = table_load(&t, "clients");

	if (ret)
		return complain_table("clients", -ret);
	*count = t.rows - 1;
	table_free(&t);
	return 0;
}

void probe_cpu_name(char *name, unsigned int size)
{
	FILE *file = fopen("/proc/cpuinfo", "re");
	char line[256], *colon;

	snprintf(name, size, "unknown CPU");
	if (!file)
		return;
	while (fgets(line, sizeof(line), file)) {
		colon = strchr(line, ':');
		if (strncmp(line, "model name", 10) || !colon || !colon[1])
			continue;
		snprintf(name, size, "%s", colon + 2);
		name[strcspn(name, "\n")] = '\0';
		break;
	}
	fclose(file);
}

uint64_t probe_memory_bytes(void)
{
	return proc_number("/proc/meminfo", "MemTotal:") * 1024;
}
