/*
 * Many writers and readers on one vault, on real files.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <pthread.h>

#include "vault/vault.h"

#define WRITERS	    100
#define ROUNDS	    3
#define BATCH	    1000
#define SIZE_LARGE  300000
#define SHARED_SIZE 200000

static void
bytes_make(uint8_t *data, size_t size, unsigned seed)
{
	uint64_t x = seed + 1;

	for (size_t i = 0; i < size; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		data[i] = (uint8_t)(x >> 56);
	}
}

static enum ouro_status
bytes_put(struct ouro_vault *vault, const char *name, const uint8_t *data,
    size_t size, struct ouro_put_result *result)
{
	struct ouro_put_options options = { .size = sizeof(options),
		.name = name };
	struct ouro_put *put;
	enum ouro_status status;

	status = ouro_put_begin(vault, &options, &put, NULL);
	if (status != OURO_OK)
		return status;
	status = ouro_put_write(put, data, size, NULL);
	if (status != OURO_OK) {
		ouro_put_abort(put);
		return status;
	}
	return ouro_put_finish(put, result, NULL);
}

static bool
bytes_read_back(struct ouro_vault *vault, const uint8_t *id,
    const uint8_t *data, size_t size)
{
	uint8_t *read = malloc(size + 1);
	struct ouro_get *get;
	size_t got = 0;
	bool same = false;

	if (ouro_get_open(vault, id, &get, NULL) == OURO_OK) {
		same = ouro_get_read(get, read, size + 1, &got, NULL) ==
			OURO_OK &&
		    got == size && memcmp(read, data, size) == 0;
		ouro_get_close(get);
	}
	free(read);
	return same;
}

/* ---- one hundred writers -------------------------------------------------- */

struct writer {
	struct ouro_vault *vault;
	unsigned number;
	bool failed;
};

/* Every writer puts bytes of its own, bytes that all put, and versions of a
 * name that all write; and reads back what it put. */
static void *
writer_run(void *context)
{
	struct writer *writer = context;
	uint8_t *own = malloc(SIZE_LARGE), *shared = malloc(SHARED_SIZE);
	struct ouro_put_result result;

	bytes_make(shared, SHARED_SIZE, 77777);
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned seed = writer->number * ROUNDS + round;
		size_t size = seed % 3 == 0 ? SIZE_LARGE : 100 + seed;

		bytes_make(own, size, seed);
		writer->failed |= bytes_put(writer->vault, NULL, own, size,
				      &result) != OURO_OK ||
		    !bytes_read_back(writer->vault, result.content, own, size);
		writer->failed |= bytes_put(writer->vault, NULL, shared,
				      SHARED_SIZE, &result) != OURO_OK ||
		    !bytes_read_back(writer->vault, result.content, shared,
			SHARED_SIZE);
		writer->failed |= bytes_put(writer->vault, "everyone's", own,
				      size, &result) != OURO_OK ||
		    !bytes_read_back(writer->vault, result.version, own, size);
	}
	free(own);
	free(shared);
	return NULL;
}

static void *
collector_run(void *context)
{
	struct writer *writer = context;
	struct ouro_gc_result result;

	for (int i = 0; i < 5; i++) {
		writer->failed |= ouro_gc(writer->vault, NULL, NULL, &result,
				      NULL) != OURO_OK;
		usleep(20000);
	}
	return NULL;
}

static bool
count_each(void *context, const struct ouro_version *version)
{
	size_t *count = context;

	(void)version;
	(*count)++;
	return true;
}

static void
K29_a_hundred_writers_and_a_collector(void **state)
{
	struct writer writers[WRITERS + 1] = { 0 };
	pthread_t threads[WRITERS + 1];
	struct ouro_care_options care = { .size = sizeof(care) };
	struct ouro_care_result result;
	struct ouro_vault *vault = *state;
	struct ouro_error err = { 0 };
	size_t versions = 0;

	/* None is pruned before its writer has read it. */
	atomic_store(&vault->revision_limit, WRITERS * ROUNDS);
	for (unsigned i = 0; i <= WRITERS; i++) {
		writers[i] = (struct writer){ .vault = vault, .number = i };
		assert_int_equal(pthread_create(&threads[i], NULL,
				     i == WRITERS ? collector_run : writer_run,
				     &writers[i]),
		    0);
	}
	for (unsigned i = 0; i <= WRITERS; i++) {
		pthread_join(threads[i], NULL);
		assert_false(writers[i].failed);
	}
	assert_int_equal(ouro_history(vault, NULL, "everyone's", count_each,
			     &versions, NULL),
	    OURO_OK);
	assert_int_equal(versions, WRITERS * ROUNDS);
	if (ouro_verify(vault, &care, &result, &err) != OURO_OK)
		fail_msg("verify: %s", err.text);
}

/* ---- one name, changed by many -------------------------------------------------- */

#define COUNTERS   8
#define INCREMENTS 25

/* One attempt to write the next number in place of the version that was read;
 * OURO_CONFLICT when somebody was quicker. */
