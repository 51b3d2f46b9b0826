#include "engine/delta.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <pthread.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "engine/delta_parts.h"

#define KEYS	 700
#define VERSIONS 40
#define LONG	 3000

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED true
#else
#define SANITIZED false
#endif

static uint64_t seed;

static uint64_t
random_next(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static uint64_t
mixed(uint64_t n)
{
	n = (n ^ n >> 30) * 0xbf58476d1ce4e5b9u;
	n = (n ^ n >> 27) * 0x94d049bb133111ebu;
	return n ^ n >> 31;
}

/* As good as any: the delta takes what it is given. */
static uint64_t
hash_of(struct bytes key)
{
	uint64_t hash = key.size;

	for (size_t i = 0; i < key.size; i++)
		hash = mixed(hash ^ key.data[i]);
	return hash;
}

static struct place
place_of(uint64_t sequence)
{
	return (struct place){ .segment = sequence / 1000,
		.offset = sequence * 64,
		.sequence = sequence,
		.value_size = (uint32_t)sequence,
		.state = sequence % 3 == 0 ? PLACE_TOMBSTONE : PLACE_VALUE };
}

static void
place_check(const struct delta_entry *entry, uint64_t sequence)
{
	struct place place = place_of(sequence);

	assert_non_null(entry);
	assert_int_equal(entry->place.sequence, sequence);
	assert_int_equal(entry->place.segment, place.segment);
	assert_int_equal(entry->place.offset, place.offset);
	assert_int_equal(entry->place.value_size, place.value_size);
	assert_int_equal(entry->place.state, place.state);
}

static void
add(struct delta *delta, struct bytes key, uint64_t sequence)
{
	struct place place = place_of(sequence);

	assert_int_equal(delta_reserve(delta, 1, key.size, NULL), OURO_OK);
	delta_add(delta, hash_of(key), key, &place);
}

/* ---- beside a model -------------------------------------------------------------- */

struct model_key {
	uint8_t *data;
	size_t size;
	uint64_t sequences[VERSIONS]; /* ascending */
	unsigned count;
};

struct model {
	struct model_key keys[KEYS]; /* sorted */
	struct delta *delta;
	uint64_t sequence; /* of the last entry */
	unsigned order[KEYS * VERSIONS];
};

static struct bytes
model_key(const struct model *model, unsigned n)
{
	return bytes_of(model->keys[n].data, model->keys[n].size);
}

static int
model_order(const void *a, const void *b)
{
	const struct model_key *x = a, *y = b;

	return bytes_compare(bytes_of(x->data, x->size),
	    bytes_of(y->data, y->size));
}

/* Short ones, long ones, long common beginnings, zeros at the end. */
static void
model_key_make(struct model_key *key, unsigned n)
{
	size_t size;

	key->data = calloc(1, LONG + 16);
	assert_non_null(key->data);
	memset(key->data, 'x', LONG);
	size = n % 7 == 0 ? LONG - n % 3 * 8 : n % 5 == 0 ? 21 : 0;
	size += (size_t)snprintf((char *)key->data + size, 8, "%03u", n / 4);
	key->size = size + n % 4;
	memset(key->data + size, 0, n % 4);
}

static int
model_setup(void **state)
{
	struct model *model = calloc(1, sizeof *model);

	assert_non_null(model);
	for (unsigned i = 0; i < KEYS; i++)
		model_key_make(&model->keys[i], i);
	qsort(model->keys, KEYS, sizeof model->keys[0], model_order);
	model->delta = delta_new(1);
	assert_non_null(model->delta);
	*state = model;
	return 0;
}

static int
model_teardown(void **state)
{
	struct model *model = *state;

	for (unsigned i = 0; i < KEYS; i++)
		free(model->keys[i].data);
	delta_unref(model->delta);
	free(model);
	return 0;
}

static void
model_add(struct model *model, unsigned n)
{
	struct model_key *key = &model->keys[n];

	if (key->count == VERSIONS)
		return;
	model->order[delta_count(model->delta)] = n;
	model->sequence++;
	key->sequences[key->count++] = model->sequence;
	add(model->delta, model_key(model, n), model->sequence);
}

/* The newest sequence that is <= visible; 0 = none. */
static uint64_t
model_sequence(const struct model *model, unsigned n, uint64_t visible)
{
	const struct model_key *key = &model->keys[n];

	for (unsigned i = key->count; i-- > 0;)
		if (key->sequences[i] <= visible)
			return key->sequences[i];
	return 0;
}

static void
find_check(const struct model *model, uint64_t visible)
{
	for (unsigned n = 0; n < KEYS; n++) {
		struct bytes key = model_key(model, n);
		uint64_t sequence = model_sequence(model, n, visible);
		const struct delta_entry *entry = delta_find(model->delta,
		    hash_of(key), key, visible);

		if (sequence == 0) {
			assert_null(entry);
			continue;
		}
		place_check(entry, sequence);
		assert_true(bytes_equal(delta_key(entry), key));
	}
}

/* From where the cursor stands to the end; `n` is the first key not yet
 * passed, KEYS or -1 beyond. */
static void
walk_check(const struct model *model, struct delta_cursor *cursor, int n,
    unsigned steps)
{
	int step = cursor->reverse ? -1 : 1;

	for (; n >= 0 && n < KEYS && steps > 0; n += step) {
		uint64_t sequence = model_sequence(model, (unsigned)n,
		    cursor->entries);

		if (sequence == 0)
			continue;
		place_check(cursor->entry, sequence);
		assert_true(bytes_equal(delta_key(cursor->entry),
		    model_key(model, (unsigned)n)));
		assert_int_equal(delta_cursor_next(cursor, NULL), OURO_OK);
		steps--;
	}
	if (steps > 0)
		assert_null(cursor->entry);
}

static void
seek(struct delta_cursor *cursor, struct bytes key, bool after, bool reverse)
{
	assert_int_equal(delta_cursor_seek(cursor, key, after, reverse, NULL),
	    OURO_OK);
}

static void
order_check(const struct model *model, uint64_t visible)
{
	struct delta_cursor cursor;

	delta_cursor_init(&cursor, model->delta, visible);
	seek(&cursor, bytes_of(NULL, 0), false, false);
	walk_check(model, &cursor, 0, UINT32_MAX);
	seek(&cursor, bytes_of(NULL, 0), false, true);
	walk_check(model, &cursor, KEYS - 1, UINT32_MAX);
	for (int n = 0; n < KEYS; n += 9) {
		struct bytes key = model_key(model, (unsigned)n);

		seek(&cursor, key, false, false);
		walk_check(model, &cursor, n, 5);
		seek(&cursor, key, true, false);
		walk_check(model, &cursor, n + 1, 100);
		seek(&cursor, key, false, true);
		walk_check(model, &cursor, n - 1, 100);
	}
}

static void
arrival_check(const struct model *model)
{
	unsigned seen[KEYS] = { 0 };

	for (size_t i = 0; i < delta_count(model->delta); i++) {
		unsigned n = model->order[i];
		const struct delta_entry *entry = delta_at(model->delta, i);

		place_check(entry, model->keys[n].sequences[seen[n]++]);
		assert_true(bytes_equal(delta_key(entry), model_key(model, n)));
	}
}

static void
random_adding_is_as_the_model(void **state)
{
	struct model *model = *state;

	seed = 88172645463325252u;
	order_check(model, UINT64_MAX);
	for (unsigned i = 0; i < 15000; i++) {
		/* Some keys come late, and some never. */
		model_add(model, (unsigned)(random_next() % (i / 22 + 10)));
		if (i % 1500 == 7 || i % 5000 == 11) {
			find_check(model, UINT64_MAX);
			find_check(model, model->sequence / 2);
			order_check(model, model->sequence);
			order_check(model, random_next() % model->sequence);
			order_check(model, 0);
		}
	}
	arrival_check(model);
}

/* The tree is filled by others between two pages. */
static void
a_walk_is_not_moved_by_what_comes(void **state)
{
	struct model *model = *state;

	seed = 362436069;
	for (unsigned round = 0; round < 10; round++) {
		for (int way = 0; way < 2; way++) {
			struct delta_cursor cursor, other;
			struct model before;

			for (unsigned i = 0; i < 200; i++)
				model_add(model,
				    (unsigned)(random_next() % KEYS));
			before = *model;
			delta_cursor_init(&cursor, model->delta,
			    model->sequence);
			delta_cursor_init(&other, model->delta, UINT64_MAX);
			seek(&cursor, bytes_of(NULL, 0), false, way == 1);
			for (int n = 0; n < KEYS; n++) {
				int at = way == 1 ? KEYS - 1 - n : n;

				if (model_sequence(&before, (unsigned)at,
					cursor.entries) == 0)
					continue;
				walk_check(&before, &cursor, at, 1);
				model_add(model,
				    (unsigned)(random_next() % KEYS));
				seek(&other, bytes_of(NULL, 0), false, false);
			}
			assert_null(cursor.entry);
		}
	}
}

/* ---- much, and long ---------------------------------------------------------------- */

static void
a_million_entries(void **state)
{
	const unsigned count = 1000000, unique = 900000;
	struct delta *delta = delta_new(1), *second;
	struct delta_cursor cursor;
	uint8_t key[16], last[16] = { 0 };
	unsigned walked = 0;

	(void)state;
	assert_non_null(delta);
	for (unsigned i = 0; i < count; i++) {
		struct place place = place_of(i + 1);

		put_u64be(key, mixed(i % unique));
		put_u64be(key + 8, i % unique);
		if (i % 1000 == 0)
			assert_int_equal(delta_reserve(delta, 1000, 16000,
					     NULL),
			    OURO_OK);
		delta_add(delta, mixed(i % unique), bytes_of(key, 16), &place);
	}
	assert_int_equal(delta_count(delta), count);
	second = delta_ref(delta);
	delta_unref(delta);
	for (unsigned i = 0; i < count; i++) {
		bool again = i + unique < count;

		put_u64be(key, mixed(i % unique));
		put_u64be(key + 8, i % unique);
		place_check(delta_find(second, mixed(i % unique),
				bytes_of(key, 16), UINT64_MAX),
		    again ? i + unique + 1 : i + 1);
		if (again)
			place_check(delta_find(second, mixed(i),
					bytes_of(key, 16), count - 200000),
			    i + 1);
	}
	delta_cursor_init(&cursor, second, UINT64_MAX);
	for (seek(&cursor, bytes_of(NULL, 0), false, false);
	     cursor.entry != NULL; delta_cursor_next(&cursor, NULL)) {
		assert_true(
		    memcmp(cursor.entry->key, last, 16) > 0 || walked == 0);
		memcpy(last, cursor.entry->key, 16);
		walked++;
	}
	assert_int_equal(walked, unique);
	/* 72 of entry, 4 of its number, 8 / 0.43 of slots and as much again of
	 * outgrown ones, 54 of a place in the order. */
	assert_true(delta_memory(second) < count * 180ull);
	assert_true(delta_memory(second) > count * 100ull);
	delta_unref(second);
	delta_unref(NULL);
}

/* One reservation for many keys of the greatest size, and small ones between
 * them, which leaves the most at the ends of the chunks. */
static void
reserved_room_holds_the_longest_keys(void **state)
{
	static uint8_t key[TABLE_KEY_MAX];
	struct delta *delta = delta_new(1);
	const unsigned count = 600;
	uint64_t bytes = 0;

	(void)state;
	assert_non_null(delta);
	for (unsigned round = 0; round < 4; round++) {
		size_t before = delta_count(delta);

		bytes = 0;
		for (unsigned i = 0; i < count; i++)
			bytes += i % 16 == 15 ? 9 : TABLE_KEY_MAX - round * i;
		assert_int_equal(delta_reserve(delta, count, bytes, NULL),
		    OURO_OK);
		for (unsigned i = 0; i < count; i++) {
			size_t size = i % 16 == 15 ? 9
						   : TABLE_KEY_MAX - round * i;
			struct place place = place_of(before + i + 1);

			put_u64be(key, before + i);
			delta_add(delta, hash_of(bytes_of(key, 8)),
			    bytes_of(key, size), &place);
		}
	}
	for (size_t i = 0; i < delta_count(delta); i++) {
		place_check(delta_at(delta, i), i + 1);
		assert_int_equal(get_u64be(delta_at(delta, i)->key), i);
	}
	delta_unref(delta);
}

static void
a_small_delta_costs_little(void **state)
{
	struct delta *delta = delta_new(1);

	(void)state;
	assert_non_null(delta);
	assert_true(delta_memory(delta) < 2048);
	add(delta, bytes_text("key"), 1);
	assert_true(delta_memory(delta) < 8192);
	delta_unref(delta);
}

/* The same upper half of the hash for all: slow, but right. */
static void
equal_hashes_are_told_apart(void **state)
{
	struct delta *delta = delta_new(1);
	char text[16];

	(void)state;
	assert_non_null(delta);
	for (unsigned i = 0; i < 500; i++) {
		struct place place = place_of(i + 1);

		snprintf(text, sizeof text, "%u", i);
		assert_null(delta_find(delta, UINT64_MAX, bytes_text(text),
		    UINT64_MAX));
		assert_int_equal(delta_reserve(delta, 1, 16, NULL), OURO_OK);
		delta_add(delta, UINT64_MAX, bytes_text(text), &place);
	}
	for (unsigned i = 0; i < 500; i++) {
		snprintf(text, sizeof text, "%u", i);
		place_check(delta_find(delta, UINT64_MAX, bytes_text(text),
				UINT64_MAX),
		    i + 1);
	}
	delta_unref(delta);
}

/* ---- sorting ------------------------------------------------------------------------ */

static void
sorting_keeps_the_order_of_arrival(void **state)
{
	struct model *model = *state;
	const struct delta_entry *entries[5000];

	seed = 521288629;
	for (unsigned i = 0; i < 5000; i++)
		model_add(model, (unsigned)(random_next() % KEYS));
	for (size_t count = 0; count <= delta_count(model->delta);
	     count += count < 70 ? 1 : 619) {
		for (size_t i = 0; i < count; i++)
			entries[i] = delta_at(model->delta, i);
		assert_int_equal(delta_sort(entries, count, NULL), OURO_OK);
		for (size_t i = 1; i < count; i++) {
			int order = bytes_compare(delta_key(entries[i - 1]),
			    delta_key(entries[i]));

			assert_true(order < 0 ||
			    (order == 0 &&
				entries[i - 1]->place.sequence <
				    entries[i]->place.sequence));
		}
	}
}

/* ---- no memory ------------------------------------------------------------------------ */

/* Leaves the process so many bytes of address space more than it has. */
static void
memory_limit(uint64_t more)
{
	FILE *file = fopen("/proc/self/statm", "r");
	unsigned long pages;
	struct rlimit limit;

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%lu", &pages), 1);
	fclose(file);
	assert_int_equal(getrlimit(RLIMIT_AS, &limit), 0);
	limit.rlim_cur = more == UINT64_MAX ? limit.rlim_max
					    : pages * 4096 + more;
	assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
}

static void
without_memory_it_is_as_before(void **state)
{
	struct model *model = *state;
	enum ouro_status status = OURO_NO_MEMORY;
	struct ouro_error err;
	const unsigned count = 300000;
	unsigned failures = 0;

	if (SANITIZED)
		skip();
	for (unsigned n = 0; n < KEYS; n++)
		model_add(model, n);
	assert_int_equal(delta_reserve(model->delta, ENTRIES_MAX, 1, &err),
	    OURO_NO_MEMORY);
	assert_int_equal(delta_reserve(model->delta, 1, UINT64_MAX, &err),
	    OURO_NO_MEMORY);
	for (uint64_t more = 0; status != OURO_OK; more += 1 << 20) {
		uint64_t memory = delta_memory(model->delta);

		memory_limit(more);
		status = delta_reserve(model->delta, count, 16ull * count,
		    &err);
		memory_limit(UINT64_MAX);
		failures += status == OURO_NO_MEMORY;
		/* But for the list of chunks, which may stay. */
		if (status != OURO_OK)
			assert_true(delta_memory(model->delta) - memory < 8192);
		find_check(model, UINT64_MAX);
		assert_int_equal(delta_count(model->delta), KEYS);
	}
	assert_true(failures > 3);
	for (unsigned i = 0; i < count; i++) {
		uint8_t key[16] = { 0 };
		struct place place = place_of(model->sequence + i + 1);

		put_u64be(key + 8, i);
		delta_add(model->delta, hash_of(bytes_of(key, 16)),
		    bytes_of(key, 16), &place);
	}
	find_check(model, UINT64_MAX);
	failures = 0;
	status = OURO_NO_MEMORY;
	for (uint64_t more = 0; status != OURO_OK; more += 1 << 19) {
		struct delta_cursor cursor;

		delta_cursor_init(&cursor, model->delta, model->sequence);
		memory_limit(more);
		status = delta_cursor_seek(&cursor, bytes_of(NULL, 0), false,
		    false, &err);
		memory_limit(UINT64_MAX);
		failures += status == OURO_NO_MEMORY;
	}
	assert_true(failures > 3);
	order_check(model, model->sequence);
}

/* ---- threads -------------------------------------------------------------------------- */

#define PRIME  1009u
#define FACTOR 7u   /* the key of sequence s is s * FACTOR % PRIME ... */
#define BACK   865u /* ... and s is the key * BACK modulo PRIME */
#define ADDED  40000u

struct shared {
	struct delta *delta;
	_Atomic uint64_t visible;
	atomic_uint faults, walks;
};

/* The newest sequence <= visible of a key; 0 = none. */
static uint64_t
sequence_of(uint64_t n, uint64_t visible)
{
	uint64_t rest = n * BACK % PRIME;

	return visible < rest ? 0 : visible - (visible - rest) % PRIME;
}

static void *
finder_run(void *context)
{
	struct shared *shared = context;
	uint64_t n = 0, visible = 0;

	while (visible < ADDED) {
		const struct delta_entry *entry;
		uint8_t key[8];
		size_t count = delta_count(shared->delta);

		visible = atomic_load(&shared->visible);
		n = (n + 1) % PRIME;
		put_u64be(key, n);
		entry = delta_find(shared->delta, mixed(n), bytes_of(key, 8),
		    visible);
		if ((entry == NULL ? 0 : entry->place.sequence) !=
		    sequence_of(n, visible))
			atomic_fetch_add(&shared->faults, 1);
		if (count > 0 &&
		    delta_at(shared->delta, count - 1)->place.sequence != count)
			atomic_fetch_add(&shared->faults, 1);
		(void)delta_memory(shared->delta);
	}
	return NULL;
}

static void
thread_walk(struct shared *shared, uint64_t visible, bool reverse)
{
	struct delta_cursor cursor;

	delta_cursor_init(&cursor, shared->delta, visible);
	if (delta_cursor_seek(&cursor, bytes_of(NULL, 0), false, reverse,
		NULL) != OURO_OK)
		atomic_fetch_add(&shared->faults, 1);
	for (uint64_t i = 0; i < PRIME; i++) {
		uint64_t n = reverse ? PRIME - 1 - i : i;
		uint64_t sequence = sequence_of(n, visible);

		if (sequence == 0)
			continue;
		if (cursor.entry == NULL ||
		    cursor.entry->place.sequence != sequence ||
		    get_u64be(cursor.entry->key) != n) {
			atomic_fetch_add(&shared->faults, 1);
			return;
		}
		delta_cursor_next(&cursor, NULL);
	}
	if (cursor.entry != NULL)
		atomic_fetch_add(&shared->faults, 1);
}

static void *
walker_run(void *context)
{
	struct shared *shared = context;
	uint64_t visible = 0;

	for (unsigned i = 0; visible < ADDED; i++) {
		visible = atomic_load(&shared->visible);
		thread_walk(shared, visible, i % 2 == 1);
		thread_walk(shared, visible / 2, i % 2 == 0);
		atomic_fetch_add(&shared->walks, 1);
	}
	return NULL;
}

static void
readers_beside_a_writer(void **state)
{
	struct shared shared = { .delta = delta_new(1) };
	pthread_t threads[4];

	(void)state;
	assert_non_null(shared.delta);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
				     i < 2 ? finder_run : walker_run, &shared),
		    0);
	for (uint64_t s = 1; s <= ADDED; s++) {
		uint64_t n = s * FACTOR % PRIME;
		struct place place = place_of(s);
		uint8_t key[8];

		put_u64be(key, n);
		if (delta_reserve(shared.delta, 1, 8, NULL) != OURO_OK)
			break;
		delta_add(shared.delta, mixed(n), bytes_of(key, 8), &place);
		if (s % 3 == 0 || s == ADDED)
			atomic_store(&shared.visible, s);
	}
	for (unsigned i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&shared.faults), 0);
	assert_true(atomic_load(&shared.walks) > 0);
	delta_unref(shared.delta);
}

#define WITH_MODEL(test) \
	cmocka_unit_test_setup_teardown(test, model_setup, model_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		/* First: what others freed would be there to be used. */
		WITH_MODEL(without_memory_it_is_as_before),
		WITH_MODEL(random_adding_is_as_the_model),
		WITH_MODEL(a_walk_is_not_moved_by_what_comes),
		cmocka_unit_test(a_million_entries),
		cmocka_unit_test(reserved_room_holds_the_longest_keys),
		cmocka_unit_test(a_small_delta_costs_little),
		cmocka_unit_test(equal_hashes_are_told_apart),
		WITH_MODEL(sorting_keeps_the_order_of_arrival),
		cmocka_unit_test(readers_beside_a_writer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
