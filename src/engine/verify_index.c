/*
 * verify_index - the index's files, and whether it fits the segments.
 */
#include "engine/verify.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/error.h"
#include "base/executor.h"
#include "engine/fetch.h"
#include "engine/layers.h"
#include "engine/region.h"

/* ---- telling ------------------------------------------------------------------- */

static void
index_tell(struct verify_check *check, const struct engine_damage *damage)
{
	check->index_faults++;
	verify_tell(check, damage);
}

static void
file_tell(struct verify_check *check, const char *path, const char *text)
{
	struct fs_info info = { 0 };

	(void)fs_stat(check->log->fs, path, &info, NULL);
	index_tell(check,
	    &(struct engine_damage){ .file = path,
		.size = info.size,
		.text = text });
}

static void
page_tell(void *context, const char *path, uint64_t offset, uint64_t size)
{
	struct verify_check *check = context;

	check->index_damaged = true;
	index_tell(check,
	    &(struct engine_damage){ .file = path,
		.offset = offset,
		.size = size,
		.text = "the page of the index is damaged; repair makes it "
			"anew" });
}

/* ---- the files ------------------------------------------------------------------- */

/* The runs as they are found under their names. */
struct files_check {
	struct verify_check *check;
	struct run *runs[VIEW_RUNS_MAX];
	unsigned count;
};

static enum ouro_status
manifest_compare(struct verify_check *check, const char *path,
    const struct manifest *found, struct ouro_error *err)
{
	const struct index *index = &check->log->index;
	struct buffer a = { 0 }, b = { 0 };
	enum ouro_status status = manifest_encode(found, &a, err);

	if (status == OURO_OK)
		status = manifest_encode(&index->manifest, &b, err);
	if (status == OURO_OK &&
	    !bytes_equal(buffer_bytes(&a), buffer_bytes(&b))) {
		check->manifest_damaged = true;
		file_tell(check, path, "it is not what the store wrote last");
	}
	buffer_release(&a);
	buffer_release(&b);
	return status;
}

/* What a file is, and not what the disk or memory did just now. */
static bool
is_damage(enum ouro_status status)
{
	return status == OURO_NOT_FOUND || status == OURO_DAMAGED ||
	    status == OURO_UNSUPPORTED || status == OURO_WRONG_KEY;
}

static enum ouro_status
manifest_check(struct verify_check *check, struct ouro_error *err)
{
	const struct index *index = &check->log->index;
	struct manifest found = { 0 };
	struct ouro_error why = { 0 };
	char path[FS_PATH_MAX];
	enum ouro_status status = fs_join(path, index->store.dir, MANIFEST_NAME,
	    err);

	if (status == OURO_OK)
		status = manifest_read(&index->store, &found, &why);
	if (status == OURO_OK && index->stored && index->named)
		status = manifest_compare(check, path, &found, &why);
	manifest_release(&found);
	if (status == OURO_OK ||
	    (status == OURO_NOT_FOUND && !(index->stored && index->named)))
		return OURO_OK;
	if (!is_damage(status)) {
		if (err != NULL)
			*err = why;
		return status;
	}
	check->manifest_damaged = true;
	file_tell(check, path, why.text);
	return OURO_OK;
}

static enum ouro_status
run_find_file(struct files_check *files, struct run *used,
    struct ouro_error *err)
{
	struct verify_check *check = files->check;
	const struct index *index = &check->log->index;
	struct ouro_error why = { 0 };
	char path[FS_PATH_MAX];
	struct run *found;
	enum ouro_status status = run_path(path, index->store.dir, run_id(used),
	    "", err);

	if (status == OURO_OK)
		status = run_open(&index->store, run_id(used), &found, &why);
	if (status != OURO_OK && !is_damage(status)) {
		if (err != NULL)
			*err = why;
		return status;
	}
	if (status == OURO_OK) {
		files->runs[files->count++] = found;
		if (run_is_same(used, found))
			return OURO_OK;
	}
	check->index_damaged = true;
	file_tell(check, path,
	    status == OURO_OK ? "the file is another than the one in use"
			      : why.text);
	return OURO_OK;
}