static enum ouro_status
counter_try(struct ouro_vault *vault)
{
	uint8_t version[1][OURO_ID_SIZE];
	struct ouro_put_options options = { .size = sizeof(options),
		.name = "counter",
		.base = OURO_BASE_EXACT,
		.base_versions = (const uint8_t(*)[OURO_ID_SIZE])version,
		.base_count = 1 };
	struct ouro_put *put;
	uint32_t number;
	size_t size;
	void *data;
	enum ouro_status status;

	status = ouro_name_read(vault, NULL, "counter", NULL, version[0], NULL);
	if (status == OURO_OK)
		status = ouro_get_whole(vault, version[0], sizeof(number),
		    &data, &size, NULL);
	if (status != OURO_OK)
		return status;
	memcpy(&number, data, sizeof(number));
	free(data);
	number++;
	status = ouro_put_begin(vault, &options, &put, NULL);
	if (status != OURO_OK)
		return status;
	status = ouro_put_write(put, &number, sizeof(number), NULL);
	if (status == OURO_OK)
		return ouro_put_finish(put, NULL, NULL);
	ouro_put_abort(put);
	return status;
}

static void *
counter_run(void *context)
{
	struct writer *writer = context;

	for (int i = 0; i < INCREMENTS && !writer->failed;) {
		enum ouro_status status = counter_try(writer->vault);

		i += status == OURO_OK;
		writer->failed |= status != OURO_OK && status != OURO_CONFLICT;
	}
	return NULL;
}

static void
an_exact_base_loses_no_increment(void **state)
{
	struct writer writers[COUNTERS] = { 0 };
	pthread_t threads[COUNTERS];
	struct ouro_vault *vault = *state;
	struct ouro_put_result result;
	uint8_t version[OURO_ID_SIZE];
	uint32_t number = 0;
	size_t size, heads = 0;
	void *data;

	assert_int_equal(bytes_put(vault, "counter", (const uint8_t *)&number,
			     sizeof(number), &result),
	    OURO_OK);
	for (unsigned i = 0; i < COUNTERS; i++) {
		writers[i] = (struct writer){ .vault = vault, .number = i };
		assert_int_equal(pthread_create(&threads[i], NULL, counter_run,
				     &writers[i]),
		    0);
	}
	for (unsigned i = 0; i < COUNTERS; i++) {
		pthread_join(threads[i], NULL);
		assert_false(writers[i].failed);
	}
	assert_int_equal(ouro_name_read(vault, NULL, "counter", NULL, version,
			     NULL),
	    OURO_OK);
	assert_int_equal(ouro_get_whole(vault, version, sizeof(number), &data,
			     &size, NULL),
	    OURO_OK);
	memcpy(&number, data, sizeof(number));
	free(data);
	assert_int_equal(number, COUNTERS * INCREMENTS);
	assert_int_equal(ouro_heads(vault, NULL, "counter", count_each, &heads,
			     NULL),
	    OURO_OK);
	assert_int_equal(heads, 1);
}

/* ---- a thousand at once ------------------------------------------------------- */

static void
K29_a_batch_of_a_thousand(void **state)
{
	struct ouro_vault *vault = *state;
	struct ouro_put_result *results = calloc(BATCH, sizeof(*results));
	struct ouro_put_options options = { .size = sizeof(options) };
	struct ouro_batch *batch;
	uint8_t data[64];

	assert_int_equal(ouro_batch_begin(vault, &batch, NULL), OURO_OK);
	for (unsigned i = 0; i < BATCH; i++) {
		struct ouro_put *put;

		bytes_make(data, sizeof(data), 500000 + i);
		assert_int_equal(ouro_put_begin(vault, &options, &put, NULL),
		    OURO_OK);
		assert_int_equal(ouro_put_write(put, data, sizeof(data), NULL),
		    OURO_OK);
		assert_int_equal(ouro_batch_finish_put(batch, put, &results[i],
				     NULL),
		    OURO_OK);
	}
	assert_int_equal(ouro_batch_commit(batch, NULL), OURO_OK);
	for (unsigned i = 0; i < BATCH; i++) {
		bytes_make(data, sizeof(data), 500000 + i);
		assert_true(bytes_read_back(vault, results[i].content, data,
		    sizeof(data)));
	}
	free(results);
}

static char directory[] = "/tmp/ouroboros-parallel-XXXXXX";

static int
setup(void **state)
{
	struct ouro_vault_options options = { .size = sizeof(options),
		.k = 2,
		.m = 1 };

	if (mkdtemp(directory) == NULL)
		return -1;
	return ouro_vault_open(directory, &options, (struct ouro_vault **)state,
		   NULL) == OURO_OK
	    ? 0
	    : -1;
}

static int
teardown(void **state)
{
	char command[128];

	ouro_vault_close(*state);
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	return system(command);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(K29_a_hundred_writers_and_a_collector),
		cmocka_unit_test(an_exact_base_loses_no_increment),
		cmocka_unit_test(K29_a_batch_of_a_thousand),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
