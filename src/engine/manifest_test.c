#include "engine/manifest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/fs_memory.h"
#include "crypt/crypt.h"

static const uint8_t key_one[KEY_SIZE] = { 1 }, key_two[KEY_SIZE] = { 2 };

static struct run_store
store_of(struct fs *fs, const uint8_t *seal_key, const char *name)
{
	return (struct run_store){ .fs = fs,
		.dir = "/m",
		.seal_key = seal_key,
		.name = name };
}

static struct fs *
fs_new(void)
{
	struct fs *fs = fs_memory_new(1);

	assert_non_null(fs);
	assert_int_equal(fs_mkdir(fs, "/m", NULL), OURO_OK);
	return fs;
}

static struct manifest
sample(void)
{
	static uint64_t runs[] = { 9, 3, 5 }, missing[] = { 2, 4 },
			dropped[] = { 7 };
	static struct manifest_segment segments[] = {
		{ 1, 2, 3, 4, 5, 6, 7, 8, 9 },
		{ 8, 9, 10, UINT64_MAX, 12, 13, 14, 15, 16 },
	};

	return (struct manifest){ .seed = 1,
		.sequence = 2,
		.durable = 3,
		.lost = 5,
		.runs = runs,
		.run_count = 3,
		.segments = segments,
		.segment_count = 2,
		.missing = { missing, 2, 2 },
		.dropped = { dropped, 1, 1 } };
}

static void
same_ids(const struct id_set *a, const struct id_set *b)
{
	assert_int_equal(a->count, b->count);
	if (a->count > 0)
		assert_memory_equal(a->ids, b->ids, a->count * 8);
}

static void
same(const struct manifest *a, const struct manifest *b)
{
	assert_true(a->seed == b->seed && a->sequence == b->sequence &&
	    a->durable == b->durable && a->lost == b->lost);
	assert_int_equal(a->run_count, b->run_count);
	if (a->run_count > 0)
		assert_memory_equal(a->runs, b->runs, a->run_count * 8);
	assert_int_equal(a->segment_count, b->segment_count);
	if (a->segment_count > 0)
		assert_memory_equal(a->segments, b->segments,
		    a->segment_count * sizeof *a->segments);
	same_ids(&a->missing, &b->missing);
	same_ids(&a->dropped, &b->dropped);
}

static void
empty(const struct manifest *manifest)
{
	static const struct manifest none;

	assert_memory_equal(manifest, &none, sizeof none);
}

static void
test_what_is_written_is_read(void **state)
{
	struct fs *fs = fs_new();

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct run_store store = store_of(fs, i & 1 ? key_one : NULL,
		    "records");
		struct manifest manifest = { 0 }, out;

		if (i & 2)
			manifest = sample();
		assert_int_equal(manifest_write(&store, &manifest, NULL),
		    OURO_OK);
		assert_int_equal(manifest_read(&store, &out, NULL), OURO_OK);
		same(&manifest, &out);
		manifest_release(&out);
		empty(&out);
	}
	fs_memory_free(fs);
}

static void
test_a_missing_one_is_told(void **state)
{
	struct fs *fs = fs_new();
	struct run_store store = store_of(fs, NULL, "");
	struct manifest out;

	(void)state;
	assert_int_equal(manifest_read(&store, &out, NULL), OURO_NOT_FOUND);
	empty(&out);
	fs_memory_free(fs);
}

static void
test_every_flipped_bit_is_damage(void **state)
{
	struct fs *fs = fs_new();

	(void)state;
	for (int sealed = 0; sealed < 2; sealed++) {
		struct run_store store = store_of(fs, sealed ? key_one : NULL,
		    "records");
		struct manifest manifest = sample(), out;
		struct fs_info info;

		assert_int_equal(manifest_write(&store, &manifest, NULL),
		    OURO_OK);
		assert_int_equal(fs_stat(fs, "/m/INDEX", &info, NULL), OURO_OK);
		for (uint64_t bit = 0; bit < 8 * info.size; bit++) {
			uint8_t mask = (uint8_t)(1u << bit % 8);

			fs_memory_flip(fs, "/m/INDEX", bit / 8, mask);
			assert_int_equal(manifest_read(&store, &out, NULL),
			    OURO_DAMAGED);
			empty(&out);
			fs_memory_flip(fs, "/m/INDEX", bit / 8, mask);
		}
		assert_int_equal(manifest_read(&store, &out, NULL), OURO_OK);
		manifest_release(&out);
	}
	fs_memory_free(fs);
}

