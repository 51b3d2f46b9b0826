#include "vault/store_file.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/fs_memory.h"
#include "base/log.h"

#define DIR   "/store"
#define OLD   "what was there"
#define NEW   "what is there now, and longer"
#define FRAME 48 /* bytes around the content */

static const char *const paths[2] = { DIR "/keyring", DIR "/keyring.copy" };
static unsigned lines; /* logged */

static void
count_line(void *context, enum log_level level, const char *text)
{
	(void)context;
	assert_true(level >= LOG_WARNING);
	assert_non_null(strstr(text, "keyring"));
	lines++;
}

static const struct log counting = { .write = count_line };

static struct fs *
fs_with(const char *content)
{
	struct fs *fs = fs_memory_new(1);

	assert_non_null(fs);
	assert_int_equal(fs_mkdir(fs, DIR, NULL), OURO_OK);
	if (content != NULL)
		assert_int_equal(store_file_write(fs, DIR, STORE_FILE_KEYRING,
				     bytes_text(content), NULL),
		    OURO_OK);
	return fs;
}

static enum ouro_status
read_keyring(struct fs *fs, bool read_only, const char *expected)
{
	struct buffer content = { 0 };
	enum ouro_status status;

	status = store_file_read(fs, DIR, STORE_FILE_KEYRING, read_only,
	    &counting, &content, NULL);
	if (status == OURO_OK && expected != NULL)
		assert_true(
		    bytes_equal(buffer_bytes(&content), bytes_text(expected)));
	buffer_release(&content);
	return status;
}

static enum ouro_status
checked(struct fs *fs, bool copy)
{
	struct store_file_state state;

	store_file_check(fs, DIR, STORE_FILE_KEYRING, copy, NULL, &state);
	assert_int_equal(state.error.status, state.status);
	return state.status;
}

static void
cut(struct fs *fs, const char *path, uint64_t size)
{
	struct fs_file *file;

	assert_int_equal(fs_open(fs, path, FS_READ | FS_WRITE, &file, NULL),
	    OURO_OK);
	assert_int_equal(fs_truncate(file, size, NULL), OURO_OK);
	fs_close(file);
}

static void
what_was_written_is_read(void **unused)
{
	struct fs *fs = fs_with(NULL);
	struct buffer content = { 0 };

	(void)unused;
	assert_int_equal(read_keyring(fs, false, NULL), OURO_NOT_FOUND);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(store_file_write(fs, DIR, STORE_FILE_KEYRING,
				     bytes_text(i ? NEW : OLD), NULL),
		    OURO_OK);
		assert_int_equal(read_keyring(fs, true, i ? NEW : OLD),
		    OURO_OK);
		assert_int_equal(checked(fs, false), OURO_OK);
		assert_int_equal(checked(fs, true), OURO_OK);
	}
	assert_int_equal(store_file_read(fs, DIR, STORE_FILE_STORE, false, NULL,
			     &content, NULL),
	    OURO_NOT_FOUND);
	assert_int_equal(store_file_write(fs, DIR, STORE_FILE_STORE,
			     bytes_of(NULL, 0), NULL),
	    OURO_OK);
	assert_int_equal(store_file_read(fs, DIR, STORE_FILE_STORE, false, NULL,
			     &content, NULL),
	    OURO_OK);
	assert_int_equal(content.size, 0);
	fs_memory_free(fs);
}

/* The bytes of docs/FORMAT.md. */
static void
the_frame_is_the_documented_one(void **unused)
{
	static const uint8_t begin[] = { 'O', 'U', 'R', 'O', 'F', 'I', 'L', 'E',
		2, 0, 0, 0, 3, 0, 0, 0, 'a', 'b', 'c' };
	struct fs *fs = fs_with("abc");
	struct buffer frame = { 0 };

	(void)unused;
	assert_int_equal(fs_read_file(fs, paths[0], 4096, &frame, NULL),
	    OURO_OK);
	assert_int_equal(frame.size, FRAME + 3);
	assert_memory_equal(frame.data, begin, sizeof(begin));
	buffer_release(&frame);
	fs_memory_free(fs);
}

