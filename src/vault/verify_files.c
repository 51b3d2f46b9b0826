#include <stdio.h>

#include "base/error.h"
#include "vault/care.h"
#include "vault/rebuild.h"
#include "vault/store_file.h"

/* ---- files kept twice -------------------------------------------------------- */

static enum ouro_status
twin_write(struct ouro_vault *vault, enum store_file_kind kind,
    struct ouro_error *err)
{
	enum ouro_status status;

	if (kind == STORE_FILE_KEYRING) {
		pthread_rwlock_wrlock(&vault->keys_lock);
		status = vault_keyring_write(vault, err);
		pthread_rwlock_unlock(&vault->keys_lock);
	} else {
		pthread_rwlock_wrlock(&vault->lanes_lock);
		status = vault_store_write(vault, err);
		pthread_rwlock_unlock(&vault->lanes_lock);
	}
	return status;
}

/* Looks at both of a kind; the lock keeps writers of them out. */
static void
twins_check(struct ouro_vault *vault, enum store_file_kind kind,
    struct store_file_state states[2])
{
	struct buffer content[2] = { { 0 }, { 0 } };
	pthread_rwlock_t *lock = kind == STORE_FILE_KEYRING
	    ? &vault->keys_lock
	    : &vault->lanes_lock;

	pthread_rwlock_rdlock(lock);
	for (unsigned i = 0; i < 2; i++)
		store_file_check(vault->fs, vault->dir, kind, i == 1,
		    &content[i], &states[i]);
	pthread_rwlock_unlock(lock);
	if (states[0].status == OURO_OK && states[1].status == OURO_OK &&
	    !bytes_equal(buffer_bytes(&content[0]), buffer_bytes(&content[1])))
		states[1].status = error_set(&states[1].error, OURO_DAMAGED,
		    "%s and its copy differ", store_file_name(kind));
	buffer_wipe(&content[0]);
	buffer_wipe(&content[1]);
}

static enum ouro_status
twins_care(struct care *care, enum store_file_kind kind, struct ouro_error *err)
{
	struct ouro_vault *vault = care->vault;
	struct store_file_state states[2];
	enum ouro_state state = OURO_STATE_DEGRADED;
	enum ouro_status status = OURO_OK;

	twins_check(vault, kind, states);
	if (states[0].status == OURO_OK && states[1].status == OURO_OK)
		return OURO_OK;
	if (care->repairing) {
		status = twin_write(vault, kind, err);
		state = OURO_STATE_REPAIRED;
		care->result->repaired++;
	} else if (states[0].status != OURO_OK && states[1].status != OURO_OK) {
		state = OURO_STATE_LOST;
	}
	for (unsigned i = 0; status == OURO_OK && i < 2; i++) {
		char path[FS_PATH_MAX + 32];

		if (states[i].status == OURO_OK)
			continue;
		snprintf(path, sizeof(path), "%s/%s%s", vault->dir,
		    store_file_name(kind), i == 1 ? ".copy" : "");
		care_tell_file(care, state, path, 0, states[i].error.text);
	}
	return status;
}

/* ---- engines -------------------------------------------------------------------- */

struct engine_care {
	struct care *care;
	enum ouro_state state;
};

static void
damage_tell(void *context, const struct engine_damage *damage)
{
	struct engine_care *engine = context;

	care_tell_file(engine->care, engine->state, damage->file,
	    damage->offset, damage->text);
}

/* In a vault opened for reading an empty engine stands for a directory that
 * is gone. */
static bool
directory_is_there(struct ouro_vault *vault, const char *path)
{
	struct fs_info info;

	return fs_stat(vault->fs, path, &info, NULL) != OURO_NOT_FOUND;
}

static enum ouro_status
engine_mend(struct care *care, struct engine *engine, struct ouro_error *err)
{
	struct engine_care context = { .care = care,
		.state = OURO_STATE_REPAIRED };
	enum ouro_status status = engine_repair(engine, damage_tell, &context,
	    err);

	return status == OURO_DAMAGED ? OURO_OK : status;
}

/* This engine is damaged, and the other copy of its rows is known not to be
 * whole either. */
static bool
both_lack_rows(const struct care *care, const struct engine *engine)
{
	struct ouro_vault *vault = care->vault;

	return engine == vault->copies
	    ? care->records_lost
	    : engine == vault->records && atomic_load(&vault->copies_behind);
}

static enum ouro_status
engine_care(struct care *care, struct engine *engine, const char *path,
    bool *damaged, struct ouro_error *err)
{
	struct engine_care context = { .care = care,
		.state = OURO_STATE_DEGRADED };
	enum ouro_status status;

	*damaged = true;
	if (engine == NULL || !directory_is_there(care->vault, path)) {
		care_tell_file(care, OURO_STATE_DEGRADED, path, 0,
		    "the directory is missing");
		return OURO_OK;
	}
	status = engine_verify(engine, care->repairing ? NULL : damage_tell,
	    &context, err);
	*damaged = status == OURO_DAMAGED;
	if (status != OURO_DAMAGED)
		return status;
	if (both_lack_rows(care, engine)) {
		status = care_versions_lost(care, err);
		if (status != OURO_OK)
			return status;
	}
	if (!care->repairing)
		return OURO_OK;
	if (engine == care->vault->records) {
		care->records_repair = care->rows_bad = true;
		return OURO_OK;
	}
	return engine_mend(care, engine, err);
}

enum ouro_status
care_records_engine(struct care *care, struct ouro_error *err)
{
	struct engine *records = care->vault->records;
	enum ouro_status status;

	if (!care->records_repair)
		return OURO_OK;
	status = rebuild_begin(care->vault, err);
	if (status == OURO_OK)
		status = engine_barrier(records, err);
	return status == OURO_OK ? engine_mend(care, records, err) : status;
}

enum ouro_status
care_files(struct care *care, struct ouro_error *err)
{
	struct ouro_vault *vault = care->vault;
	unsigned count = lanes_count(vault);
	char path[FS_PATH_MAX + 16];
	bool damaged = false;
	enum ouro_status status;

	status = twins_care(care, STORE_FILE_STORE, err);
	if (status == OURO_OK)
		status = twins_care(care, STORE_FILE_KEYRING, err);
	snprintf(path, sizeof(path), "%s/records", vault->dir);
	care->records_lost = rebuild_pending(vault);
	if (status == OURO_OK)
		status = engine_care(care, vault->records, path, &damaged, err);
	care->records_lost |= damaged;
	snprintf(path, sizeof(path), "%s/copies", vault->dir);
	if (status == OURO_OK)
		status = engine_care(care, vault->copies, path, &damaged, err);
	for (unsigned i = 0; status == OURO_OK && i < count; i++) {
		status = engine_care(care, lane(vault, i), lane_path(vault, i),
		    &damaged, err);
		if (status == OURO_OK)
			status = care_progress(care, 0, err);
	}
	return status;
}
