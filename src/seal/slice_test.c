#include "seal/slice.h"

#include "proto/seal.pb-c.h"
#include "seal/canonical.h"
#include "seal/stripe_fixture.h"

static enum ouro_status
decode(struct bytes stored)
{
	struct ouro_error err = { 0 };
	struct slice slice;
	enum ouro_status status = slice_decode(stored, &slice, &err);

	assert_int_equal(err.status, status);
	if (!status) {
		assert_in_range(slice.k, 1, SLICES_MAX);
		assert_in_range(slice.count, slice.k, SLICES_MAX);
		assert_true(slice.index < slice.count);
		assert_int_equal(slice.data.size,
		    erasure_slice_size(slice.sealed_size, slice.k));
	}
	slice_release(&slice);
	return status;
}

static void
a_slice_comes_back_as_written(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f, 3, 2);
	fixture_seal(&f, 1000);
	for (unsigned i = 0; i < 5; i++) {
		struct bytes stored = stripe_slice(&f.stripe, i);
		uint8_t head[1024], id[STRIPE_ID_SIZE];
		size_t size = slice_head_size(&f.good[i]);
		assert_int_equal(f.good[i].index, i);
		assert_int_equal(f.good[i].k, 3);
		assert_int_equal(f.good[i].count, 5);
		assert_memory_equal(f.good[i].chunk_id, f.chunk_id, HASH_SIZE);
		assert_memory_equal(f.good[i].stripe_id, f.stripe.id,
		    STRIPE_ID_SIZE);
		assert_int_equal(slice_check(&f.good[i], NULL), OURO_OK);
		assert_int_equal(slice_head_write(&f.good[i], head, id, NULL),
		    OURO_OK);
		assert_memory_equal(head, stored.data, size);
		assert_int_equal(size + f.good[i].data.size, stored.size);
	}
	fixture_release(&f);
}

static void
every_truncation_is_refused(void **state)
{
	struct fixture f;
	struct buffer longer = { 0 };

	(void)state;
	fixture_init(&f, 3, 2);
	fixture_seal(&f, 200);
	struct bytes stored = stripe_slice(&f.stripe, 2);
	for (size_t size = 0; size < stored.size; size++)
		assert_int_equal(decode(bytes_of(stored.data, size)),
		    OURO_DAMAGED);
	assert_int_equal(buffer_set(&longer, stored, NULL), OURO_OK);
	assert_int_equal(buffer_append(&longer, bytes_of("", 1), NULL),
	    OURO_OK);
	assert_int_equal(decode(buffer_bytes(&longer)), OURO_DAMAGED);
	buffer_release(&longer);
	fixture_release(&f);
}

/* Each flipped bit is found: by the form, by the slice's own hash, or by the
 * stripe id under which the slice was to be found. Only the hash of another
 * parity slice is bound to nothing. */
static void
K12_every_flipped_bit_is_found(void **state)
{
	struct fixture f;
	struct buffer copy = { 0 };
	size_t unseen = 0;

	(void)state;
	fixture_init(&f, 2, 2);
	fixture_seal(&f, 40);
	assert_int_equal(buffer_set(&copy, stripe_slice(&f.stripe, 2), NULL),
	    OURO_OK);
	for (size_t bit = 0; bit < copy.size * 8; bit++) {
		struct slice slice;
		copy.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		bool seen = slice_decode(buffer_bytes(&copy), &slice, NULL) ||
		    slice_check(&slice, NULL) ||
		    memcmp(slice.stripe_id, f.stripe.id, STRIPE_ID_SIZE) != 0;
		slice_release(&slice);
		copy.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		unseen += !seen;
	}
	assert_int_equal(unseen, 8 * HASH_SIZE);
	buffer_release(&copy);
	fixture_release(&f);
}

/* ---- descriptors that no writer makes ---------------------------------- */

struct forgery {
	Ouro__StripeDescriptor message;
	ProtobufCBinaryData hashes[300];
	uint8_t zeros[64];
	uint8_t index;
	size_t data_size;
};

