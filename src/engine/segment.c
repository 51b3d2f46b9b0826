#include "engine/segment.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "engine/segment_map.h"

#define NAME_PREFIX "segment-"
#define NAME_SUFFIX ".dat"

static const char header_damaged[] = "the segment's header is damaged";

void
segment_files_init(struct segment_files *files, struct fs *fs, bool read_only)
{
	*files = (struct segment_files){ .fs = fs };
	files->flags = read_only ? FS_READ : FS_READ | FS_WRITE;
	pthread_mutex_init(&files->lock, NULL);
}

void
segment_files_release(struct segment_files *files)
{
	assert(files->idle == 0 && files->newest == NULL);
	pack_pool_release(&files->packs);
	pthread_mutex_destroy(&files->lock);
}

/* ---- names ------------------------------------------------------------------ */

enum ouro_status
segment_path(char out[FS_PATH_MAX], const char *dir, uint64_t id,
    const char *suffix, struct ouro_error *err)
{
	char name[64];

	snprintf(name, sizeof name, NAME_PREFIX "%08" PRIu64 NAME_SUFFIX "%s",
	    id, suffix);
	return fs_join(out, dir, name, err);
}

bool
segment_id_of(const char *name, uint64_t *id)
{
	const char *digits = name + strlen(NAME_PREFIX);
	size_t count;

	if (strncmp(name, NAME_PREFIX, strlen(NAME_PREFIX)) != 0)
		return false;
	count = strspn(digits, "0123456789");
	if (count == 0 || count > 18 ||
	    strcmp(digits + count, NAME_SUFFIX) != 0)
		return false;
	*id = strtoull(digits, NULL, 10);
	return true;
}

/* ---- the file ------------------------------------------------------------------- */

/* With files->lock held. */
static void
idle_remove(struct segment *segment)
{
	struct segment_files *files = segment->files;

	if (segment->newer != NULL)
		segment->newer->older = segment->older;
	else
		files->newest = segment->older;
	if (segment->older != NULL)
		segment->older->newer = segment->newer;
	else
		files->oldest = segment->newer;
	segment->newer = segment->older = NULL;
	files->idle--;
}

/* With files->lock held. Returns a file to close, or NULL. */
static struct fs_file *
idle_add(struct segment *segment)
{
	struct segment_files *files = segment->files;
	struct segment *victim;
	struct fs_file *file;

	segment->older = files->newest;
	segment->newer = NULL;
	if (files->newest != NULL)
		files->newest->newer = segment;
	else
		files->oldest = segment;
	files->newest = segment;
	files->idle++;
	if (files->idle <= SEGMENT_FILES_MAX)
		return NULL;
	victim = files->oldest;
	idle_remove(victim);
	file = victim->file;
	victim->file = NULL;
	return file;
}

enum ouro_status
segment_pin(struct segment *segment, struct fs_file **out,
    struct ouro_error *err)
{
	struct segment_files *files = segment->files;
	enum ouro_status status = OURO_OK;

	pthread_mutex_lock(&files->lock);
	if (segment->file == NULL)
		status = fs_open(files->fs, segment->path, files->flags,
		    &segment->file, err);
	else if (segment->pins == 0)
		idle_remove(segment);
	if (status == OURO_OK)
		segment->pins++;
	*out = segment->file;
	pthread_mutex_unlock(&files->lock);
	return status;
}

void
segment_unpin(struct segment *segment)
{
	struct segment_files *files = segment->files;
	struct fs_file *file = NULL;

	pthread_mutex_lock(&files->lock);
	assert(segment->pins > 0);
	segment->pins--;
	if (segment->pins == 0)
		file = idle_add(segment);
	pthread_mutex_unlock(&files->lock);
	fs_close(file);
}

/* ---- the object -------------------------------------------------------------------- */

struct segment *
segment_new(struct segment_files *files, const char *path, uint64_t id)
{
	struct segment *segment = calloc(1, sizeof *segment);

	if (segment == NULL)
		return NULL;
	segment->path = strdup(path);
	if (segment->path == NULL) {
		free(segment);
		return NULL;
	}
	segment->files = files;
	segment->id = id;
	segment->least = UINT64_MAX;
	atomic_init(&segment->references, 1);
	return segment;
}

struct segment *
segment_ref(struct segment *segment)
{
	atomic_fetch_add_explicit(&segment->references, 1,
	    memory_order_relaxed);
	return segment;
}

void
segment_unref(struct segment *segment)
{
	struct segment_files *files;

	if (segment == NULL ||
	    atomic_fetch_sub_explicit(&segment->references, 1,
		memory_order_acq_rel) != 1)
		return;
	files = segment->files;
	pthread_mutex_lock(&files->lock);
	if (segment->file != NULL && segment->pins == 0)
		idle_remove(segment);
	pthread_mutex_unlock(&files->lock);
	fs_close(segment->file);
	segment_map_release(segment);
	record_frame_release(&segment->frame);
	free(segment->ids);
	free(segment->path);
	free(segment);
}

