/*
 * Exports of a vault, on real files, while others write, remove and collect:
 * each stream is one moment, whole.
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
#include <stdatomic.h>

#include "vault/vault.h"

#define WRITERS 3
#define NAMES	6
#define EXPORTS 6
#define SIZE	150000

static char dir_made[] = "/tmp/ouroboros-exchange-XXXXXX";

struct world {
	struct ouro_vault *vault;
	atomic_bool over;
	atomic_uint failed;
	atomic_uint puts, collections;
};

struct writer {
	struct world *world;
	unsigned number;
};

static void
path_of(char out[128], const char *name)
{
	snprintf(out, 128, "%s/%s", dir_made, name);
}

/* ---- those who write --------------------------------------------------------- */

/* Both names of a round have the same bytes and come together. */
static bool
pair_put(struct ouro_vault *vault, unsigned number, unsigned round,
    uint8_t *data)
{
	struct ouro_batch *batch;

	for (size_t i = 0; i < SIZE; i++)
		data[i] = (uint8_t)(i * 7 + i / 251 * number + round * 13);
	if (ouro_batch_begin(vault, &batch, NULL) != OURO_OK)
		return false;
	for (unsigned half = 0; half < 2; half++) {
		char name[32];
		struct ouro_put_options options = { .size = sizeof(options),
			.name = name };
		struct ouro_put *put;

		snprintf(name, sizeof(name), "%c-%u-%u", half ? 'b' : 'a',
		    number, round % NAMES);
		if (ouro_put_begin(vault, &options, &put, NULL) != OURO_OK ||
		    ouro_put_write(put, data, SIZE, NULL) != OURO_OK ||
		    ouro_batch_finish_put(batch, put, NULL, NULL) != OURO_OK) {
			ouro_batch_abort(batch);
			return false;
		}
	}
	return ouro_batch_commit(batch, NULL) == OURO_OK;
}

static void
pair_remove(struct ouro_vault *vault, unsigned number, unsigned round)
{
	struct ouro_remove_result result;
	struct ouro_target target;

	for (unsigned half = 0; half < 2; half++) {
		char name[32];

		snprintf(name, sizeof(name), "name:%c-%u-%u", half ? 'b' : 'a',
		    number, round % NAMES);
		if (ouro_resolve(vault, name, &target, NULL) == OURO_OK)
			(void)ouro_remove(vault, &target, NULL, NULL, NULL,
			    &result, NULL);
	}
}

static void *
write_on(void *context)
{
	struct writer *writer = context;
	struct world *world = writer->world;
	uint8_t *data = malloc(SIZE);

	for (unsigned round = 0; data != NULL && !atomic_load(&world->over);
	     round++) {
		if (!pair_put(world->vault, writer->number, round, data))
			atomic_fetch_add(&world->failed, 1);
		atomic_fetch_add(&world->puts, 1);
		if (round % 3 == 2)
			pair_remove(world->vault, writer->number, round - 1);
	}
	free(data);
	return NULL;
}

static void *
collect_on(void *context)
{
	struct world *world = context;
	struct ouro_gc_result result;

	while (!atomic_load(&world->over)) {
		if (ouro_gc(world->vault, NULL, NULL, &result, NULL) != OURO_OK)
			atomic_fetch_add(&world->failed, 1);
		atomic_fetch_add(&world->collections, 1);
	}
	return NULL;
}

/* ---- streams ---------------------------------------------------------------------- */

static enum ouro_status
sink(void *context, const void *data, size_t size, struct ouro_error *err)
{
	return buffer_append(context, bytes_of(data, size), err);
}

static enum ouro_status
source(void *context, void *data, size_t size, size_t *got,
    struct ouro_error *err)
{
	struct bytes *rest = context;

	(void)err;
	*got = size < rest->size ? size : rest->size;
	if (*got > 0)
		memcpy(data, rest->data, *got);
	*rest = bytes_of(rest->data + *got, rest->size - *got);
	return OURO_OK;
}

/* At no moment there is a name a-... without its b-..., or with another
 * content: they come together, and the a goes first. */