/* Damages one file in some way; it must be seen and healed. */
static void
check_heals(struct fs *fs, int damaged, enum ouro_status seen)
{
	unsigned before = lines;

	assert_int_equal(checked(fs, damaged == 1), seen);
	assert_int_equal(checked(fs, damaged == 0), OURO_OK);
	assert_int_equal(read_keyring(fs, true, OLD), OURO_OK);
	assert_int_equal(checked(fs, damaged == 1), seen);
	assert_int_equal(read_keyring(fs, false, OLD), OURO_OK);
	assert_int_equal(checked(fs, damaged == 1), OURO_OK);
	assert_true(lines > before);
}

static void
every_flipped_byte_is_seen_and_healed(void **unused)
{
	struct fs *fs = fs_with(OLD);
	size_t size = strlen(OLD) + FRAME;

	(void)unused;
	for (int i = 0; i < 2; i++)
		for (size_t at = 0; at < size; at++) {
			assert_int_equal(fs_memory_flip(fs, paths[i], at,
					     (uint8_t)(1u << at % 8)),
			    OURO_OK);
			check_heals(fs, i, OURO_DAMAGED);
		}
	fs_memory_free(fs);
}

static void
every_truncation_is_seen_and_healed(void **unused)
{
	struct fs *fs = fs_with(OLD);
	size_t size = strlen(OLD) + FRAME;

	(void)unused;
	for (int i = 0; i < 2; i++)
		for (size_t to = 0; to <= size + 3; to++) {
			if (to == size)
				continue;
			cut(fs, paths[i], to);
			check_heals(fs, i, OURO_DAMAGED);
		}
	fs_memory_free(fs);
}

static void
a_missing_file_is_made_again(void **unused)
{
	struct fs *fs = fs_with(OLD);

	(void)unused;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(fs_unlink(fs, paths[i], NULL), OURO_OK);
		check_heals(fs, i, OURO_NOT_FOUND);
	}
	fs_memory_free(fs);
}

static void
the_first_wins_when_both_are_whole(void **unused)
{
	struct fs *fs = fs_with(OLD);
	struct buffer old = { 0 };

	(void)unused;
	assert_int_equal(fs_read_file(fs, paths[1], 4096, &old, NULL), OURO_OK);
	assert_int_equal(store_file_write(fs, DIR, STORE_FILE_KEYRING,
			     bytes_text(NEW), NULL),
	    OURO_OK);
	assert_int_equal(fs_write_file(fs, paths[1], buffer_bytes(&old), NULL),
	    OURO_OK);
	assert_int_equal(read_keyring(fs, true, NEW), OURO_OK);
	assert_int_equal(read_keyring(fs, false, NEW), OURO_OK);
	assert_int_equal(fs_unlink(fs, paths[0], NULL), OURO_OK);
	assert_int_equal(read_keyring(fs, true, NEW), OURO_OK);
	buffer_release(&old);
	fs_memory_free(fs);
}

static void
a_file_of_another_kind_is_refused(void **unused)
{
	struct fs *fs = fs_with(OLD);
	struct buffer content = { 0 };

	(void)unused;
	assert_int_equal(fs_rename(fs, paths[0], DIR "/OUROBOROS", NULL),
	    OURO_OK);
	assert_int_equal(fs_rename(fs, paths[1], DIR "/OUROBOROS.copy", NULL),
	    OURO_OK);
	assert_int_equal(store_file_read(fs, DIR, STORE_FILE_STORE, false, NULL,
			     &content, NULL),
	    OURO_DAMAGED);
	buffer_release(&content);
	fs_memory_free(fs);
}

static void
two_damaged_files_are_named(void **unused)
{
	struct fs *fs = fs_with(OLD);
	struct buffer content = { 0 };
	struct ouro_error error;

	(void)unused;
	assert_int_equal(fs_memory_flip(fs, paths[0], 20, 1), OURO_OK);
	cut(fs, paths[1], 20);
	assert_int_equal(store_file_read(fs, DIR, STORE_FILE_KEYRING, false,
			     NULL, &content, &error),
	    OURO_DAMAGED);
	assert_non_null(strstr(error.text, "keyring is damaged"));
	assert_non_null(strstr(error.text, "keyring.copy is damaged"));
	assert_int_equal(fs_unlink(fs, paths[1], NULL), OURO_OK);
	assert_int_equal(read_keyring(fs, false, NULL), OURO_DAMAGED);
	buffer_release(&content);
	fs_memory_free(fs);
}

