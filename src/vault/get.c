#include <stdlib.h>

#include "base/error.h"
#include "seal/canonical.h"
#include "vault/reach.h"
#include "vault/stream_read.h"
#include "vault/vault.h"

/* The content is pinned while it is open: a removal hides it at once, but
 * collection leaves what is being read. */
struct ouro_get {
	struct ouro_vault *vault;
	struct content content;
	struct stream_reader reader;
};

/* The content an id stands for: itself, or what that version points to. */
static enum ouro_status
get_target(struct ouro_vault *vault, const uint8_t id[OURO_ID_SIZE],
    uint8_t content[HASH_SIZE], struct ouro_error *err)
{
	char name[24];
	Ouro__RefRecord *ref;
	enum ouro_status status = reach_target(vault, id, content, &ref, err);

	if (status == OURO_OK && ref != NULL && ref->target.len == 0)
		status = error_set(err, OURO_NOT_FOUND,
		    "version %s is a deletion", id_short(id, name));
	if (ref != NULL)
		canonical_free(&ref->base);
	return status;
}

static enum ouro_status
get_record(struct ouro_get *get, const uint8_t id[OURO_ID_SIZE],
    const uint8_t content[HASH_SIZE], struct ouro_error *err)
{
	struct row_key key = row_id(ROW_CONTENT, content, HASH_SIZE);
	struct engine_value record = { 0 };
	uint8_t again[HASH_SIZE];
	char name[24];
	enum ouro_status status;

	status = set_get(get->vault, row_bytes(&key), &record, err);
	if (status == OURO_NOT_FOUND) {
		/* Removed just now, or lost? */
		status = get_target(get->vault, id, again, err);
		if (status == OURO_OK)
			status = error_set(err, OURO_DAMAGED,
			    "the content of %s is missing", id_short(id, name));
		return status;
	}
	if (status == OURO_OK)
		status = content_decode(get->vault, content, record.bytes,
		    &get->content, err);
	engine_value_release(&record);
	return status;
}

enum ouro_status
ouro_get_open(struct ouro_vault *vault, const uint8_t id[OURO_ID_SIZE],
    struct ouro_get **out, struct ouro_error *err)
{
	uint8_t content[HASH_SIZE];
	struct ouro_get *get = calloc(1, sizeof(*get));
	enum ouro_status status;

	if (get == NULL)
		return error_memory(err);
	get->vault = vault;
	status = get_target(vault, id, content, err);
	if (status == OURO_OK)
		status = pins_add(&vault->pins, content, err);
	if (status == OURO_OK) {
		status = get_record(get, id, content, err);
		if (status != OURO_OK)
			pins_drop(&vault->pins, content);
	}
	if (status != OURO_OK) {
		free(get);
		return status;
	}
	stream_reader_init(&get->reader, vault, &get->content.data);
	*out = get;
	return OURO_OK;
}

uint64_t
ouro_get_size(const struct ouro_get *get)
{
	return get->content.data.size;
}

enum ouro_status
ouro_get_read(struct ouro_get *get, void *data, size_t size, size_t *got,
    struct ouro_error *err)
{
	return stream_reader_read(&get->reader, data, size, got, err);
}

enum ouro_status
ouro_get_next(struct ouro_get *get, size_t most, const void **data,
    size_t *size, struct ouro_error *err)
{
	struct bytes part;
	enum ouro_status status = stream_reader_next(&get->reader, most, &part,
	    err);

	*data = part.data;
	*size = part.size;
	return status;
}

void
ouro_get_prefetch(struct ouro_get *get)
{
	stream_reader_prefetch(&get->reader);
}

enum ouro_status
ouro_get_seek(struct ouro_get *get, uint64_t position, struct ouro_error *err)
{
	(void)err;
	stream_reader_seek(&get->reader, position);
	return OURO_OK;
}

void
ouro_get_close(struct ouro_get *get)
{
	if (get == NULL)
		return;
	stream_reader_release(&get->reader);
	pins_drop(&get->vault->pins, get->content.id);
	content_release(&get->content);
	free(get);
}
