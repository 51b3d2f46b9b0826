#include <stdio.h>

#include "base/error.h"
#include "seal/canonical.h"
#include "vault/name.h"
#include "vault/row_each.h"
#include "vault/tree.h"
#include "vault/verify_chunks.h"

/* One content's trees. */
struct content_walk {
	struct care *care;
	struct chunk_window *window; /* of chunks to be looked at, or NULL */
	enum ouro_state state;
	uint8_t worst[HASH_SIZE]; /* a part in that state */
	bool worst_is_page;
	bool page_is_new;
};

/* ---- parts ---------------------------------------------------------------------- */

static bool
chunk_has_row(struct ouro_vault *vault, const uint8_t id[HASH_SIZE])
{
	struct row_key key = row_id(ROW_CHUNK, id, HASH_SIZE);

	return engine_exists(vault->records, row_bytes(&key), NULL, NULL) ==
	    OURO_OK;
}

/* Looks at a chunk that no walk over rows has met. */
static enum ouro_status
chunk_look_now(struct care *care, const uint8_t id[HASH_SIZE],
    struct ouro_error *err)
{
	struct chunk_window window;
	enum ouro_status status;

	chunk_window_init(&window, care);
	status = chunk_window_add(&window, id, true, err);
	if (status == OURO_OK)
		status = chunk_window_drain(&window, err);
	return status;
}

static void
walk_note(struct content_walk *walk, const uint8_t id[HASH_SIZE],
    unsigned level, enum ouro_state state)
{
	if (state == OURO_STATE_OK ||
	    state_worse(walk->state, state) == walk->state)
		return;
	walk->state = state;
	memcpy(walk->worst, id, HASH_SIZE);
	walk->worst_is_page = level > 0;
}

/* Adds up what is known; a chunk without a row is looked at first. */
static enum ouro_status
part_visit(void *context, const uint8_t id[HASH_SIZE], unsigned level,
    enum ouro_status loaded, struct ouro_error *err)
{
	struct content_walk *walk = context;
	enum ouro_state state = OURO_STATE_OK;
	enum ouro_status status = OURO_OK;

	if (loaded == OURO_NO_MEMORY)
		return loaded;
	if (loaded != OURO_OK)
		state = OURO_STATE_LOST;
	else if (!care_known(walk->care, id, &state) && level == 0 &&
	    !chunk_has_row(walk->care->vault, id)) {
		status = chunk_look_now(walk->care, id, err);
		if (status == OURO_OK)
			care_known(walk->care, id, &state);
	}
	walk_note(walk, id, level, state);
	return status;
}

/* Only one content is asked for: each of its parts once. */
static enum ouro_status
part_look(void *context, const uint8_t id[HASH_SIZE], unsigned level,
    enum ouro_status loaded, struct ouro_error *err)
{
	struct content_walk *walk = context;
	struct row_key key = row_id(ROW_PAGE, id, HASH_SIZE);
	enum ouro_state state;
	enum ouro_status status;

	if (loaded == OURO_NO_MEMORY || care_known(walk->care, id, &state))
		return loaded == OURO_NO_MEMORY ? loaded : OURO_OK;
	status = care_note(walk->care, id, OURO_STATE_OK, err);
	if (status == OURO_OK && level == 0)
		return chunk_window_add(walk->window, id, true, err);
	if (status == OURO_OK) {
		status = care_record(walk->care, row_bytes(&key), NULL, &state,
		    err);
		if (status == OURO_DAMAGED || status == OURO_NOT_FOUND)
			status = OURO_OK;
	}
	return status;
}

static enum ouro_status
content_walk(struct content_walk *walk, const Ouro__ContentRecord *record,
    tree_visit *visit, struct ouro_error *err)
{
	const Ouro__Tree *trees[] = { record->data, record->meta };
	enum ouro_status status = OURO_OK;

	for (unsigned i = 0; status == OURO_OK && i < 2; i++)
		if (trees[i] != NULL)
			status = tree_walk(walk->care->vault, trees[i]->id.data,
			    trees[i]->level, visit, walk, err);
	return status;
}

