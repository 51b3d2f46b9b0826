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

/* id: what the caller asked for, which stands for that content. */
static enum ouro_status
get_make(struct ouro_vault *vault, const uint8_t id[OURO_ID_SIZE],
    const uint8_t content[HASH_SIZE], struct ouro_get **out,
    struct ouro_error *err)
{
	struct ouro_get *get = calloc(1, sizeof(*get));
	enum ouro_status status;

	if (get == NULL)
		return error_memory(err);
	get->vault = vault;
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

enum ouro_status
ouro_get_open(struct ouro_vault *vault, const uint8_t id[OURO_ID_SIZE],
    struct ouro_get **out, struct ouro_error *err)
{
	uint8_t content[HASH_SIZE];
	enum ouro_status status = get_target(vault, id, content, err);

	if (status == OURO_OK)
		status = get_make(vault, id, content, out, err);
	return status;
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

/* ---- whole contents ------------------------------------------------------------ */

/* All bytes and a NUL behind them into a buffer, whose content is replaced.
 * *size tells how many there are, also when they are too many. */
static enum ouro_status
whole_read(struct ouro_get *get, size_t most, struct buffer *out, size_t *size,
    struct ouro_error *err)
{
	uint64_t bytes = ouro_get_size(get);
	size_t got;
	enum ouro_status status;

	*size = bytes > SIZE_MAX ? SIZE_MAX : (size_t)bytes;
	if (bytes > most || bytes >= SIZE_MAX)
		return error_set(err, OURO_TOO_LARGE,
		    "the content has %llu bytes, more than %zu",
		    (unsigned long long)bytes, most);
	status = buffer_resize(out, (size_t)bytes + 1, err);
	for (size_t at = 0; status == OURO_OK && at < bytes; at += got) {
		status = ouro_get_read(get, out->data + at, (size_t)bytes - at,
		    &got, err);
		if (status == OURO_OK && got == 0)
			status = error_set(err, OURO_DAMAGED,
			    "the content ends after %zu of %llu bytes", at,
			    (unsigned long long)bytes);
	}
	if (status == OURO_OK)
		out->data[bytes] = 0;
	return status;
}

enum ouro_status
ouro_get_whole(struct ouro_vault *vault, const uint8_t id[OURO_ID_SIZE],
    size_t most, void **data, size_t *size, struct ouro_error *err)
{
	struct buffer whole = { 0 };
	struct ouro_get *get;
	enum ouro_status status = ouro_get_open(vault, id, &get, err);

	*data = NULL;
	*size = 0;
	if (status != OURO_OK)
		return status;
	status = whole_read(get, most, &whole, size, err);
	ouro_get_close(get);
	if (status == OURO_OK)
		*data = whole.data;
	else
		buffer_wipe(&whole);
	return status;
}

/* Pins what the ids stand for, so that all that was found can be read: then
 * *found are pinned. */
static enum ouro_status
targets_hold(struct ouro_vault *vault, const uint8_t (*ids)[HASH_SIZE],
    size_t count, uint8_t (*targets)[HASH_SIZE], size_t *found,
    struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	for (*found = 0; status == OURO_OK && *found < count; ++*found) {
		status = get_target(vault, ids[*found], targets[*found], err);
		if (status == OURO_OK)
			status = pins_add(&vault->pins, targets[*found], err);
		/* Was it collected between the two? */
		if (status == OURO_OK &&
		    !reach_has_record(vault, ROW_CONTENT, targets[*found])) {
			status = get_target(vault, ids[*found], targets[*found],
			    err);
			if (status != OURO_OK)
				pins_drop(&vault->pins, targets[*found]);
		}
		if (status != OURO_OK)
			break;
	}
	return status;
}

static enum ouro_status
target_show(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    const uint8_t target[HASH_SIZE], size_t most, struct buffer *buffer,
    size_t *size, struct ouro_error *err)
{
	struct ouro_get *get;
	enum ouro_status status = get_make(vault, id, target, &get, err);

	if (status != OURO_OK)
		return status;
	status = whole_read(get, most, buffer, size, err);
	ouro_get_close(get);
	return status;
}

enum ouro_status
ouro_get_batch(struct ouro_vault *vault, const uint8_t (*ids)[OURO_ID_SIZE],
    size_t count, size_t most, ouro_each_whole *each, void *context,
    size_t *missing, struct ouro_error *err)
{
	uint8_t(*targets)[HASH_SIZE] = calloc(count + 1, sizeof(*targets));
	struct buffer buffer = { 0 };
	size_t found = 0;
	bool more = true;
	enum ouro_status status;

	if (targets == NULL)
		return error_memory(err);
	status = targets_hold(vault, ids, count, targets, &found, err);
	if (status == OURO_NOT_FOUND && missing != NULL)
		*missing = found;
	for (size_t i = 0; status == OURO_OK && more && i < count; i++) {
		size_t size = 0;
		enum ouro_status read = target_show(vault, ids[i], targets[i],
		    most, &buffer, &size, NULL);

		more = each(context, i, read,
		    read == OURO_OK ? buffer.data : NULL, size);
	}
	for (size_t i = 0; i < found; i++)
		pins_drop(&vault->pins, targets[i]);
	free(targets);
	buffer_wipe(&buffer);
	return status;
}