/* ---- opening ------------------------------------------------------------------------- */

static void
lost_set(struct segment *segment, const char *why)
{
	segment->kind = SEGMENT_LOST;
	segment->lost = why;
}

static void
foreign_set(struct segment *segment, const char *why)
{
	lost_set(segment, why);
	segment->foreign = true;
}

/* Leaves the segment lost when the header does not fit the store's key. */
static enum ouro_status
seal_check(struct segment *segment, const struct header *header,
    struct ouro_error *err)
{
	bool sealed = (header->flags & HEADER_SEALED) != 0;
	const uint8_t *seal_key = segment->files->seal_key;
	uint8_t check[HEADER_CHECK];
	enum ouro_status status;

	if (seal_key == NULL)
		return !sealed
		    ? OURO_OK
		    : error_set(err, OURO_WRONG_KEY,
			  "%s is sealed and no key was given", segment->path);
	if (!sealed) {
		foreign_set(segment, "the segment is not sealed");
		return OURO_OK;
	}
	status = header_check(header, seal_key, segment->files->name, check,
	    err);
	if (status == OURO_OK &&
	    !crypt_equal(check, header->check, sizeof check))
		foreign_set(segment,
		    "the segment's header was not sealed under the key");
	bytes_wipe(check, sizeof check);
	return status;
}

enum ouro_status
segment_take_header(struct segment *segment, struct header *header,
    struct ouro_error *err)
{
	enum ouro_status status = seal_check(segment, header, err);

	if (status != OURO_OK || segment->kind == SEGMENT_LOST)
		return status;
	if (header->id != segment->id) {
		lost_set(segment, "the file is a copy of another segment");
		return OURO_OK;
	}
	segment->kind = header->flags & HEADER_COPIES ? SEGMENT_COPIES
						      : SEGMENT_LOG;
	segment->first = header->first;
	segment->begin = HEADER_SIZE(header->count);
	segment->frame_bytes = segment->begin;
	segment->ids = header->ids;
	segment->ids_count = header->count;
	header->ids = NULL;
	return record_frame_init(&segment->frame, header->salt,
	    segment->files->seal_key, err);
}

/* Reads the first `size` bytes, or as many as there are. */
static enum ouro_status
head_read(struct fs_file *file, uint64_t size, struct buffer *out,
    struct ouro_error *err)
{
	enum ouro_status status = buffer_resize(out, (size_t)size, err);
	size_t got;

	if (status != OURO_OK)
		return status;
	status = fs_read(file, 0, out->data, out->size, &got, err);
	if (status == OURO_OK)
		out->size = got;
	return status;
}

static enum ouro_status
header_read(struct segment *segment, struct fs_file *file,
    struct ouro_error *err)
{
	struct buffer head = { 0 };
	struct header header = { 0 };
	enum ouro_status status;
	uint64_t claim;

	status = fs_size(file, &segment->end, err);
	segment->size = segment->end;
	if (status == OURO_OK)
		status = head_read(file, RECORD_PREFIX, &head, err);
	if (status != OURO_OK)
		goto out;
	claim = header_claim(head.data, head.size);
	if (claim == 0) {
		bool ours = head.size >= 3 && head.data[0] == RECORD_MAGIC_0 &&
		    head.data[1] == RECORD_MAGIC_1 &&
		    head.data[2] == RECORD_HEADER;

		segment->kind = SEGMENT_OLD;
		record_frame_old(&segment->frame);
		if (ours)
			lost_set(segment, header_damaged);
		else if (segment->files->seal_key != NULL)
			lost_set(segment, "the segment is not sealed");
		goto out;
	}
	if (claim <= segment->end)
		status = head_read(file, claim, &head, err);
	if (status != OURO_OK)
		goto out;
	status = header_decode(segment->path, buffer_bytes(&head), &header,
	    err);
	if (status == OURO_OK) {
		status = segment_take_header(segment, &header, err);
	} else if (status == OURO_DAMAGED) {
		lost_set(segment, header_damaged);
		status = OURO_OK;
	}
out:
	header_release(&header);
	buffer_release(&head);
	return status;
}

enum ouro_status
segment_open(struct segment_files *files, const char *dir, uint64_t id,
    struct segment **out, struct ouro_error *err)
{
	char path[FS_PATH_MAX];
	enum ouro_status status = segment_path(path, dir, id, "", err);
	struct segment *segment;
	struct fs_file *file;

	if (status != OURO_OK)
		return status;
	segment = segment_new(files, path, id);
	if (segment == NULL)
		return error_memory(err);
	status = segment_pin(segment, &file, err);
	if (status == OURO_OK) {
		status = header_read(segment, file, err);
		segment_unpin(segment);
	}
	if (status != OURO_OK) {
		segment_unref(segment);
		return status;
	}
	*out = segment;
	return OURO_OK;
}
