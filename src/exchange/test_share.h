/*
 * test_share - recipients, grants and bundles for the tests of sharing.
 */
#ifndef EXCHANGE_TEST_SHARE_H
#define EXCHANGE_TEST_SHARE_H

#include "base/fs.h"
#include "exchange/bundle.h"
#include "exchange/share.h"
#include "exchange/test_exchange.h"
#include "seal/public_key.h"
#include "vault/test_care.h"

/* Somebody who is no member. */
struct test_person {
	struct member_key key;
	char text[PUBLIC_KEY_TEXT_SIZE];
	char fingerprint[FINGERPRINT_TEXT + 1];
};

static inline void
test_person_make(struct test_vault *test, struct test_person *out)
{
	uint8_t fingerprint[FINGERPRINT_SIZE];

	test_ok(member_key_new(test->fs, &out->key, &test->err), &test->err);
	test_ok(public_key_encode(out->key.public_key, out->text, &test->err),
	    &test->err);
	test_ok(member_fingerprint(out->key.public_key, fingerprint,
		    &test->err),
	    &test->err);
	hex_encode(bytes_of(fingerprint, FINGERPRINT_SIZE), out->fingerprint);
}

static inline struct ouro_share_result
test_share(struct test_vault *test, const uint8_t id[OURO_ID_SIZE],
    const struct test_person *person, bool tree)
{
	struct ouro_share_options options = { .size = sizeof(options),
		.tree = tree };
	struct ouro_share_result result;

	test_ok(ouro_share(test->vault, id, person->text, &options, &result,
		    &test->err),
	    &test->err);
	assert_string_equal(result.fingerprint, person->fingerprint);
	return result;
}

static inline enum ouro_status
test_unshare(struct test_vault *test, const uint8_t id[OURO_ID_SIZE],
    const struct test_person *person,
    const struct ouro_unshare_options *options,
    struct ouro_unshare_result *result)
{
	return ouro_unshare(test->vault, id, person->fingerprint, options,
	    result, &test->err);
}

/* ---- grants ---------------------------------------------------------------- */

struct test_grants {
	struct ouro_grant list[32];
	size_t count;
};

static inline bool
test_grant_see(void *context, const struct ouro_grant *grant)
{
	struct test_grants *all = context;

	assert_true(all->count < 32);
	assert_int_equal(strncmp(grant->public_key, PUBLIC_KEY_PREFIX, 16), 0);
	all->list[all->count] = *grant;
	all->list[all->count++].public_key = NULL;
	return true;
}

static inline size_t
test_grant_count(struct test_vault *test, const uint8_t *id,
    const char *fingerprint)
{
	struct test_grants all = { .count = 0 };

	test_ok(ouro_grants(test->vault, id, fingerprint, test_grant_see, &all,
		    &test->err),
	    &test->err);
	return all.count;
}

/* ---- bundles --------------------------------------------------------------- */

#define TEST_BUNDLE "/bundle"

/* What is granted to person, or of it only id, in a file. */
static inline void
test_bundle_write(struct test_vault *test, const uint8_t *id,
    const struct test_person *person, struct buffer *out)
{
	out->size = 0;
	test_ok(ouro_bundle_write(test->vault, id, person->fingerprint,
		    test_sink, out, &test->err),
	    &test->err);
	test_ok(fs_write_file(test->fs, TEST_BUNDLE, buffer_bytes(out),
		    &test->err),
	    &test->err);
}

static inline enum ouro_status
test_bundle_open(struct test_vault *test, const struct test_person *person,
    struct ouro_bundle **out)
{
	return bundle_open(test->fs, TEST_BUNDLE, person->key.seed, out,
	    &test->err);
}

static inline void
test_bundle_reads(struct test_vault *test, struct ouro_bundle *bundle,
    const uint8_t id[OURO_ID_SIZE], struct bytes data)
{
	struct buffer read = { 0 };

	test_ok(ouro_bundle_read(bundle, id, test_sink, &read, &test->err),
	    &test->err);
	assert_int_equal(read.size, data.size);
	if (data.size > 0)
		assert_memory_equal(read.data, data.data, data.size);
	buffer_release(&read);
}

#endif
