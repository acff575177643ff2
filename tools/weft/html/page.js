// SPDX-License-Identifier: GPL-2.0-only
/*
 * Draws the stories of weft timeline on canvases that share one axis of time.
 * draw_html.c puts the data into WEFT; its layout is described there.
 */
"use strict";

const LEFT = 90, RIGHT = 20, ROW = 22, SMALL = 7, AREA = 90, HEAD = 20, AXIS = 30;
const MANY_TASKS = 120, MANY_LANES = 40, BINS = 300, THIN = .8;
const READY = 0, RUNS = 1, WAITS = 2, POOL = 3;
const POLL = 0, BRIEF = 1, OFF = 2, PARK = 3;
const COLOURS = ["#1f5f99", "#f2a73b", "#2f8f5b", "#b5477d", "#6d5fa6", "#d8c38a", "#44515c",
	"#8cc0de"];
const INKS = ["#fff", "#000", "#fff", "#fff", "#fff", "#000", "#fff", "#000"];

const view = { transform: d3.zoomIdentity, lanes: "both", story: -1, task: -1, wake: -1 };
const stories = WEFT.stories;
const base = d3.scaleLinear().domain([0, WEFT.length]);
let width = 0;

function text_time(ns) {
	for (const [unit, size] of [["s", 1e9], ["ms", 1e6], ["us", 1e3]])
		if (Math.abs(ns) >= size)
			return (ns / size).toPrecision(4).replace(/\.?0+$/, "") + " " + unit;
	return Math.round(ns) + " ns";
}

/* The axis in a unit that suits what is seen. */
function unit_of(length) {
	return length >= 2e9 ? ["s", 1e9] : length >= 2e6 ? ["ms", 1e6] :
		length >= 2e3 ? ["us", 1e3] : ["ns", 1];
}

function scale() {
	return view.transform.rescaleX(base);
}

function task_name(s, task) {
	if (task < 0)
		return "others";
	return s.tasks.length <= 26 ? String.fromCharCode(65 + task) : String(task + 1);
}

function fill_of(s, task) {
	if (task < 0)
		return "#bbb";
	return s.tasks.length <= COLOURS.length ? COLOURS[task] : task % 2 ? "#5b87ae" : "#1f5f99";
}

/* Lines of a colour on another one; also for who sees no colours. */
function pattern(paper, ink, lines) {
	const c = document.createElement("canvas"), x = c.getContext("2d");

	c.width = c.height = 6;
	x.fillStyle = paper;
	x.fillRect(0, 0, 6, 6);
	x.strokeStyle = ink;
	x.beginPath();
	for (const [from_x, from_y, to_x, to_y] of lines) {
		x.moveTo(from_x, from_y);
		x.lineTo(to_x, to_y);
	}
	x.stroke();
	return x.createPattern(c, "repeat");
}

/* Runnable, but does not run. */
const hatch = pattern("#ffe9b8", "#a06a00", [-6, 0, 6].map((d) => [d, 6, d + 6, 0]));
/* In the blocking pool. */
const ruled = pattern("#e6eef6", "#1f5f99", [[0, 1.5, 6, 1.5], [0, 4.5, 6, 4.5]]);

/* Which rows there are, now that this much of the time is seen. */
function layout(s) {
	const [from, to] = scale().domain(), rows = [];
	const seen = (list) => d3.range(list.length).filter((i) =>
		list[i].from <= to && list[i].to >= from);
	const put = (type, height, index) => {
		const last = rows[rows.length - 1];

		rows.push({ type, height, index, y: last ? last.y + last.height : 0 });
	};

	if (view.lanes !== "tasks") {
		const lanes = seen(s.lanes);

		put("head", HEAD, "kernel threads");
		if (lanes.length <= MANY_LANES) {
			lanes.forEach((i) => put("lane", ROW, i));
		} else {
			put("polls", AREA, 0);
			put("switches", AREA, 0);
		}
	}
	if (view.lanes !== "threads") {
		const tasks = seen(s.tasks);

		put("head", HEAD, "tasks");
		if (tasks.length <= MANY_TASKS)
			tasks.forEach((i) => put("task", tasks.length <= 40 ? ROW : SMALL, i));
		else
			put("tasks", AREA, 0);
	}
	put("axis", AXIS, 0);
	s.rows = rows;
	s.height = rows[rows.length - 1].y + AXIS;
}

