#include "seal/archive.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/error.h"
#include "crypt/hash.h"
#include "seal/archive_format.h"

/* A length counts only as far as there are bytes: memory grows in steps. */
#define STEP_SIZE (256u * 1024)

struct archive_reader {
	ouro_source *source;
	void *context;
	struct archive_seal seal;
	struct buffer header;
	struct buffer frame; /* what is sealed of it, then its content */
	uint64_t offset;     /* bytes taken from the source */
	uint64_t at;	     /* where the frame last read begins */
	bool ended;
};

enum ouro_status
archive_reader_new(ouro_source *source, void *context,
    struct archive_reader **out, struct ouro_error *err)
{
	struct archive_reader *reader = calloc(1, sizeof *reader);

	if (reader == NULL)
		return error_memory(err);
	reader->source = source;
	reader->context = context;
	*out = reader;
	return OURO_OK;
}

void
archive_reader_free(struct archive_reader *reader)
{
	if (reader == NULL)
		return;
	bytes_wipe(&reader->seal, sizeof reader->seal);
	buffer_release(&reader->header);
	buffer_wipe(&reader->frame);
	free(reader);
}

uint64_t
archive_offset(const struct archive_reader *reader)
{
	return reader->at;
}

enum ouro_status
archive_refuse(const struct archive_reader *reader, const char *what,
    struct ouro_error *err)
{
	return error_set(err, OURO_DAMAGED,
	    "the stream is damaged at byte %" PRIu64 ": %s", reader->at, what);
}

/* ---- the source ---------------------------------------------------------- */

/* Up to size bytes; less only at the end. */
static enum ouro_status
reader_fill(struct archive_reader *reader, uint8_t *data, size_t size,
    size_t *filled, struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	*filled = 0;
	while (status == OURO_OK && *filled < size) {
		size_t got = 0;

		status = reader->source(reader->context, data + *filled,
		    size - *filled, &got, err);
		if (status != OURO_OK || got == 0)
			break;
		if (got > size - *filled)
			return error_set(err, OURO_INVALID,
			    "the source gave %zu bytes of %zu", got,
			    size - *filled);
		*filled += got;
		reader->offset += got;
	}
	return status;
}

static enum ouro_status
reader_take(struct archive_reader *reader, uint8_t *data, size_t size,
    struct ouro_error *err)
{
	size_t filled;
	enum ouro_status status = reader_fill(reader, data, size, &filled, err);

	if (status == OURO_OK && filled < size)
		status = error_set(err, OURO_DAMAGED,
		    "the stream ends at byte %" PRIu64 ", before its end frame",
		    reader->offset);
	return status;
}

/* Appends size bytes. */
static enum ouro_status
reader_append(struct archive_reader *reader, struct buffer *out, size_t size,
    struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	while (status == OURO_OK && size > 0) {
		size_t part = size < STEP_SIZE ? size : STEP_SIZE;
		size_t before = out->size;

		status = buffer_resize(out, before + part, err);
		if (status == OURO_OK)
			status = reader_take(reader, out->data + before, part,
			    err);
		size -= part;
	}
	return status;
}

/* ---- the header ---------------------------------------------------------- */

static enum ouro_status
header_check(const uint8_t *header, struct ouro_error *err)
{
	uint32_t format = get_u32le(header + ARCHIVE_AT_FORMAT);
	uint32_t kind = get_u32le(header + ARCHIVE_AT_KIND);
	uint32_t size = get_u32le(header + ARCHIVE_AT_OPENER_N);

	if (format != ARCHIVE_FORMAT)
		return error_set(err, OURO_UNSUPPORTED,
		    "the stream has format %" PRIu32 "; this build knows %d",
		    format, ARCHIVE_FORMAT);
	if (kind != ARCHIVE_VAULT && kind != ARCHIVE_BUNDLE)
		return error_set(err, OURO_DAMAGED,
		    "the stream is damaged at byte %d: there is no kind "
		    "%" PRIu32,
		    ARCHIVE_AT_KIND, kind);
	if (size > ARCHIVE_OPENER_MAX)
		return error_set(err, OURO_DAMAGED,
		    "the stream is damaged at byte %d: what opens it has "
		    "%" PRIu32 " bytes",
		    ARCHIVE_AT_OPENER_N, size);
	return OURO_OK;
}

/* What is no stream at all is told before anything else is asked of it. */
static enum ouro_status
header_begin(struct archive_reader *reader, struct ouro_error *err)
{
	struct buffer *header = &reader->header;
	size_t filled = 0, magic = strlen(ARCHIVE_MAGIC);
	enum ouro_status status = buffer_resize(header, ARCHIVE_HEAD_SIZE, err);

	if (status == OURO_OK)
		status = reader_fill(reader, header->data, ARCHIVE_HEAD_SIZE,
		    &filled, err);
	if (status != OURO_OK)
		return status;
	if (filled == 0)
		return error_set(err, OURO_DAMAGED,
		    "the stream ends at byte 0: it is empty");
	if (memcmp(header->data, ARCHIVE_MAGIC,
		filled < magic ? filled : magic) != 0)
		return error_set(err, OURO_DAMAGED,
		    "at byte 0: this is no stream of OuroborosDB");
	if (filled < ARCHIVE_HEAD_SIZE)
		return error_set(err, OURO_DAMAGED,
		    "the stream ends at byte %zu, before its end frame",
		    filled);
	return header_check(header->data, err);
}