/* ---- failing calls -------------------------------------------------------- */

static void
a_failed_write_leaves_what_was_there(void **unused)
{
	uint64_t n = 1;
	enum ouro_status status = OURO_IO;

	(void)unused;
	for (; status != OURO_OK; n++) {
		struct fs *fs = fs_with(OLD);

		fs_memory_fault(fs,
		    (struct fs_fault){ .call = FS_CALL_ANY,
			.nth = n,
			.errnum = EIO,
			.short_write = true });
		status = store_file_write(fs, DIR, STORE_FILE_KEYRING,
		    bytes_text(NEW), NULL);
		fs_memory_fault(fs, (struct fs_fault){ 0 });
		/* A failed look at the old content does not stop the writing. */
		assert_int_equal(read_keyring(fs, false,
				     status == OURO_OK ? NEW : OLD),
		    OURO_OK);
		if (status == OURO_OK && n <= 2)
			status = OURO_IO;
		fs_memory_free(fs);
	}
	assert_true(n > 8);
}

static void
a_failed_first_write_leaves_nothing(void **unused)
{
	enum ouro_status status = OURO_IO;

	(void)unused;
	for (uint64_t n = 2; status != OURO_OK; n++) {
		struct fs *fs = fs_with(NULL);

		fs_memory_fault(fs,
		    (struct fs_fault){ .call = FS_CALL_ANY,
			.nth = n,
			.errnum = ENOSPC });
		status = store_file_write(fs, DIR, STORE_FILE_KEYRING,
		    bytes_text(NEW), NULL);
		fs_memory_fault(fs, (struct fs_fault){ 0 });
		assert_int_equal(read_keyring(fs, false, NEW),
		    status == OURO_OK ? OURO_OK : OURO_NOT_FOUND);
		fs_memory_free(fs);
	}
}

/* On a disk that fails for good, one of the two contents is still read. */
static void
a_dying_disk_leaves_one_of_both(void **unused)
{
	enum ouro_status status = OURO_IO;

	(void)unused;
	for (uint64_t n = 1; status != OURO_OK; n++) {
		struct fs *fs = fs_with(OLD);

		fs_memory_fault(fs,
		    (struct fs_fault){ .call = FS_CALL_ANY,
			.nth = n,
			.errnum = EIO,
			.for_ever = true });
		status = store_file_write(fs, DIR, STORE_FILE_KEYRING,
		    bytes_text(NEW), NULL);
		fs_memory_fault(fs, (struct fs_fault){ 0 });
		assert_int_equal(read_keyring(fs, false, NULL), OURO_OK);
		fs_memory_free(fs);
	}
}

static void
reading_survives_one_failed_call(void **unused)
{
	(void)unused;
	for (uint64_t n = 1; n < 30; n++) {
		struct fs *fs = fs_with(OLD);

		assert_int_equal(fs_memory_flip(fs, paths[n % 2], 3, 1),
		    OURO_OK);
		fs_memory_fault(fs,
		    (struct fs_fault){ .call = FS_CALL_WRITE,
			.nth = n,
			.errnum = ENOSPC });
		assert_int_equal(read_keyring(fs, false, OLD), OURO_OK);
		fs_memory_fault(fs, (struct fs_fault){ 0 });
		assert_int_equal(read_keyring(fs, false, OLD), OURO_OK);
		assert_int_equal(checked(fs, n % 2 == 1), OURO_OK);

		fs_memory_fault(fs,
		    (struct fs_fault){ .call = FS_CALL_READ,
			.nth = 1 + n % 2,
			.errnum = EIO });
		assert_int_equal(read_keyring(fs, false, OLD), OURO_OK);
		fs_memory_free(fs);
	}
}

/* ---- files that cannot be read --------------------------------------------- */