function row_of(s, type, index) {
	return s.rows.find((r) => r.type === type && r.index === index);
}

/* The part of a list sorted by "from" that may be seen; @longest is its longest item. */
function* seen_in(list, from, to, longest) {
	const first = d3.bisector((d) => d[0]).left(list, from - longest);

	for (let i = first; i < list.length && list[i][0] <= to; i++)
		if (list[i][1] >= from)
			yield list[i];
}

/* What is alike, by member @key, and touches, is one; what is too thin goes with it. */
function* merged(list, key) {
	const thin = THIN * (scale().invert(1) - scale().invert(0));
	let last = null;

	for (const d of list) {
		if (last && d[0] - last[1] < thin && (d[key] === last[key] ||
						      d[1] - last[0] < thin)) {
			last[1] = d[1];
			continue;
		}
		if (last)
			yield last;
		last = d.slice();
	}
	if (last)
		yield last;
}

function block(x, s, f, t, y, h, task, named) {
	const w = Math.max(t - f, .5);

	x.fillStyle = fill_of(s, task);
	x.fillRect(f, y, w, h);
	if (w > 2) {
		x.strokeStyle = "#222";
		x.lineWidth = .4;
		x.strokeRect(f, y, w, h);
	}
	if (named && task >= 0 && w > 14) {
		x.fillStyle = s.tasks.length <= COLOURS.length ? INKS[task] : "#fff";
		x.textAlign = "center";
		x.font = "bold 11px sans-serif";
		x.fillText(task_name(s, task), f + w / 2, y + h / 2 + 4, w);
	}
}

function draw_lane(x, s, row) {
	const lane = s.lanes[row.index], z = scale(), [from, to] = z.domain();
	const y = row.y + 3, h = row.height - 6;
	let last = -10;

	label(x, lane.name, row);
	x.strokeStyle = "#999";
	x.lineWidth = .8;
	x.beginPath();
	x.moveTo(Math.max(z(lane.from), LEFT), row.y + row.height / 2);
	x.lineTo(Math.min(z(lane.to), width - RIGHT), row.y + row.height / 2);
	x.stroke();
	for (const d of merged(seen_in(lane.blocks, from, to, lane.longest), 2))
		block(x, s, Math.max(z(d[0]), LEFT), Math.min(z(d[1]), width - RIGHT), y, h, d[2],
		      true);
	x.fillStyle = x.strokeStyle = "#c22";
	for (const ns of lane.switches) {
		const p = z(ns);

		if (p < LEFT || p > width - RIGHT || p - last < 1)
			continue;
		last = p;
		x.beginPath();
		x.moveTo(p, row.y + 5);
		x.lineTo(p - 3, row.y);
		x.lineTo(p + 3, row.y);
		x.fill();
		x.fillRect(p - .4, row.y, .8, row.height - 2);
	}
}

function draw_task(x, s, row) {
	const task = s.tasks[row.index], z = scale(), [from, to] = z.domain();
	const small = row.height === SMALL;
	const y = row.y + (small ? 1 : 5), h = row.height - (small ? 2 : 10);

	if (!small || row.index % 10 === 9 || !row.index)
		label(x, "task " + task_name(s, row.index), row);
	if (view.story === stories.indexOf(s) && view.task === row.index) {
		x.fillStyle = "#e8f0ff";
		x.fillRect(LEFT, row.y, width - LEFT - RIGHT, row.height);
	}
	for (const d of merged(seen_in(task.pieces, from, to, task.longest), 2)) {
		const f = Math.max(z(d[0]), LEFT), t = Math.min(z(d[1]), width - RIGHT);

		if (d[2] === RUNS) {
			block(x, s, f, t, y, h, row.index, false);
		} else if (d[2] === READY || d[2] === POOL) {
			x.fillStyle = d[2] === READY ? hatch : ruled;
			x.fillRect(f, y, t - f, h);
		} else {
			x.fillStyle = "#666";
			for (let p = f; p < t; p += 5)
				x.fillRect(p, y + h / 2 - .8, Math.min(1.6, t - p), 1.6);
		}
	}
}

