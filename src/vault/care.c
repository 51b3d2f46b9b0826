#include "vault/care.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "vault/forget.h"

/* ---- states of ids --------------------------------------------------------- */

struct id_state {
	uint8_t id[HASH_SIZE];
	uint8_t state; /* enum ouro_state + 1; 0 = free */
};

/* The slot of an id, or the free one where it would go. Ids are keyed
 * hashes: their bytes are spread already. */
static struct id_state *
slot_find(const struct id_states *states, const uint8_t id[HASH_SIZE])
{
	size_t i = (size_t)get_u64le(id) & (states->slot_count - 1);

	while (states->slots[i].state != 0 &&
	    memcmp(states->slots[i].id, id, HASH_SIZE) != 0)
		i = (i + 1) & (states->slot_count - 1);
	return &states->slots[i];
}

static enum ouro_status
states_grow(struct id_states *states, struct ouro_error *err)
{
	struct id_states grown = { .slot_count = states->slot_count == 0
		    ? 64
		    : states->slot_count * 2,
		.count = states->count };

	if (2 * states->count < states->slot_count)
		return OURO_OK;
	grown.slots = calloc(grown.slot_count, sizeof(*grown.slots));
	if (grown.slots == NULL)
		return error_memory(err);
	for (size_t i = 0; i < states->slot_count; i++)
		if (states->slots[i].state != 0)
			*slot_find(&grown,
			    states->slots[i].id) = states->slots[i];
	free(states->slots);
	*states = grown;
	return OURO_OK;
}

enum ouro_state
state_worse(enum ouro_state a, enum ouro_state b)
{
	static const int rank[] = {
		[OURO_STATE_OK] = 0,
		[OURO_STATE_REPAIRED] = 1,
		[OURO_STATE_DEGRADED] = 2,
		[OURO_STATE_LOST] = 3,
	};

	return rank[a] >= rank[b] ? a : b;
}

enum ouro_status
care_note(struct care *care, const uint8_t id[HASH_SIZE], enum ouro_state state,
    struct ouro_error *err)
{
	struct id_state *slot;
	enum ouro_status status = states_grow(&care->states, err);

	if (status != OURO_OK)
		return status;
	slot = slot_find(&care->states, id);
	if (slot->state == 0) {
		memcpy(slot->id, id, HASH_SIZE);
		care->states.count++;
	} else {
		state = state_worse((enum ouro_state)(slot->state - 1), state);
	}
	slot->state = (uint8_t)(state + 1);
	return OURO_OK;
}

bool
care_known(const struct care *care, const uint8_t id[HASH_SIZE],
    enum ouro_state *state)
{
	const struct id_state *slot;

	if (care->states.slot_count == 0)
		return false;
	slot = slot_find(&care->states, id);
	if (slot->state == 0)
		return false;
	*state = (enum ouro_state)(slot->state - 1);
	return true;
}

enum ouro_status
care_versions_lost(struct care *care, struct ouro_error *err)
{
	if (care->versions_lost || care->vault->read_only)
		return OURO_OK;
	care->versions_lost = true;
	return forget_begin(care->vault->records, err);
}

/* ---- a walk ------------------------------------------------------------------- */

static uint64_t
lanes_bytes(struct ouro_vault *vault)
{
	unsigned count = lanes_count(vault);
	struct engine_stats stats;
	uint64_t total = 0;

	for (unsigned i = 0; i < count; i++)
		if (engine_stats(lane(vault, i), &stats, NULL) == OURO_OK)
			total += stats.live_bytes;
	return total;
}

void
care_init(struct care *care, struct ouro_vault *vault,
    const struct ouro_care_options *options, struct ouro_care_result *result,
    bool repairing)
{
	*care = (struct care){ .vault = vault,
		.options = options,
		.result = result,
		.repairing = repairing };
	*result = (struct ouro_care_result){ 0 };
	if (options->content == NULL && options->progress != NULL)
		care->total = lanes_bytes(vault);
}

void
care_release(struct care *care)
{
	free(care->states.slots);
	care->states = (struct id_states){ 0 };
}

static void
finding_tell(struct care *care, const struct ouro_finding *finding)
{
	if (finding->state == OURO_STATE_DEGRADED ||
	    finding->state == OURO_STATE_LOST)
		care->findings++;
	if (finding->state == OURO_STATE_LOST)
		care->lost++;
	if (care->options->report != NULL)
		care->options->report(care->options->context, finding);
}

void
care_tell(struct care *care, enum ouro_part part, enum ouro_state state,
    const uint8_t *id, const char *format, ...)
{
	struct ouro_finding finding = { .part = part,
		.state = state,
		.has_id = id != NULL };
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	finding.text = text;
	if (id != NULL)
		memcpy(finding.id, id, HASH_SIZE);
	finding_tell(care, &finding);
}

void
care_tell_file(struct care *care, enum ouro_state state, const char *file,
    uint64_t offset, const char *text)
{
	struct ouro_finding finding = { .part = OURO_PART_FILE,
		.state = state,
		.file = file,
		.offset = offset,
		.text = text };

	if (strncmp(care->file_last, file, FS_PATH_MAX - 1) != 0)
		care->result->files_bad++;
	snprintf(care->file_last, FS_PATH_MAX, "%s", file);
	finding_tell(care, &finding);
}

enum ouro_status
care_progress(struct care *care, uint64_t bytes, struct ouro_error *err)
{
	care->done += bytes;
	if (care->options->progress == NULL ||
	    care->options->progress(care->options->context, care->done,
		care->total))
		return OURO_OK;
	return error_set(err, OURO_CANCELLED, "stopped");
}

enum ouro_status
care_end(const struct care *care, struct ouro_error *err)
{
	const struct ouro_care_result *result = care->result;

	if (care->repairing ? care->lost == 0 : care->findings == 0)
		return OURO_OK;
	return error_set(err, OURO_DAMAGED,
	    "%" PRIu64 " contents lost, %" PRIu64 " degraded, of %" PRIu64
	    "; %" PRIu64 " chunks lost, %" PRIu64 " degraded, of %" PRIu64
	    "; %" PRIu64 " slices, %" PRIu64 " records, %" PRIu64
	    " files bad; %" PRIu64 " repaired",
	    result->contents_lost, result->contents_degraded, result->contents,
	    result->chunks_lost, result->chunks_degraded, result->chunks,
	    result->slices_bad, result->records_bad, result->files_bad,
	    result->repaired);
}
