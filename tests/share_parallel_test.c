/*
 * Contents that share chunks are sealed anew by several threads at once, on
 * real files, while others read them, put them again and collect.
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

#include "base/encoding.h"
#include "exchange/share_grant.h"
#include "seal/public_key.h"
#include "vault/vault.h"

#define CONTENTS 3
#define RESEALS	 4 /* of each content */
#define READERS	 3
#define SIZE	 900000
#define OWN	 100000 /* bytes that only one of them has */

static struct ouro_vault *vault;
static uint8_t data[CONTENTS][SIZE];
static uint8_t ids[CONTENTS][OURO_ID_SIZE];
static char text[PUBLIC_KEY_TEXT_SIZE];
static char fingerprint[FINGERPRINT_TEXT + 1];
static atomic_bool ended, failed;

static void
fail_tell(const char *what, enum ouro_status status,
    const struct ouro_error *err)
{
	if (status == OURO_OK || atomic_exchange(&failed, true))
		return;
	print_error("%s: %s\n", what, err->text);
}

static void
data_make(void)
{
	uint64_t x = 5;

	for (size_t i = 0; i < SIZE; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		for (unsigned j = 0; j < CONTENTS; j++)
			data[j][i] = (uint8_t)((x >> 56) ^ (i < OWN ? j : 0));
	}
}

static enum ouro_status
put(unsigned which, struct ouro_error *err)
{
	struct ouro_put_result result;
	struct ouro_put *open;
	enum ouro_status status = ouro_put_begin(vault, NULL, &open, err);

	if (status != OURO_OK)
		return status;
	status = ouro_put_write(open, data[which], SIZE, err);
	if (status != OURO_OK) {
		ouro_put_abort(open);
		return status;
	}
	status = ouro_put_finish(open, &result, err);
	memcpy(ids[which], result.content, OURO_ID_SIZE);
	return status;
}

/* ---- threads ------------------------------------------------------------------ */

static void *
reader_run(void *context)
{
	uint8_t *read = malloc(SIZE);
	unsigned which = *(unsigned *)context;

	while (!ended && !failed) {
		struct ouro_error err = { 0 };
		struct ouro_get *get = NULL;
		size_t got = 0;
		enum ouro_status status = ouro_get_open(vault, ids[which], &get,
		    &err);

		if (status == OURO_OK)
			status = ouro_get_read(get, read, SIZE, &got, &err);
		ouro_get_close(get);
		fail_tell("read", status, &err);
		if (status == OURO_OK &&
		    (got != SIZE || memcmp(read, data[which], SIZE) != 0))
			failed = true;
	}
	free(read);
	return NULL;
}

static void *
resealer_run(void *context)
{
	struct ouro_unshare_options options = { .size = sizeof(options),
		.reseal = true };
	unsigned which = *(unsigned *)context;

	for (int i = 0; i < RESEALS && !failed; i++) {
		struct ouro_error err = { 0 };
		enum ouro_status status = ouro_share(vault, ids[which], text,
		    NULL, NULL, &err);

		fail_tell("share", status, &err);
		status = ouro_unshare(vault, ids[which], fingerprint, &options,
		    NULL, &err);
		fail_tell("unshare", status, &err);
	}
	return NULL;
}

static void *
collector_run(void *context)
{
	(void)context;
	while (!ended && !failed) {
		struct ouro_gc_result result;
		struct ouro_error err = { 0 };

		fail_tell("gc", ouro_gc(vault, NULL, NULL, &result, &err),
		    &err);
	}
	return NULL;
}

/* The same bytes again, under another type each time: new contents that have
 * the chunks there are, and go at once. */
static void *
putter_run(void *context)
{
	(void)context;
	for (unsigned i = 0; !ended && !failed; i++) {
		char type[16];
		struct ouro_put_options options = { .size = sizeof(options),
			.name = "passing",
			.type = type };
		struct ouro_error err = { 0 };
		struct ouro_put *open;
		enum ouro_status status;

		snprintf(type, sizeof(type), "t/%u", i);
		status = ouro_put_begin(vault, &options, &open, &err);
		if (status == OURO_OK)
			status = ouro_put_write(open, data[i % CONTENTS], SIZE,
			    &err);
		if (status == OURO_OK)
			status = ouro_put_finish(open, NULL, &err);
		fail_tell("put", status, &err);
	}
	return NULL;
}

/* ---- together --------------------------------------------------------------------- */

static void
person_make(void)
{
	uint8_t seed[KEM_SEED_SIZE], key[KEM_PUBLIC_SIZE];
	uint8_t print[FINGERPRINT_SIZE];

	memset(seed, 0x33, sizeof(seed));
	assert_int_equal(kem_public(seed, key, NULL), OURO_OK);
	assert_int_equal(public_key_encode(key, text, NULL), OURO_OK);
	assert_int_equal(member_fingerprint(key, print, NULL), OURO_OK);
	hex_encode(bytes_of(print, FINGERPRINT_SIZE), fingerprint);
}

static void
threads_run(void)
{
	static unsigned numbers[CONTENTS] = { 0, 1, 2 };
	pthread_t resealers[CONTENTS], readers[READERS], collector, putter;

	for (unsigned i = 0; i < READERS; i++)
		pthread_create(&readers[i], NULL, reader_run,
		    &numbers[i % CONTENTS]);
	pthread_create(&collector, NULL, collector_run, NULL);
	pthread_create(&putter, NULL, putter_run, NULL);
	for (unsigned i = 0; i < CONTENTS; i++)
		pthread_create(&resealers[i], NULL, resealer_run, &numbers[i]);
	for (unsigned i = 0; i < CONTENTS; i++)
		pthread_join(resealers[i], NULL);
	ended = true;
	for (unsigned i = 0; i < READERS; i++)
		pthread_join(readers[i], NULL);
	pthread_join(collector, NULL);
	pthread_join(putter, NULL);
}

static void
sealing_anew_disturbs_nobody(void **state)
{
	char dir[] = "/tmp/share-parallel-XXXXXX", command[64];
	struct ouro_care_options care = { .size = sizeof(care) };
	struct ouro_care_result found;
	struct ouro_gc_result collected;
	struct ouro_error err = { 0 };

	(void)state;
	person_make();
	data_make();
	assert_non_null(mkdtemp(dir));
	assert_int_equal(ouro_vault_open(dir, NULL, &vault, &err), OURO_OK);
	for (unsigned i = 0; i < CONTENTS; i++)
		assert_int_equal(put(i, &err), OURO_OK);
	threads_run();
	assert_false(failed);
	assert_int_equal(ouro_gc(vault, NULL, NULL, &collected, &err), OURO_OK);
	if (ouro_verify(vault, &care, &found, &err) != OURO_OK)
		fail_msg("verify: %s", err.text);
	ouro_vault_close(vault);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	assert_int_equal(system(command), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sealing_anew_disturbs_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
