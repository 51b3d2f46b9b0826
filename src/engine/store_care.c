#include "base/error.h"
#include "engine/store.h"

/* ---- checking and mending ------------------------------------------------------- */

struct told {
	ouro_store_damage_report *report; /* may be NULL */
	void *context;
};

static void
damage_tell(void *context, const struct engine_damage *damage)
{
	const struct told *told = context;
	struct ouro_store_damage out = {
		.file = damage->file != NULL ? damage->file : "",
		.offset = damage->offset,
		.size = damage->size,
		.key = damage->key.size > 0 ? damage->key.data : NULL,
		.key_size = damage->key.size,
		.text = damage->text != NULL ? damage->text : "",
	};

	if (told->report != NULL)
		told->report(told->context, &out);
}

enum ouro_status
ouro_store_verify(struct ouro_store *store, ouro_store_damage_report *report,
    void *context, struct ouro_error *err)
{
	struct told told = { report, context };
	enum ouro_status status = store_given(store, "the store", err);

	return status != OURO_OK
	    ? status
	    : engine_verify(store->engine, damage_tell, &told, err);
}

enum ouro_status
ouro_store_repair(struct ouro_store *store, ouro_store_damage_report *report,
    void *context, struct ouro_error *err)
{
	struct told told = { report, context };
	enum ouro_status status = store_given(store, "the store", err);

	return status != OURO_OK
	    ? status
	    : engine_repair(store->engine, damage_tell, &told, err);
}

/* ---- space and copies -------------------------------------------------------------- */

enum ouro_status
ouro_store_compact(struct ouro_store *store, double dead_share, uint64_t *freed,
    struct ouro_error *err)
{
	enum ouro_status status = store_given(store, "the store", err);

	if (freed != NULL)
		*freed = 0;
	return status != OURO_OK
	    ? status
	    : engine_compact(store->engine, dead_share, freed, err);
}

enum ouro_status
ouro_store_snapshot(struct ouro_store *store, struct ouro_error *err)
{
	enum ouro_status status = store_given(store, "the store", err);

	return status != OURO_OK ? status : engine_snapshot(store->engine, err);
}

enum ouro_status
ouro_store_backup(struct ouro_store *store, const char *dir,
    ouro_progress *progress, void *context, struct ouro_error *err)
{
	enum ouro_status status = store_given(store, "the store", err);

	if (status == OURO_OK && (dir == NULL || *dir == '\0'))
		status = error_set(err, OURO_INVALID,
		    "no directory is named for the backup");
	return status != OURO_OK
	    ? status
	    : engine_backup(store->engine, dir, progress, context, err);
}

/* ---- numbers --------------------------------------------------------------------------- */

static void
stats_take(const struct engine_stats *in, struct ouro_store_stats *out)
{
	*out = (struct ouro_store_stats){
		.keys = in->keys,
		.live_bytes = in->live_bytes,
		.dead_bytes = in->dead_bytes,
		.disk_bytes = in->disk_bytes,
		.index_bytes = in->index_bytes,
		.memory_bytes = in->memory_bytes,
		.segments = in->segments,
		.segment_oldest = in->segment_oldest,
		.segment_active = in->segment_active,
		.sequence = in->sequence,
		.durable_through = in->durable_through,
		.index_files = in->runs,
		.replayed = in->replayed,
		.filter_asked = in->filter_asked,
		.filter_spared = in->filter_spared,
		.bytes_given = in->bytes_given,
		.bytes_written = in->bytes_written,
		.bytes_moved = in->bytes_moved,
		.torn_bytes = in->torn_bytes,
		.damaged_records = in->damaged_records,
		.missing_segments = in->missing_segments,
	};
}

enum ouro_status
ouro_store_stats(struct ouro_store *store, struct ouro_store_stats *out,
    struct ouro_error *err)
{
	struct engine_stats stats;
	enum ouro_status status = store_given(out, "out", err);

	if (status != OURO_OK)
		return status;
	*out = (struct ouro_store_stats){ 0 };
	status = store_given(store, "the store", err);
	if (status == OURO_OK)
		status = engine_stats(store->engine, &stats, err);
	if (status == OURO_OK)
		stats_take(&stats, out);
	return status;
}
