// SPDX-License-Identifier: GPL-2.0-only
/* From events to what threads and tasks did. */
#include <stdlib.h>

#include "weaver.h"

/* Room for one more. Return: false if there is no memory. */
static bool grow(struct weaver *w, void *array, size_t *room, size_t count,
		 size_t size)
{
	void **data = array, *more;
	size_t bigger = *room ? *room * 2 : 256;

	if (count < *room)
		return true;
	more = reallocarray(*data, bigger, size);
	if (!more) {
		w->failed = true;
		return false;
	}
	*data = more;
	*room = bigger;
	return true;
}

static bool client_wanted(const struct weaver *w, uint32_t client)
{
	size_t i;

	if (w->filter->client)
		return client == w->filter->client;
	if (!w->filter->submitter)
		return true;
	for (i = 0; i < w->nr_clients; i++)
		if (w->clients[i] == client)
			return true;
	return false;
}

/* The clients of who submitted. */
static void find_clients(struct weaver *w)
{
	size_t i, room = 0;

	for (i = 0; i < w->rec->count && w->filter->submitter; i++) {
		const struct weft_recorder_event *e = &w->rec->events[i];

		if (e->kind != WEFT_EVENT_SUBMIT ||
		    e->pid != w->filter->submitter || e->ns < w->filter->from ||
		    client_wanted(w, e->client))
			continue;
		if (!grow(w, &w->clients, &room, w->nr_clients,
			  sizeof(*w->clients)))
			return;
		w->clients[w->nr_clients++] = e->client;
	}
}

static size_t slot_of(const struct weaver *w, uint32_t client, uint64_t id)
{
	uint64_t hash = (id * 31 + client) * 0x9e3779b97f4a7c15ULL;
	size_t at = (hash >> 32) % w->index_size;

	while (w->index[at]) {
		const struct task *t = &w->s->tasks[w->index[at] - 1];

		if (t->client == client && t->id == id)
			break;
		at = (at + 1) % w->index_size;
	}
	return at;
}

static bool rehash(struct weaver *w)
{
	uint32_t i;

	if (w->index_size > 2 * (size_t)w->s->nr_tasks + 2)
		return true;
	free(w->index);
	w->index_size = 4 * (size_t)w->s->nr_tasks + 1024;
	w->index = calloc(w->index_size, sizeof(*w->index));
	w->failed |= !w->index;
	for (i = 0; i < w->s->nr_tasks && w->index; i++)
		w->index[slot_of(w, w->s->tasks[i].client, w->s->tasks[i].id)] = i + 1;
	return w->index;
}

/* The task of an event, a new one if need be; NO_TASK if it is not looked at. */
static uint32_t find_task(struct weaver *w, const struct weft_recorder_event *e)
{
	struct story *s = w->s;
	size_t room = w->room_tasks, at;

	if (!client_wanted(w, e->client) || !rehash(w))
		return NO_TASK;
	at = slot_of(w, e->client, e->id);
	if (w->index[at])
		return w->index[at] - 1;
	if (!grow(w, &s->tasks, &room, s->nr_tasks, sizeof(*s->tasks)) ||
	    !grow(w, &w->task, &w->room_tasks, s->nr_tasks, sizeof(*w->task)))
		return NO_TASK;
	w->index[at] = s->nr_tasks + 1;
	w->task[s->nr_tasks] = (struct task_state){};
	s->tasks[s->nr_tasks] = (struct task){
		.id = e->id,
		.client = e->client,
		.op = e->op,
		.threads = e->worker == WEFT_NO_WORKER,
		.from = e->ns,
		.to = e->ns,
	};
	return s->nr_tasks++;
}

static uint32_t look_lane(const struct weaver *w,
			  const struct weft_recorder_event *e)
{
	uint32_t i;

	if (e->worker == WEFT_NO_WORKER)
		return w->lane_of[e->pid % MAX_PID] - 1;
	for (i = 0; i < w->s->nr_lanes; i++)
		if (w->s->lanes[i].worker == e->worker &&
		    w->s->lanes[i].pid == e->pid)
			return i;
	return NO_LANE;
}

