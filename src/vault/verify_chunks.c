#include "vault/verify_chunks.h"

#include <assert.h>

#include "base/error.h"
#include "vault/row_each.h"

void
chunk_window_init(struct chunk_window *window, struct care *care)
{
	unsigned width = executor_width(care->vault->executor) + 1;

	assert(width > 1);

	*window = (struct chunk_window){ .care = care,
		.width = width < CHUNK_WINDOW_MAX ? width : CHUNK_WINDOW_MAX };
}

static void
check_job(void *context)
{
	chunk_check_run(context);
}

static enum ouro_status
check_count(struct care *care, const struct chunk_check *check,
    struct ouro_error *err)
{
	struct ouro_care_result *result = care->result;
	char text[256];

	if (check->gone)
		return OURO_OK;
	result->chunks++;
	result->slices += check->slices;
	result->slices_bad += check->slices_bad;
	result->repaired += check->written;
	result->chunks_lost += check->state == OURO_STATE_LOST;
	result->chunks_degraded += check->state == OURO_STATE_DEGRADED ||
	    check->state == OURO_STATE_REPAIRED;
	if (check->row_bad && check->state != OURO_STATE_LOST)
		result->records_bad++;
	if (check->state != OURO_STATE_OK) {
		chunk_check_text(check, text, sizeof(text));
		care_tell(care, OURO_PART_CHUNK, check->state, check->id, "%s",
		    text);
	}
	if (check->state != OURO_STATE_OK || care->options->content != NULL)
		return care_note(care, check->id, check->state, err);
	return OURO_OK;
}

static void
slices_tell(struct care *care, const struct chunk_check *check)
{
	enum ouro_state state = check->state == OURO_STATE_REPAIRED
	    ? OURO_STATE_REPAIRED
	    : OURO_STATE_DEGRADED;
	char name[24];

	if (check->gone)
		return;
	for (unsigned i = 0; i < check->bad_count; i++)
		care_tell(care, OURO_PART_SLICE, state, check->id,
		    "chunk %s: slice %u is bad or missing",
		    id_short(check->id, name), check->bad[i]);
}

/* Takes the oldest result. */
static enum ouro_status
window_join(struct chunk_window *window, struct ouro_error *err)
{
	struct chunk_check
	    *check = &window->checks[window->joined++ % window->width];
	struct care *care = window->care;
	enum ouro_status status;

	executor_join(care->vault->executor, &check->job);
	if (check->status != OURO_OK) {
		if (err != NULL)
			*err = check->error;
		return check->status;
	}
	slices_tell(care, check);
	status = check_count(care, check, err);
	if (status == OURO_OK)
		status = care_progress(care, check->bytes, err);
	return status;
}

enum ouro_status
chunk_window_add(struct chunk_window *window, const uint8_t id[HASH_SIZE],
    bool wanted, struct ouro_error *err)
{
	struct care *care = window->care;
	struct chunk_check *check;
	enum ouro_status status;

	if (window->submitted - window->joined == window->width) {
		status = window_join(window, err);
		if (status != OURO_OK)
			return status;
	}
	check = &window->checks[window->submitted % window->width];
	*check = (struct chunk_check){ .vault = care->vault,
		.heal = care->repairing,
		.wanted = wanted };
	memcpy(check->id, id, HASH_SIZE);
	check->job.run = check_job;
	check->job.context = check;
	executor_submit(care->vault->executor, &check->job);
	window->submitted++;
	return OURO_OK;
}

enum ouro_status
chunk_window_drain(struct chunk_window *window, struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	while (window->joined < window->submitted) {
		struct ouro_error error;
		enum ouro_status one = window_join(window, &error);

		if (status == OURO_OK && one != OURO_OK) {
			status = one;
			if (err != NULL)
				*err = error;
		}
	}
	return status;
}

static enum ouro_status
chunk_row_visit(void *context, struct bytes key, const struct bytes *value,
    struct ouro_error *err)
{
	(void)value;
	if (key.size != 1 + HASH_SIZE)
		return OURO_OK;
	return chunk_window_add(context, key.data + 1, false, err);
}

enum ouro_status
care_chunks(struct care *care, struct ouro_error *err)
{
	struct row_key prefix = row_table(ROW_CHUNK);
	struct chunk_window window;
	enum ouro_status status, drained;

	chunk_window_init(&window, care);
	status = row_each_key(care->vault->records, &prefix, chunk_row_visit,
	    &window, err);
	drained = chunk_window_drain(&window, status == OURO_OK ? err : NULL);
	return status == OURO_OK ? drained : status;
}
