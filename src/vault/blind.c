#include "vault/blind.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/encoding.h"
#include "base/error.h"
#include "base/options.h"
#include "base/executor.h"
#include "vault/blind_stripe.h"
#include "vault/blind_width.h"

/* A walk over all stripes; too large for a stack. */
struct walk {
	struct care care; /* without a vault */
	struct blind_lanes lanes;
	struct blind_width width;
	struct blind_scan scan;
	struct blind_group group;
	struct blind_stripe stripe;
	uint64_t left;		 /* slices that could not be written */
	bool waiting[LANES_MAX]; /* lanes to be repaired at the end */
	/* The chunk at hand: its stripes by how they are. */
	uint8_t chunk[HASH_SIZE];
	uint64_t stripes[OURO_STATE_REPAIRED + 1], stripes_all;
};

/* ---- lanes as files ------------------------------------------------------------ */

struct damage_walk {
	struct care *care;
	enum ouro_state state;
	uint64_t values; /* that cannot be read, of keys that are known */
};

static void
damage_tell(void *context, const struct engine_damage *damage)
{
	const struct damage_walk *walk = context;

	care_tell_file(walk->care, walk->state, damage->file, damage->offset,
	    damage->text);
}

static void
damage_count(void *context, const struct engine_damage *damage)
{
	struct damage_walk *walk = context;

	walk->values += damage->key.size > 0;
}

static enum ouro_status
lane_verify(struct walk *walk, struct engine *engine, struct ouro_error *err)
{
	struct damage_walk damage = { &walk->care, OURO_STATE_DEGRADED, 0 };
	enum ouro_status status = engine_verify(engine, damage_tell, &damage,
	    err);

	return status == OURO_DAMAGED ? OURO_OK : status;
}

static enum ouro_status
lane_repair(struct walk *walk, struct engine *engine, struct ouro_error *err)
{
	struct damage_walk damage = { &walk->care, OURO_STATE_REPAIRED, 0 };
	enum ouro_status status = engine_repair(engine, damage_tell, &damage,
	    err);

	return status == OURO_DAMAGED ? OURO_OK : status;
}

/*
 * An engine's repair forgets values that cannot be read. They wait for it until
 * their stripes were made whole: a stripe of which nothing is left would not
 * even be missed.
 */
static enum ouro_status
lane_check(struct walk *walk, unsigned number, struct ouro_error *err)
{
	struct engine *engine = walk->lanes.engines[number];
	struct damage_walk damage = { .values = 0 };
	enum ouro_status status;

	if (!walk->care.repairing)
		return lane_verify(walk, engine, err);
	status = engine_verify(engine, damage_count, &damage, err);
	if (status != OURO_DAMAGED)
		return status;
	walk->waiting[number] = damage.values > 0;
	return damage.values > 0 ? OURO_OK : lane_repair(walk, engine, err);
}

/* What is lost is kept as it is, and told again the next time. */
static enum ouro_status
lanes_finish(struct walk *walk, struct ouro_error *err)
{
	bool whole = walk->care.lost == 0 && walk->left == 0;
	enum ouro_status status = OURO_OK;

	for (unsigned i = 0; status == OURO_OK && i < walk->lanes.count; i++)
		if (walk->waiting[i])
			status = whole
			    ? lane_repair(walk, walk->lanes.engines[i], err)
			    : lane_verify(walk, walk->lanes.engines[i], err);
	return status;
}

static enum ouro_status
lanes_check(struct walk *walk, struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	for (unsigned i = 0; status == OURO_OK && i < walk->lanes.count; i++) {
		struct engine *engine = walk->lanes.engines[i];
		struct engine_stats stats = { 0 };

		if (engine == NULL)
			continue;
		status = lane_check(walk, i, err);
		if (status == OURO_OK)
			status = engine_stats(engine, &stats, err);
		walk->care.total += stats.live_bytes;
		if (status == OURO_OK)
			status = care_progress(&walk->care, 0, err);
	}
	return status;
}

static enum ouro_status
lanes_sync(struct walk *walk, struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	for (unsigned i = 0; status == OURO_OK && i < walk->lanes.count; i++)
		if (walk->lanes.engines[i] != NULL)
			status = engine_barrier(walk->lanes.engines[i], err);
	return status;
}

