#include "engine_history.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define TOLD_MAX 5

bool
history_add(struct history *history, const struct history_event *event)
{
	if (history->count == history->capacity)
		return false;
	history->events[history->count++] = *event;
	return true;
}

/* The events of all clients, keys apart; of a key writes first. */
static int
by_key(const void *x, const void *y)
{
	const struct history_event *a = x, *b = y;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return (int)b->write - (int)a->write;
}

static int
by_value(const void *x, const void *y)
{
	const struct history_event *a = x, *b = y;

	return (a->value > b->value) - (a->value < b->value);
}

static int
by_end(const void *x, const void *y)
{
	const struct history_event *a = x, *b = y;

	return (a->end > b->end) - (a->end < b->end);
}

/* One key: its writes, and what is to be known of them. */
struct reg {
	const struct history_event *writes;
	size_t count;
	uint64_t *begun; /* [i]: the latest begin of writes 0 .. i - 1 */
};

/* The latest begin of a write that had ended before the time. */
static uint64_t
begun_before(const struct reg *reg, uint64_t time)
{
	size_t low = 0, high = reg->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (reg->writes[middle].end < time)
			low = middle + 1;
		else
			high = middle;
	}
	return reg->begun[low];
}

static bool
explained(const struct reg *reg, const struct history_event *read)
{
	uint64_t least = begun_before(reg, read->begin);

	if (read->value == HISTORY_ABSENT && least == 0)
		return true;
	/* A write that explains it ended at `least` or later. */
	for (size_t i = reg->count; i-- > 0 && reg->writes[i].end >= least;)
		if (reg->writes[i].value == read->value &&
		    reg->writes[i].begin < read->end)
			return true;
	return false;
}

static void
tell(const struct history_event *read, const struct reg *reg)
{
	printf("key %" PRIu32 ": read %" PRIx64 " from %" PRIu64 " to %" PRIu64
	       ", where a later write had begun at %" PRIu64 "\n",
	    read->key, read->value, read->begin, read->end,
	    begun_before(reg, read->begin));
}

/* What a read has shown has happened by its end. */
static void
seen_end(struct history_event *events, size_t writes, size_t count)
{
	qsort(events, writes, sizeof *events, by_value);
	for (size_t i = writes; i < count; i++) {
		struct history_event *write = events[i].value == HISTORY_ABSENT
		    ? NULL
		    : bsearch(&events[i], events, writes, sizeof *events,
			  by_value);

		if (write != NULL && events[i].end < write->end)
			write->end = events[i].end;
	}
	qsort(events, writes, sizeof *events, by_end);
}

static uint64_t
key_check(struct history_event *events, size_t count, uint64_t *begun)
{
	struct reg reg = { .writes = events, .begun = begun };
	uint64_t wrong = 0;

	while (reg.count < count && events[reg.count].write)
		reg.count++;
	seen_end(events, reg.count, count);
	begun[0] = 0;
	for (size_t i = 0; i < reg.count; i++)
		begun[i + 1] = events[i].begin > begun[i] ? events[i].begin
							  : begun[i];
	for (size_t i = reg.count; i < count; i++) {
		if (explained(&reg, &events[i]))
			continue;
		if (wrong++ < TOLD_MAX)
			tell(&events[i], &reg);
	}
	return wrong;
}

static struct history_event *
gather(const struct history *histories, size_t count, size_t *total)
{
	struct history_event *all;
	size_t at = 0;

	*total = 0;
	for (size_t i = 0; i < count; i++)
		*total += histories[i].count;
	all = calloc(*total + 1, sizeof *all);
	for (size_t i = 0; all != NULL && i < count; i++)
		for (size_t n = 0; n < histories[i].count; n++)
			all[at++] = histories[i].events[n];
	if (all != NULL)
		qsort(all, *total, sizeof *all, by_key);
	return all;
}

uint64_t
history_check(const struct history *histories, size_t count)
{
	size_t total, end;
	struct history_event *all = gather(histories, count, &total);
	uint64_t *begun = calloc(total + 1, sizeof *begun);
	uint64_t wrong = 0;

	for (size_t i = 0; all != NULL && begun != NULL && i < total; i = end) {
		for (end = i; end < total && all[end].key == all[i].key;)
			end++;
		wrong += key_check(all + i, end - i, begun);
	}
	if (all == NULL || begun == NULL)
		wrong = UINT64_MAX;
	free(begun);
	free(all);
	return wrong;
}