/* Within a step of the index. */
static enum ouro_status
files_find(struct log_engine *log, void *context, struct ouro_error *err)
{
	struct files_check *files = context;
	enum ouro_status status = manifest_check(files->check, err);

	for (unsigned i = 0; status == OURO_OK && i < log->index.run_count; i++)
		status = run_find_file(files, log->index.runs[i], err);
	return status;
}

static enum ouro_status
pages_check(struct verify_check *check, struct run *run, struct ouro_error *err)
{
	enum ouro_status status = run_verify(run, page_tell, check, err);

	return status == OURO_DAMAGED ? OURO_OK : status;
}

enum ouro_status
verify_index_begin(struct verify_check *check, struct ouro_error *err)
{
	struct log_engine *log = check->log;
	struct files_check files = { .check = check };
	enum ouro_status status = index_within(log, files_find, &files, err);

	for (unsigned i = 0; i < files.count; i++) {
		if (status == OURO_OK)
			status = pages_check(check, files.runs[i], err);
		run_unref(files.runs[i]);
	}
	/* What the segments' ends cover is published when this has run. */
	if (log->commit_task != NULL)
		executor_run(log->commit_task);
	check->moment = moment_take(log);
	return status;
}

/* ---- from records to the index ------------------------------------------------------ */

static void
record_tell(struct verify_check *check, const struct verify_subject *subject,
    uint64_t offset, const struct record *record, const char *text)
{
	index_tell(check,
	    &(struct engine_damage){ .file = subject->segment->path,
		.offset = offset,
		.size = record->size,
		.key = record->key,
		.text = text });
}

static bool
place_is(const struct place *place, const struct verify_subject *subject,
    uint64_t offset, uint64_t sequence, const struct record *record)
{
	return place->sequence == sequence &&
	    place->segment == subject->segment->id && place->offset == offset &&
	    place->batch_offset == record->batch_offset &&
	    place->value_size == record->value.size &&
	    place->packed == (record->op == RECORD_PACKED) &&
	    place->state ==
	    (record->op == RECORD_DELETE ? PLACE_TOMBSTONE : PLACE_VALUE);
}

enum ouro_status
verify_index_record(struct verify_check *check, struct verify_subject *subject,
    uint64_t offset, const struct record *record, struct ouro_error *err)
{
	uint64_t hash = key_hash(check->log->index.store.seed, record->key);
	uint64_t sequence = record->sequence;
	struct place place = { 0 };
	struct ouro_error why = { 0 };
	enum ouro_status status;

	if (!record_is_operation(record) || check->index_damaged)
		return OURO_OK;
	if (subject->segment->kind == SEGMENT_OLD)
		sequence = region_old_sequence(subject->segment->id, offset);
	status = view_find(check->moment.view, check->moment.entries, hash,
	    record->key, &place, &why);
	if (status == OURO_DAMAGED) {
		check->index_damaged = true;
		record_tell(check, subject, offset, record, why.text);
		return OURO_OK;
	}
	if (status == OURO_OK && place.sequence >= sequence) {
		subject->confirmed += place_is(&place, subject, offset,
		    sequence, record);
		return OURO_OK;
	}
	if (status == OURO_OK || status == OURO_NOT_FOUND) {
		check->index_damaged = true;
		record_tell(check, subject, offset, record,
		    "the index does not know the record");
		return OURO_OK;
	}
	return error_set(err, status, "%s", why.text);
}

/* ---- from the index to records ------------------------------------------------------- */