/* ---- telling ----------------------------------------------------------------------- */

static void
copy_tell(struct walk *walk, const struct blind_copy *copy,
    enum ouro_state state)
{
	char path[FS_PATH_MAX] = "its lane";
	const uint8_t *key = walk->group.key;
	char name[HEX_LENGTH(STRIPE_ID_SIZE) + 1];

	(void)blind_lane_path(&walk->lanes, copy->lane, path);
	hex_encode(bytes_of(key + HASH_SIZE, STRIPE_ID_SIZE), name);
	care_tell(&walk->care, OURO_PART_SLICE, state, key,
	    "slice %u of stripe %s is damaged in %.256s", copy->index, name,
	    path);
}

static void
slices_tell(struct walk *walk, enum ouro_state state)
{
	const struct blind_stripe *stripe = &walk->stripe;
	char name[HEX_LENGTH(STRIPE_ID_SIZE) + 1];

	for (size_t i = 0; i < walk->group.count; i++)
		if (stripe->bad[i])
			copy_tell(walk, &walk->group.copies[i], state);
	hex_encode(bytes_of(walk->group.key + HASH_SIZE, STRIPE_ID_SIZE), name);
	for (unsigned i = 0; i < stripe->total; i++)
		if (stripe->absent[i])
			care_tell(&walk->care, OURO_PART_SLICE, state,
			    walk->group.key, "slice %u of stripe %s is missing",
			    i, name);
}

/* What its stripes say of a chunk. One that was sealed again serves as long as
 * any stripe of it does. */
static void
chunk_end(struct walk *walk)
{
	struct ouro_care_result *result = walk->care.result;
	const uint64_t *stripes = walk->stripes;
	uint64_t all = walk->stripes_all;

	if (all == 0)
		return;
	result->chunks++;
	if (stripes[OURO_STATE_LOST] == all) {
		result->chunks_lost++;
		care_tell(&walk->care, OURO_PART_CHUNK, OURO_STATE_LOST,
		    walk->chunk, "too few whole slices are left");
	} else if (stripes[OURO_STATE_LOST] + stripes[OURO_STATE_DEGRADED] >
	    0) {
		result->chunks_degraded++;
		care_tell(&walk->care, OURO_PART_CHUNK, OURO_STATE_DEGRADED,
		    walk->chunk,
		    stripes[OURO_STATE_LOST] > 0
			? "one of its stripes is lost, another is not"
			: "slices are missing or damaged");
	} else if (stripes[OURO_STATE_REPAIRED] > 0) {
		result->chunks_degraded++;
		care_tell(&walk->care, OURO_PART_CHUNK, OURO_STATE_REPAIRED,
		    walk->chunk, "slices were made anew");
	}
	memset(walk->stripes, 0, sizeof(walk->stripes));
	walk->stripes_all = 0;
}

/* ---- stripes ------------------------------------------------------------------------ */

static enum ouro_status
stripe_mend(struct walk *walk, enum ouro_state *state, struct ouro_error *err)
{
	uint64_t written, left;
	enum ouro_status status;

	status = blind_stripe_mend(&walk->stripe, &walk->lanes,
	    blind_width_of(&walk->width, &walk->group, walk->stripe.k),
	    &written, &left, err);
	walk->care.result->repaired += written;
	walk->left += left;
	if (status == OURO_OK && left == 0)
		*state = OURO_STATE_REPAIRED;
	return status;
}

static enum ouro_status
stripe_care(struct walk *walk, struct ouro_error *err)
{
	const struct blind_stripe *stripe = &walk->stripe;
	struct ouro_care_result *result = walk->care.result;
	enum ouro_state state = OURO_STATE_OK;
	enum ouro_status status = OURO_OK;

	result->slices += stripe->total > 0 ? stripe->total : stripe->faults;
	result->slices_bad += stripe->faults;
	if (stripe->lost)
		state = OURO_STATE_LOST;
	else if (stripe->faults > 0)
		state = OURO_STATE_DEGRADED;
	if (state == OURO_STATE_DEGRADED && walk->care.repairing)
		status = stripe_mend(walk, &state, err);
	if (status == OURO_OK && stripe->faults > 0)
		slices_tell(walk,
		    state == OURO_STATE_LOST ? OURO_STATE_DEGRADED : state);
	walk->stripes[state]++;
	walk->stripes_all++;
	return status;
}

