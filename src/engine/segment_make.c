/*
 * segment_make - new files of segment.h.
 */
#include "engine/segment.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"

static enum ouro_status
plan_header(struct segment_files *files, const struct segment_plan *plan,
    struct header *header, struct ouro_error *err)
{
	enum ouro_status status;

	*header = (struct header){ .id = plan->id, .first = plan->first };
	header->made_ms = fs_wall_ms(files->fs);
	header->ids = plan->ids;
	header->count = plan->ids_count;
	if (plan->kind == SEGMENT_COPIES)
		header->flags |= HEADER_COPIES;
	status = fs_random(files->fs, header->salt, RECORD_SALT, err);
	if (status != OURO_OK || files->seal_key == NULL)
		return status;
	header->flags |= HEADER_SEALED;
	return header_check(header, files->seal_key, files->name, header->check,
	    err);
}

/* The object for a segment to be, and its header's bytes. */
static enum ouro_status
plan_make(struct segment_files *files, const char *dir, const char *suffix,
    const struct segment_plan *plan, struct buffer *bytes, struct segment **out,
    struct ouro_error *err)
{
	struct header header = { .ids = plan->ids };
	struct segment *segment = NULL;
	char path[FS_PATH_MAX];
	enum ouro_status status;

	assert(plan->kind == SEGMENT_LOG || plan->kind == SEGMENT_COPIES);
	status = segment_path(path, dir, plan->id, suffix, err);
	if (status == OURO_OK)
		status = plan_header(files, plan, &header, err);
	if (status == OURO_OK)
		status = header_encode(&header, bytes, err);
	if (status == OURO_OK) {
		segment = segment_new(files, path, plan->id);
		if (segment == NULL)
			status = error_memory(err);
	}
	if (status == OURO_OK)
		status = segment_take_header(segment, &header, err);
	if (status == OURO_OK) {
		segment->end = segment->begin;
		segment->size = segment->begin;
	}
	header_release(&header);
	if (status != OURO_OK) {
		segment_unref(segment);
		return status;
	}
	*out = segment;
	return OURO_OK;
}

enum ouro_status
segment_create(struct segment_files *files, const char *dir,
    const struct segment_plan *plan, struct segment **out,
    struct ouro_error *err)
{
	struct buffer bytes = { 0 };
	struct segment *segment = NULL;
	struct fs_file *file;
	enum ouro_status status;
	bool made;

	status = plan_make(files, dir, "", plan, &bytes, &segment, err);
	if (status != OURO_OK)
		goto out;
	status = fs_create_file(files->fs, segment->path, buffer_bytes(&bytes),
	    err);
	made = status != OURO_EXISTS;
	if (status == OURO_OK)
		status = segment_pin(segment, &file, err);
	if (status != OURO_OK) {
		if (made)
			fs_unlink(files->fs, segment->path, NULL);
		segment_unref(segment);
		goto out;
	}
	segment_unpin(segment);
	*out = segment;
out:
	buffer_release(&bytes);
	return status;
}

enum ouro_status
segment_begin(struct segment_files *files, const char *dir,
    const struct segment_plan *plan, struct segment **out,
    struct ouro_error *err)
{
	struct buffer bytes = { 0 };
	struct segment *segment = NULL;
	enum ouro_status status;
	struct bytes part;

	status = plan_make(files, dir, ".tmp", plan, &bytes, &segment, err);
	if (status != OURO_OK)
		goto out;
	status = fs_open(files->fs, segment->path,
	    FS_READ | FS_WRITE | FS_CREATE | FS_EXCLUSIVE, &segment->file, err);
	if (status == OURO_OK) {
		segment->pins = 1;
		part = buffer_bytes(&bytes);
		status = fs_write(segment->file, 0, &part, 1, err);
		if (status != OURO_OK)
			fs_unlink(files->fs, segment->path, NULL);
	}
	if (status != OURO_OK) {
		segment_unref(segment);
		goto out;
	}
	*out = segment;
out:
	buffer_release(&bytes);
	return status;
}

enum ouro_status
segment_finish(struct segment *segment, const char *dir, struct ouro_error *err)
{
	struct segment_files *files = segment->files;
	enum ouro_status status;
	char path[FS_PATH_MAX];
	char *name;

	assert(segment->pins == 1);
	status = fs_sync(segment->file, err);
	if (status == OURO_OK)
		status = segment_path(path, dir, segment->id, "", err);
	if (status != OURO_OK)
		return status;
	name = strdup(path);
	if (name == NULL)
		return error_memory(err);
	status = fs_rename_new(files->fs, segment->path, path, err);
	if (status != OURO_OK) {
		free(name);
		return status;
	}
	free(segment->path);
	segment->path = name;
	status = fs_sync_dir(files->fs, dir, err);
	if (status != OURO_OK)
		return status;
	fs_close(segment->file); /* opened again under its name */
	segment->file = NULL;
	segment->pins = 0;
	return OURO_OK;
}