/* ---- telling ----------------------------------------------------------------------- */

struct naming {
	struct ouro_vault *vault;
	char text[128];
};

static enum ouro_status
naming_visit(void *context, struct bytes key, const struct bytes *value,
    struct ouro_error *err)
{
	struct naming *naming = context;
	Ouro__RefRecord *ref;

	(void)value;
	(void)err;
	if (row_last_id(key) == NULL ||
	    ref_get(naming->vault, row_last_id(key), &ref, NULL) != OURO_OK)
		return OURO_OK;
	snprintf(naming->text, sizeof(naming->text), " (%s \"%.96s\")",
	    ref->namespace_, ref->path);
	canonical_free(&ref->base);
	return OURO_END;
}

/* A name of a content, in quotes, or nothing. */
static void
content_name(struct naming *naming, const uint8_t id[HASH_SIZE])
{
	struct row_key prefix = row_id(ROW_USE, id, HASH_SIZE);

	(void)row_each_key(naming->vault->records, &prefix, naming_visit,
	    naming, NULL);
}

static void
content_tell(struct care *care, const uint8_t id[HASH_SIZE],
    const struct content_walk *walk)
{
	static const char *const words[] = { "is whole", "is degraded",
		"is lost", "was repaired" };
	struct ouro_care_result *result = care->result;
	struct naming name = { .vault = care->vault };
	char short_id[24], part[24], why[64] = "";

	result->contents++;
	result->contents_ok += walk->state == OURO_STATE_OK ||
	    walk->state == OURO_STATE_REPAIRED;
	result->contents_degraded += walk->state == OURO_STATE_DEGRADED;
	result->contents_lost += walk->state == OURO_STATE_LOST;
	if (walk->state != OURO_STATE_OK) {
		content_name(&name, id);
		if (memcmp(walk->worst, id, HASH_SIZE) == 0)
			snprintf(why, sizeof(why), ": its record");
		else
			snprintf(why, sizeof(why), ": %s %s",
			    walk->worst_is_page ? "page" : "chunk",
			    id_short(walk->worst, part));
	}
	care_tell(care, OURO_PART_CONTENT, walk->state, id, "content %s%s %s%s",
	    id_short(id, short_id), name.text, words[walk->state], why);
}

/* ---- one content ------------------------------------------------------------------------ */

static enum ouro_status
content_sum(struct care *care, const uint8_t id[HASH_SIZE], struct bytes record,
    struct ouro_error *err)
{
	struct content_walk walk = { .care = care };
	Ouro__ContentRecord *content = NULL;
	enum ouro_state state = OURO_STATE_OK;
	enum ouro_status status = OURO_OK;

	if (care_known(care, id, &state))
		walk_note(&walk, id, 0, state);
	if (record.size > 0)
		status = content_peek(id, record, &content, err);
	else
		walk_note(&walk, id, 0, OURO_STATE_LOST);
	if (status == OURO_OK && content != NULL) {
		status = content_walk(&walk, content, part_visit, err);
		canonical_free(&content->base);
	}
	if (status == OURO_OK)
		content_tell(care, id, &walk);
	return status;
}

static enum ouro_status
content_care(struct care *care, struct bytes key, struct ouro_error *err)
{
	struct engine_value value;
	enum ouro_status status;

	status = record_good(care->vault, key, &value, err);
	if (status != OURO_NOT_FOUND)
		status = content_sum(care, key.data + 1, value.bytes, err);
	engine_value_release(&value);
	return status == OURO_NOT_FOUND ? OURO_OK : status;
}

/* Everything that one content needs, then what it adds up to. */
static enum ouro_status
content_alone(struct care *care, const uint8_t id[HASH_SIZE],
    struct ouro_error *err)
{
	struct row_key key = row_id(ROW_CONTENT, id, HASH_SIZE);
	struct content_walk walk = { .care = care };
	struct chunk_window window;
	struct engine_value value;
	Ouro__ContentRecord *content = NULL;
	enum ouro_state state;
	char name[24];
	enum ouro_status status, drained;