static uint32_t find_lane(struct weaver *w, const struct weft_recorder_event *e)
{
	uint32_t lane = look_lane(w, e);
	struct story *s = w->s;
	size_t room = w->room_lanes;

	if (lane != NO_LANE)
		return lane;
	if (!grow(w, &s->lanes, &room, s->nr_lanes, sizeof(*s->lanes)) ||
	    !grow(w, &w->lane, &w->room_lanes, s->nr_lanes, sizeof(*w->lane)))
		return NO_LANE;
	if (e->worker == WEFT_NO_WORKER)
		w->lane_of[e->pid % MAX_PID] = s->nr_lanes + 1;
	w->lane[s->nr_lanes] = (struct lane_state){};
	s->lanes[s->nr_lanes] = (struct lane){
		.pid = e->pid,
		.worker = e->worker,
		.from = e->ns,
		.to = e->ns,
	};
	return s->nr_lanes++;
}

static void add_slice(struct weaver *w, const struct slice *slice)
{
	struct story *s = w->s;

	if (slice->from < slice->to || slice->polls)
		if (grow(w, &s->slices, &w->room_slices, s->nr_slices,
			 sizeof(*s->slices)))
			s->slices[s->nr_slices++] = *slice;
}

/* A task was in a state. */
void weave_piece(struct weaver *w, uint32_t task, enum piece_kind kind,
		 uint64_t from, uint64_t to, uint32_t lane, unsigned int wait)
{
	struct story *s = w->s;

	if (from >= to || !grow(w, &s->pieces, &w->room_pieces, s->nr_pieces,
				sizeof(*s->pieces)))
		return;
	s->pieces[s->nr_pieces++] = (struct piece){
		.from = from,
		.to = to,
		.task = task,
		.lane = lane,
		.kind = kind,
		.wait = wait,
	};
	s->pool |= kind == PIECE_POOL;
}

/* What a task did from one poll to what made it runnable again. */
static void weave_wait(struct weaver *w, uint32_t task, uint64_t from, uint64_t to,
		       unsigned int wait)
{
	weave_piece(w, task, wait == WEFT_POLL_PUNT ? PIECE_POOL : PIECE_WAITS, from,
		    to, NO_LANE, wait);
}

/* The thread is at work again. */
static void lane_on(struct weaver *w, uint32_t lane, uint64_t ns)
{
	struct lane_state *l = &w->lane[lane];
	const struct slice slice = {
		.from = l->off_ns,
		.to = ns,
		.lane = lane,
		.task = NO_TASK,
		.kind = l->parked ? SLICE_PARK : SLICE_OFF,
	};

	if (l->off_ns)
		add_slice(w, &slice);
	l->off_ns = 0;
	l->parked = false;
}

/* What the task did since its last poll, until @e. */
static void task_before(struct weaver *w, uint32_t task,
			const struct weft_recorder_event *e)
{
	struct task_state *state = &w->task[task];
	uint64_t queued = e->ns > e->waited_ns ? e->ns - e->waited_ns : 0;
	struct task *t = &w->s->tasks[task];

	if (e->detail & WEFT_POLL_FIRST) {
		t->whole = true;
		t->from = queued;
	} else if (!state->end) {
		t->from = queued;
	}
	/* Of another CPU's clock: a task is not runnable before it was polled. */
	if (queued < state->end || state->wait == WEFT_POLL_YIELD)
		queued = state->end ? state->end : queued;
	if (state->end)
		weave_wait(w, task, state->end, queued, state->wait);
	weave_piece(w, task, PIECE_READY, queued, e->ns, NO_LANE, 0);
}

static void weave_poll(struct weaver *w, const struct weft_recorder_event *e,
		       uint32_t lane)
{
	uint32_t task = find_task(w, e);
	struct slice slice = {
		.from = e->ns,
		.to = event_end(e),
		.lane = lane,
		.task = task,
		.kind = SLICE_POLL,
		.detail = e->detail & ~WEFT_POLL_FIRST,
		.polls = 1,
		.waited = e->waited_ns,
		.value = e->value,
	};

	lane_on(w, lane, e->ns);
	add_slice(w, &slice);
	if (task != NO_TASK) {
		struct task *t = &w->s->tasks[task];

		task_before(w, task, e);
		weave_piece(w, task, PIECE_RUNS, slice.from, slice.to, lane, 0);
		w->task[task] = (struct task_state){
			.end = slice.to,
			.wait = e->detail & ~(WEFT_POLL_FIRST | WEFT_POLL_READY),
		};
		t->polls++;
		t->to = slice.to;
		t->ended = e->detail & WEFT_POLL_READY;
		t->result = t->ended ? e->value : 0;
		w->s->ended += t->ended;
		w->s->polls++;
	}
}

static void weave_brief(struct weaver *w, const struct weft_recorder_event *e,
			uint32_t lane)
{
	const struct slice slice = {
		.from = e->ns,
		.to = event_end(e),
		.lane = lane,
		.task = NO_TASK,
		.kind = SLICE_BRIEF,
		.polls = e->value,
	};

	lane_on(w, lane, e->ns);
	add_slice(w, &slice);
	w->s->polls += e->value;
	w->s->exact = false;
}