/* [[what, ...of each bin]] for all tasks or threads together. */
function bins_of(s, type) {
	const z = scale(), [from, to] = z.domain(), step = (to - from) / BINS;
	const sums = [READY, RUNS, WAITS, POOL].map(() => new Float64Array(BINS));
	const spread = (sum, f, t) => {
		let i = Math.max(0, Math.floor((f - from) / step));
		const end = Math.min(BINS - 1, Math.floor((t - from) / step));

		for (; i <= end; i++)
			sum[i] += (Math.min(t, from + (i + 1) * step) -
				   Math.max(f, from + i * step)) / step;
	};

	if (type === "tasks") {
		for (const task of s.tasks)
			for (const d of seen_in(task.pieces, from, to, task.longest))
				spread(sums[d[2]], d[0], d[1]);
	} else {
		for (const lane of s.lanes) {
			if (type === "polls")
				for (const d of seen_in(lane.slices, from, to, lane.longest))
					if (d[3] <= BRIEF)
						spread(sums[RUNS], d[0], d[1]);
			if (type === "switches")
				for (const ns of lane.switches)
					if (ns >= from && ns < to)
						sums[RUNS][Math.floor((ns - from) / step)]++;
		}
	}
	return sums;
}

function draw_area(x, s, row) {
	const sums = bins_of(s, row.type), w = (width - LEFT - RIGHT) / BINS;
	const all = d3.range(BINS).map((i) => d3.sum(sums, (sum) => sum[i]));
	const most = Math.max(d3.max(all), 1e-9), h = row.height - 12;

	for (let i = 0; i < BINS; i++) {
		let y = row.y + row.height - 4;

		for (const kind of [RUNS, READY, POOL, WAITS]) {
			const part = sums[kind][i] / most * h;

			x.fillStyle = kind === READY ? hatch : kind === POOL ? ruled :
				kind === WAITS ? "#ddd" :
				row.type === "switches" ? "#c22" : "#1f5f99";
			x.fillRect(LEFT + i * w, y - part, w + .3, part);
			y -= part;
		}
	}
	x.fillStyle = "#222";
	x.font = "12px sans-serif";
	x.textAlign = "right";
	x.fillText(most < 10 ? most.toPrecision(2) : d3.format(",")(Math.round(most)), LEFT - 8,
		   row.y + 16);
	x.fillText({ polls: "in a poll", switches: "switches", tasks: "tasks" }[row.type],
		   LEFT - 8, row.y + row.height / 2 + 6);
	x.fillText("0", LEFT - 8, row.y + row.height - 4);
}

function label(x, text, row) {
	x.fillStyle = "#222";
	x.font = "12px sans-serif";
	x.textAlign = "right";
	x.fillText(text, LEFT - 8, row.y + row.height / 2 + 4);
}

function draw_axis(x, s, row) {
	const z = scale(), [from, to] = z.domain(), [unit, size] = unit_of(to - from);
	const mark = d3.scaleLinear().domain([from / size, to / size]).range(z.range());
	const format = mark.tickFormat(10);

	x.font = "12px sans-serif";
	x.textAlign = "center";
	for (const t of mark.ticks(10)) {
		x.fillStyle = "#ddd";
		x.fillRect(mark(t) - .3, 0, .6, row.y);
		x.fillStyle = "#222";
		x.fillText(format(t), mark(t), row.y + 16);
	}
	x.textAlign = "right";
	x.fillText(unit, LEFT - 24, row.y + 16);
}

