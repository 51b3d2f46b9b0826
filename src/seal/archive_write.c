#include "seal/archive.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/fs.h"
#include "crypt/hash.h"
#include "seal/archive_format.h"

struct archive_writer {
	ouro_sink *sink;
	void *context;
	struct archive_seal seal;
	struct buffer frame; /* as it goes out */
	uint64_t written;
};

static struct archive_writer *
writer_alloc(ouro_sink *sink, void *context)
{
	struct archive_writer *writer = calloc(1, sizeof *writer);

	if (writer != NULL) {
		writer->sink = sink;
		writer->context = context;
	}
	return writer;
}

void
archive_writer_free(struct archive_writer *writer)
{
	if (writer == NULL)
		return;
	bytes_wipe(&writer->seal, sizeof writer->seal);
	buffer_wipe(&writer->frame);
	free(writer);
}

/* Gives what lies in the frame to the sink. */
static enum ouro_status
writer_give(struct archive_writer *writer, struct ouro_error *err)
{
	enum ouro_status status = writer->sink(writer->context,
	    writer->frame.data, writer->frame.size, err);

	if (status == OURO_OK)
		writer->written += writer->frame.size;
	return status;
}

/* ---- beginning ----------------------------------------------------------- */

static enum ouro_status
header_make(struct fs *fs, const struct archive_head *head, struct buffer *out,
    struct ouro_error *err)
{
	enum ouro_status status = buffer_resize(out,
	    ARCHIVE_HEAD_SIZE + head->opener.size, err);

	if (status != OURO_OK)
		return status;
	memcpy(out->data, ARCHIVE_MAGIC, ARCHIVE_AT_FORMAT);
	put_u32le(out->data + ARCHIVE_AT_FORMAT, ARCHIVE_FORMAT);
	put_u32le(out->data + ARCHIVE_AT_KIND, (uint32_t)head->kind);
	memcpy(out->data + ARCHIVE_AT_VAULT, head->vault_id, VAULT_ID_SIZE);
	put_u32le(out->data + ARCHIVE_AT_OPENER_N, (uint32_t)head->opener.size);
	if (head->opener.size > 0)
		memcpy(out->data + ARCHIVE_HEAD_SIZE, head->opener.data,
		    head->opener.size);
	return fs_random(fs, out->data + ARCHIVE_AT_SALT, ARCHIVE_SALT_SIZE,
	    err);
}

static enum ouro_status
writer_begin(struct archive_writer *writer, struct fs *fs,
    const struct archive_head *head, const uint8_t secret[KEY_SIZE],
    struct ouro_error *err)
{
	struct buffer *header = &writer->frame;
	enum ouro_status status = header_make(fs, head, header, err);

	if (status == OURO_OK)
		status = hash_sha256(buffer_bytes(header),
		    writer->seal.header_hash, err);
	if (status == OURO_OK)
		status = archive_key_next(&writer->seal, secret,
		    header->data + ARCHIVE_AT_SALT, err);
	return status == OURO_OK ? writer_give(writer, err) : status;
}

enum ouro_status
archive_writer_new(struct fs *fs, const struct archive_head *head,
    const uint8_t secret[KEY_SIZE], ouro_sink *sink, void *context,
    struct archive_writer **out, struct ouro_error *err)
{
	struct archive_writer *writer;
	enum ouro_status status;

	if (head->opener.size > ARCHIVE_OPENER_MAX)
		return error_set(err, OURO_TOO_LARGE,
		    "what opens a stream has at most %u bytes",
		    ARCHIVE_OPENER_MAX);
	writer = writer_alloc(sink, context);
	if (writer == NULL)
		return error_memory(err);
	status = writer_begin(writer, fs, head, secret, err);
	if (status != OURO_OK) {
		archive_writer_free(writer);
		return status;
	}
	*out = writer;
	return OURO_OK;
}

/* The beginning goes out with a key that nobody has used. */
static enum ouro_status
writer_go_on(struct archive_writer *writer, struct fs *fs,
    struct ouro_error *err)
{
	struct buffer *frame = &writer->frame;
	enum ouro_status status = buffer_resize(frame,
	    ARCHIVE_LENGTH + ARCHIVE_SALT_SIZE, err);

	if (status != OURO_OK)
		return status;
	put_u32le(frame->data, 0);
	status = fs_random(fs, frame->data + ARCHIVE_LENGTH, ARCHIVE_SALT_SIZE,
	    err);
	if (status == OURO_OK)
		status = archive_key_next(&writer->seal, writer->seal.key,
		    frame->data + ARCHIVE_LENGTH, err);
	return status == OURO_OK ? writer_give(writer, err) : status;
}

enum ouro_status
archive_writer_at(struct fs *fs, const struct archive_place *place,
    ouro_sink *sink, void *context, struct archive_writer **out,
    struct ouro_error *err)
{
	struct archive_writer *writer = writer_alloc(sink, context);
	enum ouro_status status;

	if (writer == NULL)
		return error_memory(err);
	memcpy(writer->seal.header_hash, place->header_hash, HASH_SIZE);
	memcpy(writer->seal.key, place->key, KEY_SIZE);
	writer->seal.number = place->number;
	status = writer_go_on(writer, fs, err);
	if (status != OURO_OK) {
		archive_writer_free(writer);
		return status;
	}
	*out = writer;
	return OURO_OK;
}

/* ---- frames -------------------------------------------------------------- */

static enum ouro_status
frame_fill(struct archive_writer *writer, uint8_t type,
    const struct bytes *parts, size_t count, struct ouro_error *err)
{
	struct buffer *frame = &writer->frame;
	size_t n = 1;
	uint8_t *at;
	enum ouro_status status;

	for (size_t i = 0; i < count; i++) {
		if (parts[i].size > ARCHIVE_FRAME_MAX - n)
			return error_set(err, OURO_TOO_LARGE,
			    "a frame has at most %u bytes", ARCHIVE_FRAME_MAX);
		n += parts[i].size;
	}
	status = buffer_resize(frame, ARCHIVE_LENGTH + n + TAG_SIZE, err);
	if (status != OURO_OK)
		return status;
	at = frame->data + ARCHIVE_LENGTH;
	*at++ = type;
	for (size_t i = 0; i < count; i++) {
		if (parts[i].size > 0)
			memcpy(at, parts[i].data, parts[i].size);
		at += parts[i].size;
	}
	assert(at + TAG_SIZE == frame->data + frame->size);
	put_u32le(frame->data, (uint32_t)n);
	return OURO_OK;
}

enum ouro_status
archive_write(struct archive_writer *writer, uint8_t type,
    const struct bytes *parts, size_t count, struct ouro_error *err)
{
	uint8_t nonce[NONCE_SIZE], additional[ARCHIVE_BOUND_SIZE];
	enum ouro_status status = frame_fill(writer, type, parts, count, err);
	uint8_t *data = writer->frame.data;
	uint32_t n;

	if (status != OURO_OK)
		return status;
	n = get_u32le(data);
	archive_bind(&writer->seal, n, nonce, additional);
	status = aead_seal(writer->seal.key, nonce,
	    bytes_of(additional, sizeof additional),
	    bytes_of(data + ARCHIVE_LENGTH, n), data + ARCHIVE_LENGTH,
	    data + ARCHIVE_LENGTH + n, err);
	writer->seal.number++;
	return status == OURO_OK ? writer_give(writer, err) : status;
}

uint64_t
archive_written(const struct archive_writer *writer)
{
	return writer->written;
}
