#include "vault/epoch.h"

#include <inttypes.h>

#include "base/error.h"
#include "vault/vault.h"

#define NOTE_SIZE 4

static struct row_key
note_key(void)
{
	return row_id(ROW_STATE, "epoch", 5);
}

/* 0 when there is none, or none of a form we know. */
static enum ouro_status
note_read(struct engine *engine, uint32_t *epoch, struct ouro_error *err)
{
	struct row_key key = note_key();
	struct engine_value value = { 0 };
	enum ouro_status status;

	*epoch = 0;
	if (engine == NULL)
		return OURO_OK;
	status = engine_get(engine, row_bytes(&key), &value, err);
	if (status == OURO_OK && value.bytes.size == NOTE_SIZE)
		*epoch = get_u32le(value.bytes.data);
	engine_value_release(&value);
	return status == OURO_NOT_FOUND || status == OURO_DAMAGED ? OURO_OK
								  : status;
}

static enum ouro_status
note_write(struct engine *engine, uint32_t epoch, struct ouro_error *err)
{
	struct row_key key = note_key();
	uint8_t value[NOTE_SIZE];
	struct engine_op op = { .kind = ENGINE_PUT,
		.key = row_bytes(&key),
		.value = bytes_of(value, NOTE_SIZE) };

	put_u32le(value, epoch);
	return engine_apply(engine, &op, 1, ENGINE_SYNC_ALWAYS, err);
}

/* The copies have it for the day on which the records are lost. */
enum ouro_status
epoch_note(struct ouro_vault *vault, uint32_t epoch, struct ouro_error *err)
{
	enum ouro_status status = note_write(vault->records, epoch, err);
	struct ouro_error error;

	if (status == OURO_OK && vault->copies != NULL &&
	    note_write(vault->copies, epoch, &error) != OURO_OK)
		log_write(&vault->log, LOG_WARNING,
		    "the second copy of the records does not know epoch "
		    "%" PRIu32 ": %s",
		    epoch, error.text);
	return status;
}

static enum ouro_status
both_read(struct ouro_vault *vault, uint32_t *records, uint32_t *copies,
    struct ouro_error *err)
{
	enum ouro_status status = note_read(vault->records, records, err);

	if (status == OURO_OK)
		status = note_read(vault->copies, copies, err);
	return status;
}

enum ouro_status
epoch_check(struct ouro_vault *vault, struct ouro_error *err)
{
	uint32_t epoch = keyring_epoch(vault->keyring), records, copies, noted;
	enum ouro_status status = both_read(vault, &records, &copies, err);

	if (status != OURO_OK)
		return status;
	noted = records > copies ? records : copies;
	if (epoch < noted)
		return error_set(err, OURO_DAMAGED,
		    "the keyring in %s is older than its data (epoch %" PRIu32
		    ", data knows %" PRIu32 "): restore the newer keyring",
		    vault->dir, epoch, noted);
	return OURO_OK;
}

enum ouro_status
epoch_adopt(struct ouro_vault *vault, struct ouro_error *err)
{
	uint32_t epoch = keyring_epoch(vault->keyring), records, copies;
	enum ouro_status status;

	if (vault->read_only)
		return OURO_OK;
	status = both_read(vault, &records, &copies, err);
	if (status != OURO_OK || (records == epoch && copies == epoch))
		return status;
	return epoch_note(vault, epoch, err);
}
