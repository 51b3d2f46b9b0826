/* What is made of the calls, and who makes them at once. */
#include "base/fs.h"

#include <pthread.h>

#include "base/test_fs.h"

/* ---- time and randomness ---------------------------------------------- */

static void
clocks_run_forward(void **state)
{
	struct place *place = *state;
	uint64_t before = fs_monotonic_ns(place->fs), after;

	for (int i = 0; i < 100; i++) {
		after = fs_monotonic_ns(place->fs);
		assert_true(after >= before);
		before = after;
	}
	assert_true(fs_wall_ms(place->fs) > UINT64_C(1700000000000));
}

static void
random_fills_all(void **state)
{
	struct place *place = *state;
	uint8_t a[1000] = { 0 }, b[1000] = { 0 };
	size_t zeros = 0;

	assert_int_equal(fs_random(place->fs, a, 999, NULL), OURO_OK);
	assert_int_equal(fs_random(place->fs, b, 999, NULL), OURO_OK);
	assert_memory_not_equal(a, b, 999);
	for (size_t i = 0; i < 999; i++)
		zeros += a[i] == 0;
	assert_true(zeros < 50);
	assert_int_equal(a[999], 0);
}

/* ---- helpers ---------------------------------------------------------- */

static void
whole_files_are_read_and_written(void **state)
{
	struct place *place = *state;
	struct listing listing = { 0 };
	struct buffer buffer = { 0 };

	assert_int_equal(fs_read_file(place->fs, at(place, "a"), 10, &buffer,
			     NULL),
	    OURO_NOT_FOUND);
	assert_int_equal(fs_write_file(place->fs, at(place, "a"),
			     bytes_text("first"), NULL),
	    OURO_OK);
	assert_int_equal(fs_write_file(place->fs, at(place, "a"),
			     bytes_text("second"), NULL),
	    OURO_OK);
	assert_int_equal(fs_read_file(place->fs, at(place, "a"), 5, &buffer,
			     NULL),
	    OURO_TOO_LARGE);
	assert_int_equal(fs_read_file(place->fs, at(place, "a"), 6, &buffer,
			     NULL),
	    OURO_OK);
	assert_true(bytes_equal(buffer_bytes(&buffer), bytes_text("second")));
	assert_int_equal(fs_write_file(place->fs, at(place, "a"),
			     bytes_of(NULL, 0), NULL),
	    OURO_OK);
	assert_int_equal(fs_read_file(place->fs, at(place, "a"), 6, &buffer,
			     NULL),
	    OURO_OK);
	assert_int_equal(buffer.size, 0);
	buffer_release(&buffer);
	assert_int_equal(fs_mkdir(place->fs, at(place, "d"), NULL), OURO_OK);
	assert_int_equal(fs_write_file(place->fs, at(place, "d"),
			     bytes_text("x"), NULL),
	    OURO_IO);
	assert_int_equal(fs_write_file(place->fs, at(place, "none/d"),
			     bytes_text("x"), NULL),
	    OURO_NOT_FOUND);
	assert_int_equal(fs_list(place->fs, place->dir, listing_add, &listing,
			     NULL),
	    OURO_OK);
	assert_string_equal(listing.text, "a d ");
}

static void
files_are_created_once(void **state)
{
	struct place *place = *state;
	struct listing listing = { 0 };
	struct buffer buffer = { 0 };

	assert_int_equal(fs_create_file(place->fs, at(place, "a"),
			     bytes_text("first"), NULL),
	    OURO_OK);
	assert_int_equal(fs_create_file(place->fs, at(place, "a"),
			     bytes_text("second"), NULL),
	    OURO_EXISTS);
	assert_int_equal(fs_read_file(place->fs, at(place, "a"), 9, &buffer,
			     NULL),
	    OURO_OK);
	assert_true(bytes_equal(buffer_bytes(&buffer), bytes_text("first")));
	buffer_release(&buffer);
	assert_int_equal(fs_create_file(place->fs, at(place, "none/a"),
			     bytes_text("x"), NULL),
	    OURO_NOT_FOUND);
	assert_int_equal(fs_list(place->fs, place->dir, listing_add, &listing,
			     NULL),
	    OURO_OK);
	assert_string_equal(listing.text, "a ");
}