static void
forgery_init(struct forgery *forgery)
{
	memset(forgery, 0, sizeof *forgery);
	ouro__stripe_descriptor__init(&forgery->message);
	forgery->message.version = 1;
	forgery->message.k = 3;
	forgery->message.epoch = 1;
	forgery->message.sealed_size = 8;
	forgery->message.chunk_id = (ProtobufCBinaryData){ 32, forgery->zeros };
	forgery->message.salt = (ProtobufCBinaryData){ 16, forgery->zeros };
	forgery->message.tag = forgery->message.salt;
	for (unsigned i = 0; i < 300; i++)
		forgery->hashes[i] = forgery->message.chunk_id;
	forgery->message.slice_hash = forgery->hashes;
	forgery->message.n_slice_hash = 5;
	forgery->data_size = 3;
}

static enum ouro_status
forgery_decode(const struct forgery *forgery)
{
	struct buffer stored = { 0 };
	enum ouro_status status;

	assert_int_equal(buffer_resize(&stored, 4, NULL), OURO_OK);
	assert_int_equal(canonical_pack(&forgery->message.base, &stored, NULL),
	    OURO_OK);
	stored.data[0] = 1;
	stored.data[1] = forgery->index;
	put_u16le(stored.data + 2, (uint16_t)(stored.size - 4));
	for (size_t i = 0; i < forgery->data_size; i++)
		assert_int_equal(buffer_append(&stored, bytes_of("", 1), NULL),
		    OURO_OK);
	status = decode(buffer_bytes(&stored));
	buffer_release(&stored);
	return status;
}

#define REFUSED(change) \
	do { \
		struct forgery f; \
		forgery_init(&f); \
		assert_int_equal(forgery_decode(&f), OURO_OK); \
		change; \
		assert_int_equal(forgery_decode(&f), OURO_DAMAGED); \
	} while (0)

static void
impossible_descriptors_are_refused(void **state)
{
	(void)state;
	REFUSED(f.message.version = 0);
	REFUSED(f.message.version = 2);
	REFUSED(f.message.k = 0);
	REFUSED(f.message.k = 6);
	REFUSED(
	    (f.message.k = 256, f.message.n_slice_hash = 256, f.data_size = 1));
	REFUSED(f.message.k = UINT32_MAX);
	REFUSED(f.message.n_slice_hash = 256);
	REFUSED(f.message.n_slice_hash = 2);
	REFUSED(f.message.n_slice_hash = 0);
	REFUSED(f.message.epoch = 0);
	REFUSED((f.message.sealed_size = 5, f.data_size = 2));
	REFUSED((f.message.sealed_size = 9, f.data_size = 3));
	REFUSED((f.message.sealed_size = 0, f.data_size = 0));
	REFUSED((f.message.sealed_size = 557056, f.data_size = 185686));
	REFUSED(f.message.sealed_size = UINT32_MAX);
	REFUSED(f.message.chunk_id.len = 31);
	REFUSED(f.message.chunk_id.len = 0);
	REFUSED(f.message.salt.len = 17);
	REFUSED(f.message.tag.len = 15);
	REFUSED(f.hashes[4].len = 33);
	REFUSED(f.index = 5);
	REFUSED(f.data_size = 2);
	REFUSED(f.data_size = 4);
	REFUSED(f.data_size = 0);
}

static void
siblings_are_of_one_stripe(void **state)
{
	struct fixture f;
	struct slice other;

	(void)state;
	fixture_init(&f, 3, 2);
	fixture_seal(&f, 500);
	assert_true(slice_is_sibling(&f.good[0], &f.good[4]));
	other = f.good[1];
	other.salt[3] ^= 1;
	assert_false(slice_is_sibling(&f.good[0], &other));
	other = f.good[1];
	other.sealed_size += 1;
	assert_false(slice_is_sibling(&f.good[0], &other));
	other = f.good[1];
	other.stripe_id[15] ^= 1;
	assert_false(slice_is_sibling(&f.good[0], &other));
	fixture_release(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slice_comes_back_as_written),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(K12_every_flipped_bit_is_found),
		cmocka_unit_test(impossible_descriptors_are_refused),
		cmocka_unit_test(siblings_are_of_one_stripe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
