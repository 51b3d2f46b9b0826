/*
 * Frames of a bundle by somebody who knows its key: each type u8, length u16
 * (little-endian) and that many bytes, sealed as they are, so that the fuzzer
 * reaches what lies behind the seals. What opens is listed and read to the
 * end, or refused.
 */
#include <stdlib.h>

#include "base/fs_memory.h"
#include "exchange/bundle.h"

#define FILE_NAME  "/bundle"
#define FRAMES_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t seed[KEM_SEED_SIZE], public_key[KEM_PUBLIC_SIZE];

static enum ouro_status
append(void *context, const void *data, size_t size, struct ouro_error *err)
{
	return buffer_append(context, bytes_of(data, size), err);
}

/* Nothing can be read: no key of a content is known. */
static enum ouro_status
never(void *context, const void *data, size_t size, struct ouro_error *err)
{
	(void)context;
	(void)data;
	(void)size;
	(void)err;
	abort();
}

static bool
never_listed(void *context, const struct ouro_bundle_item *item)
{
	(void)context;
	(void)item;
	abort();
}

static void
frames_write(struct archive_writer *out, struct bytes input)
{
	for (int i = 0; i < FRAMES_MAX && input.size >= 3; i++) {
		size_t length = get_u16le(input.data + 1);
		struct bytes frame;

		if (length > input.size - 3)
			length = input.size - 3;
		frame = bytes_of(input.data + 3, length);
		if (archive_write(out, input.data[0], &frame, 1, NULL) !=
		    OURO_OK)
			abort();
		input = bytes_of(input.data + 3 + length,
		    input.size - 3 - length);
	}
}

static bool
bundle_make(struct fs *fs, struct bytes input, struct buffer *file)
{
	uint8_t secret[KEY_SIZE], opener[ARCHIVE_BUNDLE_SIZE];
	struct archive_head head = { .kind = ARCHIVE_BUNDLE,
		.opener = bytes_of(opener, sizeof(opener)) };
	struct archive_writer *out;

	if (archive_bundle_lock(fs, public_key, secret, opener, NULL) !=
		OURO_OK ||
	    archive_writer_new(fs, &head, secret, append, file, &out, NULL) !=
		OURO_OK)
		return false;
	frames_write(out, input);
	archive_writer_free(out);
	return fs_write_file(fs, FILE_NAME, buffer_bytes(file), NULL) ==
	    OURO_OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fs *fs = fs_memory_new(3);
	struct ouro_bundle *bundle = NULL;
	struct buffer file = { 0 };
	uint8_t id[HASH_SIZE] = { 0 };

	if (fs == NULL || kem_public(seed, public_key, NULL) != OURO_OK)
		return 0;
	if (bundle_make(fs, bytes_of(data, size), &file) &&
	    bundle_open(fs, FILE_NAME, seed, &bundle, NULL) == OURO_OK) {
		ouro_bundle_list(bundle, never_listed, NULL, NULL);
		if (size >= 4 + HASH_SIZE)
			memcpy(id, data + 3, HASH_SIZE);
		ouro_bundle_read(bundle, id, never, NULL, NULL);
	}
	ouro_bundle_close(bundle);
	buffer_release(&file);
	fs_memory_free(fs);
	return 0;
}
