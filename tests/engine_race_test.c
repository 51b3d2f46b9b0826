/*
 * Sixteen clients beside compaction, snapshots and scans, on real threads:
 * every key is a register, batches are seen whole, conditions hold. Meant for
 * SAN=thread too. OURO_LONG=1 runs for a minute.
 */
#include "engine/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <pthread.h>
#include <time.h>

#include <cmocka.h>

#include "base/executor.h"
#include "base/fs_memory.h"
#include "engine_history.h"

#define WRITERS	   8
#define READERS	   8
#define CLIENTS	   (WRITERS + READERS)
#define PAIRS	   100 /* of keys that are always written together: one register */
#define EVENTS	   200000
#define ROUND_MS   2500
#define VALUE_SIZE 900

struct client {
	pthread_t thread;
	unsigned number;
	uint64_t random, written, counted;
	struct history history;
	uint64_t torn; /* pairs seen in halves */
};

static struct {
	struct engine *engine;
	atomic_uint_fast64_t time, faults;
	atomic_bool stop;
	struct client clients[CLIENTS];
} shared;

static uint64_t
draw(struct client *client, uint64_t limit)
{
	client->random ^= client->random << 13;
	client->random ^= client->random >> 7;
	client->random ^= client->random << 17;
	return client->random % limit;
}

static uint64_t
now(void)
{
	return atomic_fetch_add(&shared.time, 1) + 1;
}

static void
must(bool right)
{
	if (!right)
		atomic_fetch_add(&shared.faults, 1);
}

static struct bytes
key_of(uint32_t key, char out[16])
{
	snprintf(out, 16, "%c%03u", key % 2 == 0 ? 'a' : 'b', key / 2);
	return bytes_text(out);
}

static void
note(struct client *client, uint32_t key, bool write, uint64_t value,
    uint64_t begin, uint64_t end)
{
	struct history_event event = { .key = key,
		.write = write,
		.value = value,
		.begin = begin,
		.end = end };

	if (!history_add(&client->history, &event))
		atomic_store(&shared.stop, true);
}

/* ---- writing --------------------------------------------------------------------- */

static void
pair_write(struct client *client)
{
	uint32_t pair = (uint32_t)draw(client, PAIRS);
	bool gone = draw(client, 5) == 0;
	uint64_t value = gone
	    ? HISTORY_ABSENT
	    : (uint64_t)(client->number + 1) << 40 | ++client->written;
	uint8_t bytes[VALUE_SIZE] = { 0 };
	struct engine_op ops[2] = { 0 };
	char keys[2][16];
	uint64_t begin;

	put_u64le(bytes, value);
	for (uint32_t i = 0; i < 2; i++) {
		ops[i].kind = gone ? ENGINE_DELETE : ENGINE_PUT;
		ops[i].key = key_of(pair * 2 + i, keys[i]);
		if (!gone)
			ops[i].value = bytes_of(bytes,
			    8 + draw(client, VALUE_SIZE - 8));
	}
	begin = now();
	must(engine_apply(shared.engine, ops, 2,
		 (enum engine_sync)(1 + draw(client, 3)), NULL) == OURO_OK);
	note(client, pair, true, value, begin, now());
}

/* Adds one to the counter, if nobody else does meanwhile. */
static void
count_up(struct client *client)
{
	struct bytes key = bytes_text("counter");
	struct engine_op op = { .key = key };
	struct engine_value value;
	enum ouro_status status = engine_get(shared.engine, key, &value, NULL);
	uint8_t next[8];

	must(status == OURO_OK || status == OURO_NOT_FOUND);
	op.condition = status == OURO_OK ? ENGINE_IF_EQUAL : ENGINE_IF_ABSENT;
	op.expected = value.bytes;
	put_u64le(next,
	    status == OURO_OK ? get_u64le(value.bytes.data) + 1 : 1);
	op.value = bytes_of(next, 8);
	status = engine_apply(shared.engine, &op, 1, ENGINE_SYNC_NEVER, NULL);
	must(status == OURO_OK || status == OURO_CONFLICT);
	client->counted += status == OURO_OK;
	engine_value_release(&value);
}

