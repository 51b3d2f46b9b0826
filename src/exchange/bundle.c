#include "exchange/bundle.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/compress.h"
#include "base/error.h"
#include "base/fs.h"
#include "seal/member.h"

/* ---- the file ---------------------------------------------------------------- */

static enum ouro_status
file_source(void *context, void *data, size_t size, size_t *got,
    struct ouro_error *err)
{
	struct ouro_bundle *bundle = context;
	enum ouro_status status = fs_read(bundle->file, bundle->position, data,
	    size, got, err);

	if (status == OURO_OK)
		bundle->position += *got;
	return status;
}

/* The frame of a number, at its offset. No key was changed on the way: a
 * bundle is never gone on with. */
static enum ouro_status
frame_at(struct ouro_bundle *bundle, uint64_t number, uint64_t offset,
    uint8_t *type, struct bytes *content, struct ouro_error *err)
{
	struct archive_place place = bundle->start;
	enum ouro_status status;

	place.number = number;
	place.offset = offset;
	bundle->position = offset;
	archive_reader_move(bundle->reader, &place);
	status = archive_read(bundle->reader, type, content, err);
	bytes_wipe(&place, sizeof(place));
	return status;
}

enum ouro_status
bundle_frame(struct ouro_bundle *bundle, const struct bundle_entry *entry,
    struct bytes *content, struct ouro_error *err)
{
	uint8_t type;
	enum ouro_status status = frame_at(bundle, entry->number, entry->offset,
	    &type, content, err);

	if (status == OURO_OK && type != entry->type)
		status = archive_refuse(bundle->reader,
		    "the index names another frame", err);
	return status;
}

/* ---- opening: every frame once --------------------------------------------------- */

/* What the walk over the file knows. */
struct opening {
	struct ouro_bundle *bundle;
	uint64_t number;	       /* of the frame */
	uint64_t objects;	       /* frames that are to be in the index */
	uint8_t last[BUNDLE_KEY_SIZE]; /* entry read last */
};

/* Entries ascend, over all frames. */
static enum ouro_status
index_check(struct opening *opening, struct bytes entries,
    struct ouro_error *err)
{
	struct ouro_bundle *bundle = opening->bundle;
	struct bundle_entry entry;

	if (entries.size == 0 || entries.size % BUNDLE_ENTRY_SIZE != 0 ||
	    entries.size / BUNDLE_ENTRY_SIZE > BUNDLE_INDEX_MAX)
		return archive_refuse(bundle->reader, "its index is malformed",
		    err);
	for (size_t at = 0; at < entries.size; at += BUNDLE_ENTRY_SIZE) {
		if (!bundle_entry_read(entries.data + at, &entry) ||
		    entry.number >= opening->objects ||
		    memcmp(entries.data + at, opening->last, BUNDLE_KEY_SIZE) <=
			0)
			return archive_refuse(bundle->reader,
			    "its index is out of order", err);
		memcpy(opening->last, entries.data + at, BUNDLE_KEY_SIZE);
		bundle->entry_count++;
	}
	return OURO_OK;
}

static enum ouro_status
block_add(struct opening *opening, struct bytes entries, struct ouro_error *err)
{
	struct ouro_bundle *bundle = opening->bundle;
	size_t count = bundle->block_count;
	struct bundle_block *block;

	/* Doubled at each power of two. */
	if ((count & (count - 1)) == 0) {
		struct bundle_block *grown = realloc(bundle->blocks,
		    (count == 0 ? 1 : 2 * count) * sizeof(*grown));

		if (grown == NULL)
			return error_memory(err);
		bundle->blocks = grown;
	}
	block = &bundle->blocks[bundle->block_count++];
	block->number = opening->number;
	block->offset = archive_offset(bundle->reader);
	memcpy(block->first, entries.data, BUNDLE_KEY_SIZE);
	return OURO_OK;
}

static enum ouro_status
frame_see(struct opening *opening, uint8_t type, struct bytes content,
    struct ouro_error *err)
{
	struct ouro_bundle *bundle = opening->bundle;
	enum ouro_status status;

	switch (type) {
	case BUNDLE_CONTENT:
	case BUNDLE_PAGE:
	case BUNDLE_CHUNK:
		if (bundle->block_count > 0)
			return archive_refuse(bundle->reader,
			    "an object lies behind the index", err);
		opening->objects++;
		return OURO_OK;
	case BUNDLE_INDEX:
		status = index_check(opening, content, err);
		return status == OURO_OK ? block_add(opening, content, err)
					 : status;
	case ARCHIVE_END:
		if (content.size != BUNDLE_END_SIZE ||
		    get_u64le(content.data) != bundle->block_count ||
		    get_u64le(content.data + 8) != bundle->entry_count ||
		    bundle->entry_count != opening->objects)
			return archive_refuse(bundle->reader,
			    "its index is not whole", err);
		return OURO_OK;
	default:
		return archive_refuse(bundle->reader,
		    "a frame is of no known type", err);
	}
}

/* OURO_END comes behind a last frame, which was looked at. */
static enum ouro_status
frames_check(struct ouro_bundle *bundle, struct ouro_error *err)
{
	struct opening opening = { .bundle = bundle };
	struct bytes content;
	uint8_t type;
	enum ouro_status status;

	do {
		status = archive_read(bundle->reader, &type, &content, err);
		if (status == OURO_OK)
			status = frame_see(&opening, type, content, err);
		opening.number++;
	} while (status == OURO_OK);
	return status == OURO_END ? OURO_OK : status;
}