static void
test_every_cut_is_damage(void **state)
{
	struct manifest manifest = sample(), out;
	struct buffer bytes = { 0 };

	(void)state;
	assert_int_equal(manifest_encode(&manifest, &bytes, NULL), OURO_OK);
	for (size_t size = 0; size < bytes.size; size++) {
		uint8_t *cut = malloc(size + 1);

		assert_non_null(cut);
		memcpy(cut, bytes.data, size);
		assert_int_equal(manifest_decode("x", bytes_of(cut, size), &out,
				     NULL),
		    OURO_DAMAGED);
		empty(&out);
		free(cut);
	}
	buffer_release(&bytes);
}

static void
test_the_key_and_the_name_bind(void **state)
{
	struct fs *fs = fs_new();
	struct run_store written = store_of(fs, key_one, "records");
	struct run_store others[] = { store_of(fs, key_two, "records"),
		store_of(fs, key_one, "copies"),
		store_of(fs, NULL, "records") };
	struct manifest manifest = sample(), out;

	(void)state;
	assert_int_equal(manifest_write(&written, &manifest, NULL), OURO_OK);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(manifest_read(&others[i], &out, NULL),
		    OURO_DAMAGED);
		empty(&out);
	}
	assert_int_equal(manifest_write(&others[2], &manifest, NULL), OURO_OK);
	assert_int_equal(manifest_read(&written, &out, NULL), OURO_DAMAGED);
	fs_memory_free(fs);
}

/* Whole, but not what anybody writes. */
static void
test_disorder_is_damage(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		struct manifest manifest = sample(), out;
		uint64_t twice[] = { 4, 4 };
		struct manifest_segment segments[] = { { .id = 2 },
			{ .id = 2 } };
		struct buffer bytes = { 0 };

		if (i == 0)
			manifest.missing.ids = twice;
		if (i == 1)
			manifest.dropped = (struct id_set){ twice, 2, 2 };
		if (i == 2)
			manifest.segments = segments;
		if (i == 3)
			manifest.durable = manifest.sequence - 1;
		assert_int_equal(manifest_encode(&manifest, &bytes, NULL),
		    OURO_OK);
		assert_int_equal(manifest_decode("x", buffer_bytes(&bytes),
				     &out, NULL),
		    OURO_DAMAGED);
		empty(&out);
		buffer_release(&bytes);
	}
}

static void
test_a_failed_write_leaves_the_old_one(void **state)
{
	struct fs *fs = fs_new();
	struct run_store store = store_of(fs, key_one, "records");
	struct manifest manifest = sample(), none = { 0 }, out;

	(void)state;
	assert_int_equal(manifest_write(&store, &manifest, NULL), OURO_OK);
	for (uint64_t nth = 1;; nth++) {
		struct fs_fault fault = { .call = FS_CALL_ANY, .nth = nth };
		enum ouro_status status;

		fs_memory_fault(fs, fault);
		status = manifest_write(&store, &none, NULL);
		if (status == OURO_OK)
			break;
		fs_memory_fault(fs, (struct fs_fault){ 0 });
		assert_int_equal(manifest_read(&store, &out, NULL), OURO_OK);
		/* The last call makes the new name durable. */
		if (out.run_count != 0)
			same(&manifest, &out);
		manifest_release(&out);
		assert_int_equal(manifest_write(&store, &manifest, NULL),
		    OURO_OK);
	}
	fs_memory_free(fs);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_written_is_read),
		cmocka_unit_test(test_a_missing_one_is_told),
		cmocka_unit_test(test_every_flipped_bit_is_damage),
		cmocka_unit_test(test_every_cut_is_damage),
		cmocka_unit_test(test_the_key_and_the_name_bind),
		cmocka_unit_test(test_disorder_is_damage),
		cmocka_unit_test(test_a_failed_write_leaves_the_old_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