static void weave_wake(struct weaver *w, const struct weft_recorder_event *e)
{
	struct story *s = w->s;
	uint32_t task = find_task(w, e);

	if (task == NO_TASK || !grow(w, &s->wakes, &w->room_wakes, s->nr_wakes,
				     sizeof(*s->wakes)))
		return;
	w->task[task].woken = e->ns;
	s->wakes[s->nr_wakes++] = (struct wake){
		.ns = e->ns,
		.task = task,
		.by = e->detail,
		.pid = e->pid,
		.lane = NO_LANE,
	};
}

static void weave_punt(struct weaver *w, const struct weft_recorder_event *e)
{
	uint32_t task = find_task(w, e);

	if (task == NO_TASK)
		return;
	w->s->tasks[task].punts++;
	w->s->punts++;
}

static void weave_out(struct weaver *w, const struct weft_recorder_event *e,
		      uint32_t lane)
{
	struct story *s = w->s;
	struct lane_state *l = &w->lane[lane];

	if (!l->off_ns)
		l->off_ns = e->ns;
	if (grow(w, &s->switches, &w->room_switches, s->nr_switches,
		 sizeof(*s->switches)))
		s->switches[s->nr_switches++] = (struct switching){ e->ns, lane };
}

/* Of a thread or worker. */
static void weave_lane(struct weaver *w, const struct weft_recorder_event *e)
{
	uint32_t lane = find_lane(w, e);

	if (lane == NO_LANE)
		return;
	if (event_end(e) > w->s->lanes[lane].to)
		w->s->lanes[lane].to = event_end(e);
	switch (e->kind) {
	case WEFT_EVENT_POLL:
		weave_poll(w, e, lane);
		break;
	case WEFT_EVENT_BRIEF:
		weave_brief(w, e, lane);
		break;
	case WEFT_EVENT_PARK:
		lane_on(w, lane, e->ns);
		w->lane[lane].off_ns = e->ns;
		w->lane[lane].parked = true;
		w->s->parks++;
		break;
	case WEFT_EVENT_IN:
		/* Where parks are seen, the thread looks for its wake first. */
		lane_on(w, lane, e->ns);
		break;
	case WEFT_EVENT_OUT:
		weave_out(w, e, lane);
		break;
	case WEFT_EVENT_EXIT:
		lane_on(w, lane, e->ns);
		if (w->s->sees_switches)
			weave_out(w, e, lane);
		w->lane[lane].off_ns = 0;
		break;
	}
}

static void weave_events(struct weaver *w)
{
	size_t i;

	for (i = 0; i < w->rec->count && !w->failed; i++) {
		const struct weft_recorder_event *e = &w->rec->events[i];

		if (event_end(e) < w->filter->from || e->ns > w->filter->to)
			continue;
		switch (e->kind) {
		case WEFT_EVENT_SUBMIT:
		case WEFT_EVENT_CANCEL:
			break;
		case WEFT_EVENT_WAKE:
			weave_wake(w, e);
			break;
		case WEFT_EVENT_PUNT:
			weave_punt(w, e);
			break;
		default:
			weave_lane(w, e);
		}
	}
}

/* Nothing is over that has not been seen to end. */
static void weave_rest(struct weaver *w)
{
	struct story *s = w->s;
	uint32_t i;

	for (i = 0; i < s->nr_lanes; i++)
		lane_on(w, i, s->to);
	for (i = 0; i < s->nr_tasks; i++) {
		const struct task_state *state = &w->task[i];
		struct task *t = &s->tasks[i];
		uint64_t until = s->to;

		if (t->ended || !state->end)
			continue;
		if (state->wait != WEFT_POLL_YIELD) {
			if (state->woken > state->end)
				until = state->woken;
			weave_wait(w, i, state->end, until, state->wait);
		} else {
			until = state->end;
		}
		weave_piece(w, i, PIECE_READY, until, s->to, NO_LANE, 0);
		t->to = s->to;
	}
}

/**
 * weave() - make lanes, tasks, slices and pieces of events
 * @w: with all but these set; @w->failed if there is no memory
 */
void weave(struct weaver *w)
{
	w->lane_of = calloc(MAX_PID, sizeof(*w->lane_of));
	w->failed = !w->lane_of;
	find_clients(w);
	weave_events(w);
	if (!w->failed)
		weave_rest(w);
}