static enum ouro_status
group_care(struct walk *walk, struct ouro_error *err)
{
	enum ouro_status status;

	if (memcmp(walk->chunk, walk->group.key, HASH_SIZE) != 0)
		chunk_end(walk);
	memcpy(walk->chunk, walk->group.key, HASH_SIZE);
	status = blind_stripe_look(&walk->stripe, &walk->lanes, &walk->group,
	    err);
	if (status == OURO_OK)
		status = stripe_care(walk, err);
	if (status == OURO_OK)
		status = care_progress(&walk->care, walk->stripe.bytes, err);
	blind_stripe_release(&walk->stripe);
	return status;
}

static enum ouro_status
walk_run(struct walk *walk, struct ouro_error *err)
{
	enum ouro_status status = lanes_check(walk, err), durable;

	if (status == OURO_OK && walk->care.repairing)
		status = blind_width_learn(&walk->width, &walk->lanes, err);
	if (status == OURO_OK)
		status = blind_scan_init(&walk->scan, &walk->lanes, err);
	while (status == OURO_OK) {
		status = blind_scan_next(&walk->scan, &walk->group, err);
		if (status == OURO_OK)
			status = group_care(walk, err);
	}
	blind_scan_release(&walk->scan);
	if (status == OURO_END) {
		chunk_end(walk);
		status = OURO_OK;
	}
	if (!walk->care.repairing)
		return status;
	durable = lanes_sync(walk, status == OURO_OK ? err : NULL);
	if (status == OURO_OK)
		status = durable;
	return status == OURO_OK ? lanes_finish(walk, err) : status;
}

/* ---- all of it ---------------------------------------------------------------------- */

static enum ouro_status
blind_end(const struct walk *walk, struct ouro_error *err)
{
	const struct ouro_care_result *result = walk->care.result;

	if (walk->care.repairing ? walk->care.lost == 0 && walk->left == 0
				 : walk->care.findings == 0)
		return OURO_OK;
	return error_set(err, OURO_DAMAGED,
	    "%" PRIu64 " chunks lost, %" PRIu64 " degraded, of %" PRIu64
	    "; %" PRIu64 " slices, %" PRIu64 " files bad; %" PRIu64
	    " repaired, %" PRIu64 " without a place",
	    result->chunks_lost, result->chunks_degraded, result->chunks,
	    result->slices_bad, result->files_bad, result->repaired,
	    walk->left);
}

enum ouro_status
blind_care(const struct blind_place *place, bool repair,
    const struct ouro_care_options *options, struct ouro_care_result *result,
    struct ouro_error *err)
{
	struct walk *walk;
	enum ouro_status status;

	if (options->content != NULL)
		return error_set(err, OURO_INVALID,
		    "without a key nobody knows what belongs to a content");
	walk = calloc(1, sizeof(*walk));
	if (walk == NULL)
		return error_memory(err);
	*result = (struct ouro_care_result){ 0 };
	walk->care = (struct care){ .options = options,
		.result = result,
		.repairing = repair };
	status = blind_lanes_open(&walk->lanes, place, &walk->care, err);
	if (status == OURO_OK)
		status = walk_run(walk, err);
	if (status == OURO_OK)
		status = blind_end(walk, err);
	blind_lanes_close(&walk->lanes);
	free(walk);
	return status;
}

enum ouro_status
ouro_blind_care(const char *dir, const char *const *data_paths,
    size_t data_path_count, bool repair,
    const struct ouro_care_options *options, struct ouro_care_result *result,
    struct ouro_error *err)
{
	struct ouro_care_options own;
	struct blind_place place = { .dir = dir,
		.data_paths = data_paths,
		.data_path_count = data_path_count,
		.fs = fs_posix() };
	struct ouro_care_result unused;
	enum ouro_status status;

	status = options_take(&own, sizeof(own), "struct ouro_care_options",
	    options, err);
	if (status != OURO_OK)
		return status;
	status = executor_open(1, place.fs, &place.executor, err);
	if (status == OURO_OK)
		status = blind_care(&place, repair, &own,
		    result != NULL ? result : &unused, err);
	executor_close(place.executor);
	return status;
}