static void *
writer_run(void *context)
{
	struct client *client = context;

	while (!atomic_load(&shared.stop)) {
		pair_write(client);
		if (draw(client, 8) == 0)
			count_up(client);
	}
	return NULL;
}

/* ---- reading ---------------------------------------------------------------------- */

static void
key_read(struct client *client, uint32_t key)
{
	struct engine_value value;
	char name[16];
	uint64_t begin = now(), found = HISTORY_ABSENT;
	enum ouro_status status = engine_get(shared.engine, key_of(key, name),
	    &value, NULL);

	must(status == OURO_OK || status == OURO_NOT_FOUND);
	if (status == OURO_OK)
		found = get_u64le(value.bytes.data);
	note(client, key / 2, false, found, begin, now());
	engine_value_release(&value);
}

/* A scan is a read of every key, at one moment: pairs are whole in it. */
static void
scan_read(struct client *client)
{
	struct engine_range range = { .reverse = draw(client, 2) == 0,
		.end = bytes_text("c") };
	uint64_t seen[2 * PAIRS] = { 0 }, begin = now(), end;
	struct engine_scan *scan;
	struct bytes key, value;
	enum ouro_status status = engine_scan_open(shared.engine, &range, &scan,
	    NULL);

	end = now();
	must(status == OURO_OK);
	if (status != OURO_OK)
		return;
	while (
	    (status = engine_scan_next(scan, &key, &value, NULL)) == OURO_OK) {
		uint32_t at = (uint32_t)
		    strtoul((const char[]){ (char)key.data[1],
				(char)key.data[2], (char)key.data[3], '\0' },
			NULL, 10);

		seen[at * 2 + (key.data[0] == 'b')] = get_u64le(value.data);
	}
	must(status == OURO_END);
	engine_scan_close(scan);
	for (uint32_t i = 0; i < PAIRS; i++)
		client->torn += seen[2 * i] != seen[2 * i + 1];
	for (uint32_t i = 0; i < PAIRS; i++)
		note(client, i, false, seen[2 * i], begin, end);
}

static void *
reader_run(void *context)
{
	struct client *client = context;

	while (!atomic_load(&shared.stop)) {
		uint32_t pair = (uint32_t)draw(client, PAIRS);

		/* Once the first shows a batch, so must the second: they are
		 * one register that is read twice. */
		key_read(client, pair * 2);
		key_read(client, pair * 2 + 1);
		if (draw(client, 300) == 0)
			scan_read(client);
	}
	return NULL;
}

static void *
care_run(void *context)
{
	struct engine_stats stats;

	(void)context;
	for (unsigned i = 0; !atomic_load(&shared.stop); i++) {
		must(engine_compact(shared.engine, 0.3, NULL, NULL) == OURO_OK);
		must(engine_snapshot(shared.engine, NULL) == OURO_OK);
		must(engine_stats(shared.engine, &stats, NULL) == OURO_OK);
		if (i % 8 == 0)
			must(engine_verify(shared.engine, NULL, NULL, NULL) ==
			    OURO_OK);
	}
	return NULL;
}

/* ---- a round ------------------------------------------------------------------------ */

static void
clients_run(void)
{
	struct timespec pause = { .tv_sec = ROUND_MS / 1000,
		.tv_nsec = ROUND_MS % 1000 * 1000000L };
	pthread_t care;

	for (unsigned i = 0; i < CLIENTS; i++)
		assert_int_equal(pthread_create(&shared.clients[i].thread, NULL,
				     i < WRITERS ? writer_run : reader_run,
				     &shared.clients[i]),
		    0);
	assert_int_equal(pthread_create(&care, NULL, care_run, NULL), 0);
	nanosleep(&pause, NULL);
	atomic_store(&shared.stop, true);
	for (unsigned i = 0; i < CLIENTS; i++)
		pthread_join(shared.clients[i].thread, NULL);
	pthread_join(care, NULL);
}