static void
leftovers_are_known_by_their_names(void **state)
{
	(void)state;
	assert_true(fs_name_is_leftover("keyring.0123456789abcdef.tmp"));
	assert_true(fs_name_is_leftover("a.b.ffffffffffffffff.tmp"));
	assert_false(fs_name_is_leftover(".0123456789abcdef.tmp"));
	assert_false(fs_name_is_leftover("a.0123456789abcde.tmp"));
	assert_false(fs_name_is_leftover("a.0123456789abcdeF.tmp"));
	assert_false(fs_name_is_leftover("a.0123456789abcdef0.tmp"));
	assert_false(fs_name_is_leftover("a.0123456789abcdef.tmp2"));
	assert_false(fs_name_is_leftover("a0123456789abcdef0.tmp"));
	assert_false(fs_name_is_leftover("a.tmp"));
	assert_false(fs_name_is_leftover(""));
}

static void
join_puts_one_slash(void **state)
{
	char out[FS_PATH_MAX], *name = malloc(FS_PATH_MAX);

	(void)state;
	assert_int_equal(fs_join(out, "a", "b", NULL), OURO_OK);
	assert_string_equal(out, "a/b");
	assert_int_equal(fs_join(out, "/", "b", NULL), OURO_OK);
	assert_string_equal(out, "/b");
	assert_int_equal(fs_join(out, "", "b", NULL), OURO_OK);
	assert_string_equal(out, "b");
	memset(name, 'n', FS_PATH_MAX);
	name[FS_PATH_MAX - 3] = '\0';
	assert_int_equal(fs_join(out, "d", name, NULL), OURO_OK);
	assert_int_equal(fs_join(out, "dd", name, NULL), OURO_TOO_LARGE);
	free(name);
}

/* ---- threads ---------------------------------------------------------- */

#define THREADS 4
#define ROUNDS	50

struct worker {
	struct place *place;
	struct fs_file *shared;
	unsigned number;
	bool failed;
};

static void *
worker_run(void *context)
{
	struct worker *worker = context;
	struct fs *fs = worker->place->fs;
	char own[96], other[128], data[8] = "";
	struct bytes part = bytes_of(data, sizeof(data));
	struct fs_file *file;
	size_t got;

	snprintf(own, sizeof(own), "%s/%u", worker->place->dir, worker->number);
	snprintf(other, sizeof(other), "%s.moved", own);
	for (uint64_t i = 0; i < ROUNDS; i++) {
		uint64_t offset = (i * THREADS + worker->number) * sizeof(data);

		snprintf(data, sizeof(data), "%u:%04u", worker->number & 7u,
		    (unsigned)i & 0xfffu);
		worker->failed |= fs_write(worker->shared, offset, &part, 1,
				      NULL) != OURO_OK;
		worker->failed |= fs_read(worker->shared, offset, data,
				      sizeof(data), &got, NULL) != OURO_OK ||
		    got != sizeof(data);
		worker->failed |= fs_open(fs, own, MAKE, &file, NULL) !=
		    OURO_OK;
		fs_close(file);
		worker->failed |= fs_rename(fs, own, other, NULL) != OURO_OK;
		worker->failed |= fs_unlink(fs, other, NULL) != OURO_OK;
		worker->failed |= fs_sync(worker->shared, NULL) != OURO_OK;
	}
	return NULL;
}

static void
threads_share_a_file(void **state)
{
	struct place *place = *state;
	struct fs_file *shared = opened(place, "shared", MAKE);
	struct worker workers[THREADS];
	pthread_t threads[THREADS];

	for (unsigned i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){ place, shared, i, false };
		assert_int_equal(pthread_create(&threads[i], NULL, worker_run,
				     &workers[i]),
		    0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_false(workers[i].failed);
	}
	assert_size(shared, (uint64_t)THREADS * ROUNDS * 8);
	for (unsigned i = 0; i < THREADS; i++) {
		char text[8];

		snprintf(text, sizeof(text), "%u:0049", i);
		assert_text(shared, ((ROUNDS - 1) * THREADS + i) * 8, text);
	}
	fs_close(shared);
}

#define SUITE(setup) \
	TEST(setup, clocks_run_forward), TEST(setup, random_fills_all), \
	    TEST(setup, whole_files_are_read_and_written), \
	    TEST(setup, files_are_created_once), \
	    TEST(setup, leftovers_are_known_by_their_names), \
	    TEST(setup, join_puts_one_slash), \
	    TEST(setup, threads_share_a_file)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SUITE(posix),
		SUITE(memory),
		SUITE(crash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