/* From who woke it to the task: of the chosen task, or of all if they are few. */
function draw_wakes(x, s) {
	const z = scale(), mine = view.story === stories.indexOf(s);

	s.wakes.forEach((w, i) => {
		const chosen = mine && w[1] === view.task;
		const lane = row_of(s, "lane", w[3]), task = row_of(s, "task", w[1]), p = z(w[0]);

		if (!task || p < LEFT || p > width - RIGHT || (!chosen && s.tasks.length > 8))
			return;
		const from = lane ? lane.y + lane.height - 3 : task.y - 8;
		const to = task.y + 4;

		x.strokeStyle = x.fillStyle = chosen && i === view.wake ? "#c22" : "#333";
		x.lineWidth = chosen ? 2 : .7;
		x.beginPath();
		x.moveTo(p, from);
		x.lineTo(p, to);
		x.stroke();
		x.beginPath();
		x.moveTo(p, to + 2);
		x.lineTo(p - 3, to - 4);
		x.lineTo(p + 3, to - 4);
		x.fill();
	});
}

function draw(s) {
	const ratio = window.devicePixelRatio || 1, c = s.canvas, x = c.getContext("2d");

	layout(s);
	c.width = width * ratio;
	c.height = s.height * ratio;
	c.style.height = s.height + "px";
	x.scale(ratio, ratio);
	x.fillStyle = "#fff";
	x.fillRect(0, 0, width, s.height);
	draw_axis(x, s, s.rows[s.rows.length - 1]);
	for (const row of s.rows) {
		if (row.type === "lane")
			draw_lane(x, s, row);
		else if (row.type === "task")
			draw_task(x, s, row);
		else if (row.type === "head") {
			x.fillStyle = "#444";
			x.font = "italic 12px sans-serif";
			x.textAlign = "left";
			x.fillText(row.index, 0, row.y + 14);
		} else if (row.type !== "axis")
			draw_area(x, s, row);
	}
	draw_wakes(x, s);
}

function redraw() {
	width = Math.max(document.querySelector("main").clientWidth, 400);
	base.range([LEFT, width - RIGHT]);
	stories.forEach(draw);
}

/* What is at a place of a canvas; null if nothing. */
function hit(s, px, py) {
	const row = s.rows.find((r) => py >= r.y && py < r.y + r.height), z = scale();
	const at = z.invert(px), near = z.invert(px + 2) - at;
	let found = null;

	if (!row || (row.type !== "lane" && row.type !== "task"))
		return null;
	const list = row.type === "lane" ? s.lanes[row.index] : s.tasks[row.index];
	for (const d of seen_in(row.type === "lane" ? list.slices : list.pieces, at - near,
				at + near, list.longest))
		if (!found || d[1] - d[0] <= found[1] - found[0] || d[0] <= at)
			found = d;
	return found && { row, item: found };
}

function job_words(s, task) {
	const t = s.tasks[task];

	return `task ${task_name(s, task)}: ${t.op}, job ${t.id} of client ${t.client}`;
}

function words_of(s, h) {
	const d = h.item, time = `${text_time(d[1] - d[0])}, from ${text_time(d[0])}`;

	if (h.row.type === "task") {
		const what = ["ready, but has no thread or CPU", "runs", "waits for " + (d[3] || ""),
			      "is in the blocking pool"];

		return `${job_words(s, h.row.index)}\n${what[d[2]]}\n${time}`;
	}
	if (d[3] === PARK)
		return `${s.lanes[h.row.index].name}: nothing to poll\n${time}`;
	if (d[3] === OFF)
		return `${s.lanes[h.row.index].name}: switched out\n${time}`;
	if (d[3] === BRIEF)
		return `${d[5]} polls that soon yielded\n${time}`;
	return (d[2] < 0 ? "a poll of another client's job" : job_words(s, d[2])) +
		`\npolled for ${time}\nwas ready for ${text_time(d[4])} before\nthen ${d[6]}`;
}

function task_of(h) {
	if (!h)
		return -1;
	return h.row.type === "task" ? h.row.index : h.item[2];
}