/* The newer content in the one, the older in the other. */
static struct fs *
fs_with_newer(bool copy)
{
	struct fs *fs = fs_with(copy ? NEW : OLD);
	struct buffer frame = { 0 };

	assert_int_equal(fs_read_file(fs, paths[1], SIZE_MAX, &frame, NULL),
	    OURO_OK);
	assert_int_equal(store_file_write(fs, DIR, STORE_FILE_KEYRING,
			     bytes_text(copy ? OLD : NEW), NULL),
	    OURO_OK);
	assert_int_equal(fs_write_file(fs, paths[1], buffer_bytes(&frame),
			     NULL),
	    OURO_OK);
	buffer_release(&frame);
	return fs;
}

static void
reads_fail(struct fs *fs, const char *path, bool for_ever)
{
	fs_memory_fault(fs,
	    (struct fs_fault){ .call = FS_CALL_OPEN,
		.nth = path != NULL,
		.errnum = EIO,
		.for_ever = for_ever,
		.path = path });
}

static enum ouro_status
judge(void *context, struct bytes content, uint64_t *rank,
    struct ouro_error *err)
{
	(void)context;
	(void)err;
	*rank = bytes_equal(content, bytes_text(NEW)) ? 2 : 1;
	return OURO_OK;
}

static enum ouro_status
choose(struct fs *fs, const char *expected)
{
	struct store_file_choice choice = { .fs = fs,
		.dir = DIR,
		.kind = STORE_FILE_KEYRING,
		.log = &counting,
		.judge = judge };
	struct buffer content = { 0 };
	enum ouro_status status = store_file_choose(&choice, &content, NULL);

	if (status == OURO_OK)
		assert_true(
		    bytes_equal(buffer_bytes(&content), bytes_text(expected)));
	buffer_release(&content);
	return status;
}

/* It is the only one with the newer content, and is there when it can be read
 * again. */
static void
a_newer_file_outlives_a_failing_disk(void **unused)
{
	(void)unused;
	for (int copy = 0; copy < 2; copy++) {
		struct fs *fs = fs_with_newer(copy);

		lines = 0;
		reads_fail(fs, paths[copy], true);
		assert_int_equal(choose(fs, OLD), OURO_OK);
		assert_int_equal(lines, 1);
		reads_fail(fs, NULL, false);
		assert_int_equal(choose(fs, NEW), OURO_OK);
		assert_int_equal(checked(fs, false), OURO_OK);
		fs_memory_free(fs);
	}
}

/* The second look reads it. */
static void
a_failure_in_passing_decides_nothing(void **unused)
{
	(void)unused;
	for (int copy = 0; copy < 2; copy++) {
		struct fs *fs = fs_with_newer(copy);

		reads_fail(fs, paths[copy], false);
		assert_int_equal(choose(fs, NEW), OURO_OK);
		fs_memory_free(fs);
	}
}

/* Neither is taken for lost while one might be read later. */
static void
an_unread_file_is_not_a_damaged_one(void **unused)
{
	(void)unused;
	for (int copy = 0; copy < 2; copy++) {
		struct fs *fs = fs_with(OLD);

		assert_int_equal(fs_memory_flip(fs, paths[1 - copy], 20, 1),
		    OURO_OK);
		reads_fail(fs, paths[copy], true);
		assert_int_equal(read_keyring(fs, false, NULL), OURO_IO);
		reads_fail(fs, NULL, false);
		assert_int_equal(read_keyring(fs, false, OLD), OURO_OK);
		assert_int_equal(checked(fs, copy == 0), OURO_OK);
		fs_memory_free(fs);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(the_frame_is_the_documented_one),
		cmocka_unit_test(every_flipped_byte_is_seen_and_healed),
		cmocka_unit_test(every_truncation_is_seen_and_healed),
		cmocka_unit_test(a_missing_file_is_made_again),
		cmocka_unit_test(the_first_wins_when_both_are_whole),
		cmocka_unit_test(a_file_of_another_kind_is_refused),
		cmocka_unit_test(two_damaged_files_are_named),
		cmocka_unit_test(a_failed_write_leaves_what_was_there),
		cmocka_unit_test(a_failed_first_write_leaves_nothing),
		cmocka_unit_test(a_dying_disk_leaves_one_of_both),
		cmocka_unit_test(reading_survives_one_failed_call),
		cmocka_unit_test(a_newer_file_outlives_a_failing_disk),
		cmocka_unit_test(a_failure_in_passing_decides_nothing),
		cmocka_unit_test(an_unread_file_is_not_a_damaged_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