enum ouro_status
archive_read_head(struct archive_reader *reader, struct archive_head *head,
    struct ouro_error *err)
{
	struct buffer *header = &reader->header;
	enum ouro_status status = header_begin(reader, err);

	if (status == OURO_OK)
		status = reader_append(reader, header,
		    get_u32le(header->data + ARCHIVE_AT_OPENER_N), err);
	if (status == OURO_OK)
		status = hash_sha256(buffer_bytes(header),
		    reader->seal.header_hash, err);
	if (status != OURO_OK)
		return status;
	head->kind = (enum archive_kind)get_u32le(
	    header->data + ARCHIVE_AT_KIND);
	memcpy(head->vault_id, header->data + ARCHIVE_AT_VAULT, VAULT_ID_SIZE);
	head->opener = bytes_of(header->data + ARCHIVE_HEAD_SIZE,
	    header->size - ARCHIVE_HEAD_SIZE);
	return OURO_OK;
}

enum ouro_status
archive_unlock(struct archive_reader *reader, const uint8_t secret[KEY_SIZE],
    struct ouro_error *err)
{
	assert(reader->header.size >= ARCHIVE_HEAD_SIZE);
	return archive_key_next(&reader->seal, secret,
	    reader->header.data + ARCHIVE_AT_SALT, err);
}

/* ---- frames -------------------------------------------------------------- */

/* The length of the next frame, past any beginnings. */
static enum ouro_status
frame_begin(struct archive_reader *reader, uint32_t *n, struct ouro_error *err)
{
	uint8_t length[ARCHIVE_LENGTH], salt[ARCHIVE_SALT_SIZE];
	enum ouro_status status;

	for (;;) {
		uint64_t at = reader->offset;

		status = reader_take(reader, length, sizeof length, err);
		if (status != OURO_OK)
			return status;
		reader->at = at;
		*n = get_u32le(length);
		if (*n > ARCHIVE_FRAME_MAX)
			return archive_refuse(reader, "a frame is too long",
			    err);
		if (*n != 0)
			return OURO_OK;
		status = reader_take(reader, salt, sizeof salt, err);
		if (status == OURO_OK)
			status = archive_key_next(&reader->seal,
			    reader->seal.key, salt, err);
		if (status != OURO_OK)
			return status;
	}
}

/* Reads and opens n bytes into the frame. */
static enum ouro_status
frame_open(struct archive_reader *reader, uint32_t n, struct ouro_error *err)
{
	uint8_t nonce[NONCE_SIZE], additional[ARCHIVE_BOUND_SIZE];
	struct buffer *frame = &reader->frame;
	enum ouro_status status;

	frame->size = 0;
	status = reader_append(reader, frame, (size_t)n + TAG_SIZE, err);
	if (status != OURO_OK)
		return status;
	archive_bind(&reader->seal, n, nonce, additional);
	status = aead_open(reader->seal.key, nonce,
	    bytes_of(additional, sizeof additional), bytes_of(frame->data, n),
	    frame->data + n, frame->data, err);
	if (status == OURO_WRONG_KEY)
		status = archive_refuse(reader, "a frame's seal does not fit",
		    err);
	if (status == OURO_OK)
		reader->seal.number++;
	return status;
}

/* Nothing comes after the last frame. */
static enum ouro_status
stream_end(struct archive_reader *reader, struct ouro_error *err)
{
	uint8_t more;
	size_t filled;
	enum ouro_status status = reader_fill(reader, &more, 1, &filled, err);

	if (status == OURO_OK && filled > 0)
		status = error_set(err, OURO_DAMAGED,
		    "the stream is damaged at byte %" PRIu64
		    ": it goes on behind its end frame",
		    reader->offset - 1);
	if (status == OURO_OK)
		reader->ended = true;
	return status;
}

enum ouro_status
archive_read(struct archive_reader *reader, uint8_t *type,
    struct bytes *content, struct ouro_error *err)
{
	uint32_t n = 0;
	enum ouro_status status;

	if (reader->ended)
		return OURO_END;
	status = frame_begin(reader, &n, err);
	if (status == OURO_OK)
		status = frame_open(reader, n, err);
	if (status == OURO_OK && reader->frame.data[0] == ARCHIVE_END)
		status = stream_end(reader, err);
	if (status != OURO_OK)
		return status;
	*type = reader->frame.data[0];
	*content = bytes_of(reader->frame.data + 1, n - 1);
	return OURO_OK;
}

void
archive_here(const struct archive_reader *reader, struct archive_place *place)
{
	place->offset = reader->offset;
	place->number = reader->seal.number;
	memcpy(place->header_hash, reader->seal.header_hash, HASH_SIZE);
	memcpy(place->key, reader->seal.key, KEY_SIZE);
}

void
archive_reader_move(struct archive_reader *reader,
    const struct archive_place *place)
{
	reader->offset = place->offset;
	reader->ended = false;
	reader->seal.number = place->number;
	memcpy(reader->seal.header_hash, place->header_hash, HASH_SIZE);
	memcpy(reader->seal.key, place->key, KEY_SIZE);
}