static void
pair_is_there(struct ouro_vault *vault, const struct ouro_info *info)
{
	struct ouro_target target;
	struct ouro_info other;
	char name[64];

	if (info->name[0] != 'a')
		return;
	snprintf(name, sizeof(name), "name:b%s", info->name + 1);
	if (ouro_resolve(vault, name, &target, NULL) != OURO_OK)
		fail_msg("%s has no other half", info->name);
	assert_int_equal(ouro_info(vault, target.id, &other, NULL), OURO_OK);
	assert_memory_equal(other.content, info->content, OURO_ID_SIZE);
	ouro_info_release(&other);
}

/* Every version can be read. */
static void
lists_whole(struct ouro_vault *vault)
{
	struct ouro_list_options options = { .size = sizeof(options) };
	struct ouro_list *list;
	struct ouro_info info;
	uint8_t *data = malloc(SIZE + 1);

	assert_non_null(data);
	assert_int_equal(ouro_list_open(vault, &options, &list, NULL), OURO_OK);
	while (ouro_list_next(list, &info, NULL) == OURO_OK) {
		struct ouro_get *get;
		size_t got = 0, all = 0;

		assert_int_equal(ouro_get_open(vault, info.version, &get, NULL),
		    OURO_OK);
		do {
			assert_int_equal(ouro_get_read(get, data, SIZE + 1,
					     &got, NULL),
			    OURO_OK);
			all += got;
		} while (got > 0);
		assert_int_equal(all, SIZE);
		ouro_get_close(get);
		pair_is_there(vault, &info);
		ouro_info_release(&info);
	}
	ouro_list_close(list);
	free(data);
}

static void
copy_check(const struct buffer *stream)
{
	char path[128], key[128], command[160];
	struct ouro_vault_options vault_options = { .size = sizeof(
							vault_options),
		.key_file = key };
	struct ouro_care_options care = { .size = sizeof(care) };
	struct ouro_care_result result;
	struct bytes rest = buffer_bytes(stream);
	struct ouro_vault *copy;
	struct ouro_error err = { 0 };

	path_of(path, "copy");
	path_of(key, "store/member.key");
	if (ouro_import_new(path, &vault_options, NULL, source, &rest, NULL,
		&copy, &err) != OURO_OK)
		fail_msg("import: %s", err.text);
	lists_whole(copy);
	if (ouro_verify(copy, &care, &result, &err) != OURO_OK)
		fail_msg("verify: %s", err.text);
	ouro_vault_close(copy);
	snprintf(command, sizeof(command), "rm -rf %s", path);
	assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c) */
}

static void
exports_go_on_beside_writers_and_a_collector(void **state)
{
	struct world world = { .over = false };
	struct writer writers[WRITERS];
	pthread_t threads[WRITERS + 1];
	struct ouro_care_options care = { .size = sizeof(care) };
	struct ouro_care_result result;
	struct buffer stream = { 0 };
	struct ouro_error err = { 0 };
	char path[128];

	(void)state;
	path_of(path, "store");
	assert_int_equal(ouro_vault_open(path, NULL, &world.vault, &err),
	    OURO_OK);
	for (unsigned i = 0; i < WRITERS; i++) {
		writers[i] = (struct writer){ &world, i };
		pthread_create(&threads[i], NULL, write_on, &writers[i]);
	}
	pthread_create(&threads[WRITERS], NULL, collect_on, &world);
	for (unsigned i = 0; i < EXPORTS; i++) {
		unsigned puts = atomic_load(&world.puts);

		while (atomic_load(&world.puts) < puts + 10)
			usleep(1000);
		stream.size = 0;
		if (ouro_export(world.vault, NULL, sink, &stream, NULL, &err) !=
		    OURO_OK)
			fail_msg("export: %s", err.text);
		copy_check(&stream);
	}
	atomic_store(&world.over, true);
	for (unsigned i = 0; i <= WRITERS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&world.failed), 0);
	assert_true(atomic_load(&world.collections) > 1);
	assert_int_equal(ouro_verify(world.vault, &care, &result, &err),
	    OURO_OK);
	ouro_vault_close(world.vault);
	buffer_release(&stream);
}

static int
setup(void **state)
{
	(void)state;
	return mkdtemp(dir_made) == NULL;
}

static int
teardown(void **state)
{
	char command[160];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir_made);
	return system(command); /* NOLINT(cert-env33-c) */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exports_go_on_beside_writers_and_a_collector),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