/* What is there in the end is read by one more client, twice. */
static void
end_check(struct engine_options *options)
{
	struct engine_value value;
	uint64_t counted = 0;

	for (unsigned i = 0; i < 2; i++) {
		scan_read(&shared.clients[WRITERS]);
		engine_close(shared.engine);
		assert_int_equal(engine_log_open("/store", options,
				     &shared.engine, NULL),
		    OURO_OK);
	}
	for (unsigned i = 0; i < CLIENTS; i++) {
		counted += shared.clients[i].counted;
		assert_int_equal(shared.clients[i].torn, 0);
	}
	assert_int_equal(engine_get(shared.engine, bytes_text("counter"),
			     &value, NULL),
	    OURO_OK);
	assert_int_equal(get_u64le(value.bytes.data), counted);
	engine_value_release(&value);
	assert_int_equal(engine_verify(shared.engine, NULL, NULL, NULL),
	    OURO_OK);
}

static void
round_run(unsigned number)
{
	static const uint8_t seal_key[32] = { 9 };
	struct fs *fs = fs_memory_new(number);
	struct engine_options options = { .fs = fs,
		.segment_size = 256 * 1024,
		.index_memory = 1, /* the least */
		.sync_interval_ms = 1,
		.no_maps = number % 3 == 1,
		.seal_key = number % 3 == 2 ? seal_key : NULL };
	struct history histories[CLIENTS];
	size_t events = 0;

	memset(&shared, 0, sizeof shared);
	for (unsigned i = 0; i < CLIENTS; i++) {
		struct client *client = &shared.clients[i];

		client->number = i;
		client->random = number * 977u + i * 7919u + 1;
		client->history.capacity = EVENTS;
		client->history.events = calloc(EVENTS,
		    sizeof *client->history.events);
		assert_non_null(client->history.events);
	}
	assert_int_equal(executor_open(2, fs, &options.executor, NULL),
	    OURO_OK);
	assert_int_equal(engine_log_open("/store", &options, &shared.engine,
			     NULL),
	    OURO_OK);
	clients_run();
	end_check(&options);
	engine_close(shared.engine);
	executor_close(options.executor);
	fs_memory_free(fs);
	for (unsigned i = 0; i < CLIENTS; i++) {
		histories[i] = shared.clients[i].history;
		events += histories[i].count;
	}
	assert_int_equal(atomic_load(&shared.faults), 0);
	assert_int_equal(history_check(histories, CLIENTS), 0);
	for (unsigned i = 0; i < CLIENTS; i++)
		free(histories[i].events);
	print_message("round %u: %zu events\n", number, events);
}

static void
registers_and_batches_hold_under_load(void **state)
{
	unsigned rounds = getenv("OURO_LONG") != NULL ? 24 : 2;

	(void)state;
	for (unsigned i = 0; i < rounds; i++)
		round_run(i);
}

/* ---- the checker itself ----------------------------------------------------------------- */

static uint64_t
checked(const struct history_event *events, size_t count)
{
	struct history_event copy[8];
	struct history history = { .events = copy, .count = count };

	memcpy(copy, events, count * sizeof *events);
	return history_check(&history, 1);
}

static void
a_wrong_history_is_seen(void **state)
{
	struct history_event events[] = {
		{ .begin = 1, .end = 2, .value = 7, .write = true },
		{ .begin = 3, .end = 6, .value = 8, .write = true },
		{ .begin = 4, .end = 5, .value = 7 },
		{ .begin = 7, .end = 8, .value = 8 },
	};

	(void)state;
	assert_int_equal(checked(events, 4), 0);
	events[3].value = 7; /* overwritten before */
	assert_int_equal(checked(events, 4), 1);
	events[3].value = HISTORY_ABSENT; /* never deleted */
	assert_int_equal(checked(events, 4), 1);
	events[3].value = 9; /* never written */
	assert_int_equal(checked(events, 4), 1);
	events[3] = (struct history_event){ .end = 1, .value = 7 };
	assert_int_equal(checked(events, 4), 1); /* before it was written */
	events[3] = (struct history_event){ .begin = 5, .end = 6, .value = 7 };
	assert_int_equal(checked(events, 4), 0);
	events[2].value = 8; /* seen, and then no more */
	events[2].begin = 3;
	events[2].end = 4;
	assert_int_equal(checked(events, 4), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wrong_history_is_seen),
		cmocka_unit_test(registers_and_batches_hold_under_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
