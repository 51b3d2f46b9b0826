#include "base/error.h"
#include "exchange/export.h"
#include "seal/carried.h"
#include "seal/derive.h"
#include "vault/record.h"

/* The id of what a frame brings; false when it brings nothing that counts. */
static bool
part_id(uint8_t type, struct bytes content, uint8_t id[HASH_SIZE])
{
	struct carried carried = { 0 };
	bool has;

	if (type != EXCHANGE_CHUNK) {
		has = content.size > HASH_SIZE;
		if (has)
			memcpy(id, content.data, HASH_SIZE);
		return has;
	}
	has = carried_decode(content, &carried, NULL) == OURO_OK;
	if (has)
		memcpy(id, carried.of.chunk_id, HASH_SIZE);
	carried_release(&carried);
	return has;
}

static enum ouro_status
part_note(struct export *export, uint8_t type, struct bytes content,
    struct ouro_error *err)
{
	uint8_t id[HASH_SIZE];
	bool added = false;
	enum ouro_status status;

	if (!part_id(type, content, id))
		return error_set(err, OURO_DAMAGED,
		    "a frame of the begun stream is not as it is to be");
	status = hash_set_add(&export->sent, id, &added, err);
	if (type == EXCHANGE_CHUNK)
		export->counts.chunks++;
	else if (type == EXCHANGE_PAGE)
		export->counts.pages++;
	else
		export->counts.contents++;
	return status;
}

/*
 * The frames after the scope. Versions and contexts are of one moment, which
 * is now another: whoever goes on goes back to where they begin.
 */
static enum ouro_status
parts_read(struct export *export, struct archive_reader *reader,
    struct export_begun *out, struct ouro_error *err)
{
	struct bytes content;
	bool over = false;
	uint8_t type;
	enum ouro_status status;

	while (
	    (status = archive_read(reader, &type, &content, err)) == OURO_OK) {
		if (type == ARCHIVE_END) {
			archive_here(reader, &out->place);
			out->complete = true;
		}
		over = over || type < EXCHANGE_CHUNK || type > EXCHANGE_CONTENT;
		if (over)
			continue;
		status = part_note(export, type, content, err);
		if (status != OURO_OK)
			break;
		archive_here(reader, &out->place);
	}
	return status == OURO_END || status == OURO_DAMAGED ? OURO_OK : status;
}

/* Nothing vouches for the header before the first frame has opened. */
static enum ouro_status
scope_read(struct export *export, struct archive_reader *reader,
    struct export_begun *out, struct ouro_error *err)
{
	struct buffer scope = { 0 };
	struct bytes content;
	uint8_t type;
	enum ouro_status status = archive_read(reader, &type, &content, err);

	if (status == OURO_OK)
		status = export_scope(export, &scope, err);
	if (status == OURO_OK &&
	    (type != EXCHANGE_SCOPE ||
		!bytes_equal(content, buffer_bytes(&scope))))
		status = error_set(err, OURO_REFUSED,
		    "the stream that was begun is of another part of the "
		    "vault");
	buffer_release(&scope);
	if (status != OURO_OK)
		return status;
	out->usable = true;
	archive_here(reader, &out->place);
	return parts_read(export, reader, out, err);
}

static enum ouro_status
begun_read(struct export *export, struct archive_reader *reader,
    struct bytes keyring, struct export_begun *out, struct ouro_error *err)
{
	struct ouro_vault *vault = export->vault;
	struct archive_head head;
	uint8_t secret[KEY_SIZE];
	enum ouro_status status = archive_read_head(reader, &head, err);

	if (status != OURO_OK)
		return status;
	if (head.kind != ARCHIVE_VAULT ||
	    memcmp(head.vault_id, keyring_vault_id(vault->keyring),
		VAULT_ID_SIZE) != 0)
		return error_set(err, OURO_REFUSED,
		    "the stream that was begun is not of this vault");
	/* Another keyring: what was sealed since could not be opened. */
	if (!bytes_equal(head.opener, keyring))
		return error_set(err, OURO_DAMAGED, "its keyring is another");
	status = derive_archive_key(keyring_id_key(vault->keyring), secret,
	    err);
	if (status == OURO_OK)
		status = archive_unlock(reader, secret, err);
	bytes_wipe(secret, sizeof(secret));
	return status == OURO_OK ? scope_read(export, reader, out, err)
				 : status;
}

enum ouro_status
export_begun_read(struct export *export, struct bytes keyring,
    struct export_begun *out, struct ouro_error *err)
{
	const struct ouro_export_options *options = export->options;
	struct archive_reader *reader;
	enum ouro_status status;

	*out = (struct export_begun){ 0 };
	status = archive_reader_new(options->begun, options->begun_context,
	    &reader, err);
	if (status != OURO_OK)
		return status;
	status = begun_read(export, reader, keyring, out, err);
	archive_reader_free(reader);
	if (status != OURO_DAMAGED)
		return status;
	/* Not even its beginning is whole. */
	*out = (struct export_begun){ 0 };
	return OURO_OK;
}