static enum ouro_status
bundle_begin(struct ouro_bundle *bundle, struct ouro_error *err)
{
	struct archive_head head;
	uint8_t secret[KEY_SIZE];
	enum ouro_status status;

	status = archive_read_head(bundle->reader, &head, err);
	if (status == OURO_OK && head.kind != ARCHIVE_BUNDLE)
		status = error_set(err, OURO_INVALID,
		    "%s is no bundle, but an export of a vault",
		    fs_path(bundle->file));
	if (status == OURO_OK)
		status = archive_bundle_unlock(head.opener, bundle->seed,
		    secret, err);
	if (status == OURO_OK)
		status = archive_unlock(bundle->reader, secret, err);
	bytes_wipe(secret, sizeof(secret));
	if (status == OURO_OK)
		archive_here(bundle->reader, &bundle->start);
	return status;
}

static enum ouro_status
bundle_start(struct ouro_bundle *bundle, struct fs *fs, const char *file,
    struct ouro_error *err)
{
	enum ouro_status status = fs_open(fs, file, FS_READ, &bundle->file,
	    err);

	if (status == OURO_OK)
		status = archive_reader_new(file_source, bundle,
		    &bundle->reader, err);
	if (status == OURO_OK)
		status = compressor_new(&bundle->compressor, err);
	if (status == OURO_OK)
		status = bundle_begin(bundle, err);
	return status == OURO_OK ? frames_check(bundle, err) : status;
}

enum ouro_status
bundle_open(struct fs *fs, const char *file, const uint8_t seed[KEM_SEED_SIZE],
    struct ouro_bundle **out, struct ouro_error *err)
{
	struct ouro_bundle *bundle = calloc(1, sizeof(*bundle));
	enum ouro_status status;

	*out = NULL;
	if (bundle == NULL)
		return error_memory(err);
	memcpy(bundle->seed, seed, KEM_SEED_SIZE);
	status = bundle_start(bundle, fs, file, err);
	if (status != OURO_OK) {
		ouro_bundle_close(bundle);
		return status;
	}
	*out = bundle;
	return OURO_OK;
}

enum ouro_status
ouro_bundle_open(const char *file, const char *key_file, const char *passphrase,
    struct ouro_bundle **out, struct ouro_error *err)
{
	struct member_key key;
	enum ouro_status status;

	*out = NULL;
	status = member_key_read(fs_posix(), key_file, passphrase, &key, err);
	if (status == OURO_OK)
		status = bundle_open(fs_posix(), file, key.seed, out, err);
	member_key_wipe(&key);
	return status;
}

void
ouro_bundle_close(struct ouro_bundle *bundle)
{
	if (bundle == NULL)
		return;
	archive_reader_free(bundle->reader);
	fs_close(bundle->file);
	compressor_free(bundle->compressor);
	buffer_wipe(&bundle->clear);
	buffer_release(&bundle->block);
	free(bundle->blocks);
	bytes_wipe(bundle, sizeof(*bundle));
	free(bundle);
}

/* ---- looking up ---------------------------------------------------------------------- */

static enum ouro_status
block_load(struct ouro_bundle *bundle, size_t which, struct ouro_error *err)
{
	const struct bundle_block *block = &bundle->blocks[which];
	struct bytes entries;
	uint8_t type;
	enum ouro_status status;

	if (bundle->block_loaded == which + 1)
		return OURO_OK;
	bundle->block_loaded = 0;
	status = frame_at(bundle, block->number, block->offset, &type, &entries,
	    err);
	/* It was looked at when the file was opened. */
	if (status == OURO_OK &&
	    (type != BUNDLE_INDEX || entries.size % BUNDLE_ENTRY_SIZE != 0))
		status = archive_refuse(bundle->reader,
		    "its index is no more what it was", err);
	if (status == OURO_OK)
		status = buffer_set(&bundle->block, entries, err);
	if (status == OURO_OK)
		bundle->block_loaded = which + 1;
	return status;
}

/* The last block whose first key is not behind the key, or the first one. */
static size_t
block_choose(const struct ouro_bundle *bundle, const uint8_t *key)
{
	size_t low = 0, high = bundle->block_count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(bundle->blocks[middle].first, key,
			BUNDLE_KEY_SIZE) <= 0)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* The first entry of the loaded block that is not before the key. */
static size_t
entry_choose(const struct ouro_bundle *bundle, const uint8_t *key)
{
	size_t low = 0, high = bundle->block.size / BUNDLE_ENTRY_SIZE;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(bundle->block.data + middle * BUNDLE_ENTRY_SIZE, key,
			BUNDLE_KEY_SIZE) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

enum ouro_status
bundle_find(struct ouro_bundle *bundle, const struct bundle_entry *key,
    struct bundle_entry *out, struct ouro_error *err)
{
	uint8_t packed[BUNDLE_ENTRY_SIZE];
	size_t which, at;
	enum ouro_status status;

	bundle_entry_write(key, packed);
	if (bundle->block_count == 0)
		return error_plain(err, OURO_NOT_FOUND, "the bundle is empty");
	which = block_choose(bundle, packed);
	status = block_load(bundle, which, err);
	if (status != OURO_OK)
		return status;
	at = entry_choose(bundle, packed);
	if (at == bundle->block.size / BUNDLE_ENTRY_SIZE) {
		if (which + 1 == bundle->block_count)
			return error_plain(err, OURO_NOT_FOUND,
			    "the bundle has no more");
		status = block_load(bundle, which + 1, err);
		at = 0;
	}
	if (status == OURO_OK)
		bundle_entry_read(bundle->block.data + at * BUNDLE_ENTRY_SIZE,
		    out);
	return status;
}