static struct verify_subject *
subject_of(const struct verify_check *check, uint64_t id)
{
	size_t begin = 0, end = check->count;

	while (begin < end) {
		size_t middle = begin + (end - begin) / 2;

		if (check->subjects[middle].segment->id < id)
			begin = middle + 1;
		else
			end = middle;
	}
	return begin < check->count && check->subjects[begin].segment->id == id
	    ? &check->subjects[begin]
	    : NULL;
}

static void
place_tell(struct verify_check *check, const struct layers *layers,
    const struct segment *segment, uint64_t size)
{
	const struct layer *layer = &layers->layers[layers->top];
	char path[FS_PATH_MAX], text[FS_PATH_MAX + 128];

	check->index_damaged = true;
	if (!layer->stored ||
	    run_path(path, check->log->dir, run_id(layer->run.run), "", NULL))
		snprintf(path, sizeof path, "%s", check->log->dir);
	snprintf(text, sizeof text,
	    "the index names a record at offset %" PRIu64
	    " of %s, and it is not there",
	    layers->place.offset, segment->path);
	index_tell(check,
	    &(struct engine_damage){ .file = path,
		.size = size,
		.key = layers->key,
		.text = text });
}

typedef enum ouro_status place_look(struct verify_check *check,
    struct verify_subject *subject, const struct layers *layers,
    struct buffer *block, struct ouro_error *err);

static enum ouro_status
place_count(struct verify_check *check, struct verify_subject *subject,
    const struct layers *layers, struct buffer *block, struct ouro_error *err)
{
	(void)check;
	(void)layers;
	(void)block;
	(void)err;
	subject->named++;
	return OURO_OK;
}

/* Where the numbers differ. */
static enum ouro_status
place_try(struct verify_check *check, struct verify_subject *subject,
    const struct layers *layers, struct buffer *block, struct ouro_error *err)
{
	struct location location = location_of(&layers->place,
	    subject->segment);
	uint64_t size = location_size(&location, layers->key.size);
	enum ouro_status status = OURO_DAMAGED;
	struct bytes value;
	bool mapped;

	if (subject->named == subject->confirmed)
		return OURO_OK;
	if (size <= subject->end && location.offset <= subject->end - size)
		status = fetch_value(&location, layers->key, block, &value,
		    &mapped, err);
	if (status == OURO_DAMAGED) {
		place_tell(check, layers, subject->segment, size);
		return OURO_OK;
	}
	return status;
}

/* A place that counts for this check: in a whole segment, and not younger. */
static enum ouro_status
place_take(struct verify_check *check, const struct layers *layers,
    place_look *look, struct buffer *block, struct ouro_error *err)
{
	const struct place *place = &layers->place;
	struct verify_subject *subject = subject_of(check, place->segment);

	if (place->state == PLACE_DAMAGED || subject == NULL ||
	    subject->damaged ||
	    (place->offset >= subject->end &&
		place->sequence > check->sequence))
		return OURO_OK;
	return look(check, subject, layers, block, err);
}

static enum ouro_status
places_walk(struct verify_check *check, place_look *look,
    struct ouro_error *err)
{
	struct buffer block = { 0 };
	struct layers layers;
	enum ouro_status status = layers_open(&layers, &check->moment, err);

	if (status == OURO_OK)
		status = layers_seek(&layers, bytes_of(NULL, 0), false, false,
		    err);
	while (status == OURO_OK && layers.valid) {
		status = place_take(check, &layers, look, &block, err);
		if (status == OURO_OK)
			status = layers_next(&layers, err);
	}
	layers_close(&layers);
	buffer_release(&block);
	return status;
}

enum ouro_status
verify_index_end(struct verify_check *check, struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;
	bool equal = true;

	if (check->index_damaged)
		return OURO_OK;
	status = places_walk(check, place_count, err);
	for (size_t i = 0; i < check->count; i++)
		equal = equal &&
		    (check->subjects[i].damaged ||
			check->subjects[i].named ==
			    check->subjects[i].confirmed);
	if (status == OURO_OK && !equal)
		status = places_walk(check, place_try, err);
	return status;
}