function show_chosen() {
	const words = d3.select("#chosen"), s = stories[view.story];

	d3.select("#next").attr("disabled", view.task < 0 ? "" : null);
	if (view.task < 0)
		words.text("Click a task or a poll to follow its wakes.");
	else if (view.wake < 0)
		words.text(job_words(s, view.task));
	else
		words.text(`${job_words(s, view.task)}: woken at ${text_time(s.wakes[view.wake][0])} by ` +
			   `${s.wakes[view.wake][2]}, in ${s.wakes[view.wake][4]}`);
}

/* Goes on to the next wake of the chosen task, and around. */
function next_wake() {
	const s = stories[view.story], mine = [];

	if (view.task < 0)
		return;
	s.wakes.forEach((w, i) => {
		if (w[1] === view.task)
			mine.push(i);
	});
	if (mine.length) {
		const at = mine.find((i) => i > view.wake);

		view.wake = at === undefined ? mine[0] : at;
		const k = view.transform.k, x = base(s.wakes[view.wake][0]);

		move_to(d3.zoomIdentity.translate((LEFT + width - RIGHT) / 2 - x * k, 0).scale(k));
	}
	show_chosen();
	redraw();
}

let moving = false;

/* All canvases show the same time. */
function move_to(transform) {
	if (moving)
		return;
	moving = true;
	view.transform = transform;
	stories.forEach((s) => d3.select(s.canvas).call(s.zoom.transform, transform));
	view.transform = d3.zoomTransform(stories[0].canvas);
	moving = false;
	redraw();
}

/* Polls, without the times when their thread was switched out. */
function blocks_of(lane) {
	const blocks = [];

	for (const d of lane.slices) {
		const last = blocks[blocks.length - 1];

		if (d[3] <= BRIEF)
			blocks.push([d[0], d[1], d[2]]);
		if (d[3] !== OFF || !last || d[0] >= last[1])
			continue;
		if (d[1] < last[1])
			blocks.push([d[1], last[1], last[2]]);
		last[1] = d[0];
	}
	return blocks;
}

function prepare(s, i) {
	const section = d3.select("main").append("section").attr("data-story", i);
	const tip = d3.select("#tip");
	const event = () => d3.event;

	section.append("h2").text(s.title);
	section.append("p").text(s.sum);
	s.canvas = section.append("canvas").node();
	for (const list of [s.lanes, s.tasks])
		for (const d of list)
			d.longest = d3.max(d.slices || d.pieces, (p) => p[1] - p[0]) || 0;
	for (const lane of s.lanes)
		lane.blocks = blocks_of(lane);
	s.zoom = d3.zoom().scaleExtent([1, 1e6])
		.extent(() => [[LEFT, 0], [width - RIGHT, s.height || 100]])
		.translateExtent([[LEFT, 0], [1e9, 1e9]])
		.on("zoom", () => move_to(event().transform));
	d3.select(s.canvas).call(s.zoom)
		.on("dblclick.zoom", null)
		.on("mousemove", () => {
			const [px, py] = d3.mouse(s.canvas), h = hit(s, px, py);

			tip.style("display", h ? "block" : "none").text(h ? words_of(s, h) : "");
			if (h)
				tip.style("left", Math.min(event().clientX + 14,
							   window.innerWidth - 330) + "px")
					.style("top", event().clientY + 14 + "px");
		})
		.on("mouseleave", () => tip.style("display", "none"))
		.on("click", () => {
			const [px, py] = d3.mouse(s.canvas), task = task_of(hit(s, px, py));

			view.story = task < 0 ? -1 : i;
			view.task = task;
			view.wake = -1;
			show_chosen();
			redraw();
		});
}

stories.forEach(prepare);
d3.selectAll("input[name=lanes]").on("change", function () {
	view.lanes = this.value;
	redraw();
});
d3.select("#reset").on("click", () => move_to(d3.zoomIdentity));
d3.select("#next").on("click", next_wake);
window.addEventListener("resize", redraw);
show_chosen();
redraw();
document.body.dataset.ready = "1";