	status = care_record(care, row_bytes(&key), &value, &state, err);
	if (status == OURO_NOT_FOUND)
		return error_set(err, OURO_NOT_FOUND, "there is no content %s",
		    id_short(id, name));
	if (status == OURO_OK)
		status = content_peek(id, value.bytes, &content, err);
	engine_value_release(&value);
	chunk_window_init(&window, care);
	walk.window = &window;
	if (status == OURO_OK)
		status = content_walk(&walk, content, part_look, err);
	drained = chunk_window_drain(&window, status == OURO_OK ? err : NULL);
	if (content != NULL)
		canonical_free(&content->base);
	if (status == OURO_OK)
		status = drained;
	if (status != OURO_OK && status != OURO_DAMAGED)
		return status;
	return content_care(care, row_bytes(&key), err);
}

/* ---- all contents ------------------------------------------------------------------------- */

static enum ouro_status
content_visit(void *context, struct bytes key, const struct bytes *value,
    struct ouro_error *err)
{
	struct care *care = context;
	enum ouro_status status = OURO_OK;

	(void)value;
	if (key.size == 1 + HASH_SIZE)
		status = content_care(care, key, err);
	return status == OURO_OK ? care_progress(care, 0, err) : status;
}

/* What the copies alone have. */
static enum ouro_status
content_visit_copy(void *context, struct bytes key, const struct bytes *value,
    struct ouro_error *err)
{
	const struct care *care = context;

	if (engine_exists(care->vault->records, key, NULL, NULL) !=
	    OURO_NOT_FOUND)
		return OURO_OK;
	return content_visit(context, key, value, err);
}

/* A version's target that is in neither engine any more. */
static enum ouro_status
target_care(void *context, struct bytes ref_key, const struct bytes *value,
    struct ouro_error *err)
{
	struct care *care = context;
	struct ouro_vault *vault = care->vault;
	struct content_walk walk = { .care = care, .state = OURO_STATE_LOST };
	Ouro__RefRecord *ref;
	struct row_key key;
	enum ouro_state state;
	bool missing;
	enum ouro_status status = OURO_OK;

	(void)value;
	if (ref_key.size != 1 + HASH_SIZE)
		return OURO_OK;
	pthread_mutex_lock(&vault->set_lock);
	if (ref_get(vault, ref_key.data + 1, &ref, NULL) != OURO_OK) {
		pthread_mutex_unlock(&vault->set_lock);
		return OURO_OK;
	}
	missing = ref->target.len == HASH_SIZE;
	if (missing) {
		key = row_id(ROW_CONTENT, ref->target.data, HASH_SIZE);
		missing = engine_exists(vault->records, row_bytes(&key), NULL,
			      NULL) == OURO_NOT_FOUND &&
		    (vault->copies == NULL ||
			engine_exists(vault->copies, row_bytes(&key), NULL,
			    NULL) == OURO_NOT_FOUND);
	}
	pthread_mutex_unlock(&vault->set_lock);
	if (missing && !care_known(care, ref->target.data, &state)) {
		status = care_note(care, ref->target.data, OURO_STATE_LOST,
		    err);
		memcpy(walk.worst, ref->target.data, HASH_SIZE);
		if (status == OURO_OK)
			content_tell(care, ref->target.data, &walk);
	}
	canonical_free(&ref->base);
	return status;
}

enum ouro_status
care_contents(struct care *care, struct ouro_error *err)
{
	struct row_key contents = row_table(ROW_CONTENT);
	struct row_key refs = row_table(ROW_REF);
	struct ouro_vault *vault = care->vault;
	enum ouro_status status;

	if (care->options->content != NULL)
		return content_alone(care, care->options->content, err);
	status = row_each_key(vault->records, &contents, content_visit, care,
	    err);
	if (status == OURO_OK && vault->copies != NULL && care->records_lost)
		status = row_each_key(vault->copies, &contents,
		    content_visit_copy, care, err);
	if (status == OURO_OK)
		status = row_each_key(vault->records, &refs, target_care, care,
		    err);
	return status;
}
