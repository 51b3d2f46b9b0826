/*
 * A stream of any bytes, read under the archive key of the id key 00 to 1f:
 * what is told lies within the bytes, and the answer does not depend on how
 * they arrive.
 */
#include <stdlib.h>

#include "seal/archive.h"
#include "seal/derive.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct giving {
	struct bytes rest;
	size_t most; /* at once */
};

/* What reading came to. */
struct reading {
	enum ouro_status status;
	unsigned frames;
	size_t bytes; /* of their contents */
	uint64_t offset;
};

static enum ouro_status
give(void *context, void *data, size_t size, size_t *got,
    struct ouro_error *err)
{
	struct giving *giving = context;

	(void)err;
	if (size > giving->most)
		size = giving->most;
	*got = size < giving->rest.size ? size : giving->rest.size;
	if (*got > 0)
		memcpy(data, giving->rest.data, *got);
	giving->rest = bytes_of(giving->rest.data + *got,
	    giving->rest.size - *got);
	return OURO_OK;
}

static void
frames_read(struct archive_reader *reader, struct reading *out)
{
	struct bytes content;
	uint8_t type;

	while (out->status == OURO_OK) {
		out->status = archive_read(reader, &type, &content, NULL);
		out->offset = archive_offset(reader);
		if (out->status == OURO_OK) {
			out->frames++;
			out->bytes += content.size;
		}
	}
}

static struct reading
stream_read(struct bytes stream, size_t most)
{
	struct giving giving = { stream, most };
	struct reading out = { 0 };
	struct archive_reader *reader;
	struct archive_head head = { 0 };
	uint8_t id_key[KEY_SIZE], secret[KEY_SIZE];

	for (uint8_t i = 0; i < KEY_SIZE; i++)
		id_key[i] = i;
	if (archive_reader_new(give, &giving, &reader, NULL) != OURO_OK)
		return out;
	out.status = archive_read_head(reader, &head, NULL);
	if (out.status == OURO_OK)
		out.status = derive_archive_key(id_key, secret, NULL);
	if (out.status == OURO_OK)
		out.status = archive_unlock(reader, secret, NULL);
	if (out.status == OURO_OK)
		frames_read(reader, &out);
	archive_reader_free(reader);
	return out;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reading whole = stream_read(bytes_of(data, size), SIZE_MAX);
	struct reading parts = stream_read(bytes_of(data, size), 7);

	if (whole.status != parts.status || whole.frames != parts.frames ||
	    whole.bytes != parts.bytes || whole.offset != parts.offset)
		abort();
	if (whole.bytes > size || whole.offset > size)
		abort();
	if (whole.status != OURO_END && whole.status != OURO_DAMAGED &&
	    whole.status != OURO_UNSUPPORTED && whole.status != OURO_NO_MEMORY)
		abort();
	return 0;
}
