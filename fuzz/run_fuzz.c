/*
 * Any bytes as a file of the stored index: opening it, looking keys up,
 * walking both ways and verifying it must answer with statuses. The first
 * byte chooses: bit 0 a sealed store; bit 1 every page's check is made right
 * (and the page sealed) first. The rest is the file in pieces: how many
 * zeros (u16), how many bytes (u16), and those.
 */
#include <stdlib.h>

#include "base/fs_memory.h"
#include "engine/engine.h"
#include "engine/run_page.h"

#define PAGES_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t seal_key[KEY_SIZE] = { 1, 2, 3 };

/* Returns the number of pages. */
static size_t
pages_fill(const uint8_t *data, size_t size, uint8_t *file)
{
	size_t at = 0, end = (size_t)PAGES_MAX * RUN_PAGE;

	while (size >= 4) {
		size_t skip = get_u16le(data), length = get_u16le(data + 2);

		data += 4;
		size -= 4;
		at = skip > end - at ? end : at + skip;
		if (length > size)
			length = size;
		if (length > end - at)
			length = end - at;
		memcpy(file + at, data, length);
		at += length;
		data += length;
		size -= length;
	}
	return (at + RUN_PAGE - 1) / RUN_PAGE;
}

static void
checks_make(const struct run_store *store, uint8_t *file, size_t count)
{
	struct run_check check;

	if (run_check_init(&check, store, file, NULL) != OURO_OK)
		return;
	for (size_t i = 0; i < count; i++)
		(void)run_page_make(&check, i, file + i * RUN_PAGE, NULL);
	run_check_release(&check);
}

static void
status_check(enum ouro_status status)
{
	if (status != OURO_OK && status != OURO_DAMAGED &&
	    status != OURO_NOT_FOUND)
		abort();
}

static void
walk(struct run *run, struct bytes from, bool reverse)
{
	struct run_cursor cursor;

	run_cursor_init(&cursor, run);
	status_check(run_cursor_seek(&cursor, from, false, reverse, NULL));
	while (cursor.valid) {
		if (cursor.key.size > ENGINE_KEY_MAX)
			abort();
		status_check(run_cursor_next(&cursor, NULL));
	}
	run_cursor_release(&cursor);
}

static void
bad_ignore(void *context, const char *path, uint64_t offset, uint64_t size)
{
	(void)context;
	(void)path;
	(void)offset;
	(void)size;
}

static void
run_use(struct run *run, uint64_t seed)
{
	for (unsigned i = 0; i < 64; i++) {
		uint8_t key[16] = { 0 };
		struct bytes bytes = bytes_of(key, sizeof key);
		struct place place;

		put_u64be(key, i);
		status_check(
		    run_find(run, key_hash(seed, bytes), bytes, &place, NULL));
		status_check(
		    run_find(run, (uint64_t)i << 58 | i, bytes, &place, NULL));
		if (i % 16 == 0) {
			walk(run, bytes, false);
			walk(run, bytes, true);
		}
	}
	walk(run, bytes_of(NULL, 0), false);
	walk(run, bytes_of(NULL, 0), true);
	status_check(run_verify(run, bad_ignore, NULL, NULL));
}

static void
file_try(struct fs *fs, const struct run_store *store, struct bytes file)
{
	struct run *run;
	enum ouro_status status;

	if (fs_mkdir(fs, store->dir, NULL) != OURO_OK ||
	    fs_write_file(fs, "/store/index-00000001.run", file, NULL) !=
		OURO_OK)
		return;
	status = run_open(store, 1, &run, NULL);
	if (status == OURO_OK) {
		run_use(run, store->seed);
		run_unref(run);
	} else if (status != OURO_DAMAGED && status != OURO_UNSUPPORTED) {
		abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *file = calloc(PAGES_MAX, RUN_PAGE);
	struct fs *fs = fs_memory_new(1);
	struct run_store store = { .fs = fs, .dir = "/store", .name = "" };

	if (size > 0 && file != NULL && fs != NULL) {
		size_t count = pages_fill(data + 1, size - 1, file);

		store.seed = get_u64le(file + 40);
		store.seal_key = (data[0] & 1) != 0 ? seal_key : NULL;
		if ((data[0] & 2) != 0)
			checks_make(&store, file, count);
		file_try(fs, &store, bytes_of(file, count * RUN_PAGE));
	}
	fs_memory_free(fs);
	free(file);
	return 0;
}
