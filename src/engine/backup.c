#include "engine/backup.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/error.h"
#include "engine/commit.h"

#define PIECE	  (1024u * 1024) /* bytes copied at once */
#define TEMPORARY ".tmp"

/* A segment or a run. */
struct backup_file {
	struct segment *segment; /* referenced, or NULL */
	struct run *run;	 /* the same */
	uint64_t size;		 /* bytes of it that belong to the moment */
};

struct backup {
	struct log_engine *log;
	const char *dir;
	engine_progress *progress;
	void *context;
	struct backup_file *files; /* segments, newest first, then runs */
	size_t count;
	size_t segments; /* of those files */
	size_t begun;	 /* have a temporary name, or had one */
	size_t named;
	bool ended;  /* the last files were begun */
	bool stored; /* with the index, which is: */
	struct manifest manifest;
	uint64_t done, total; /* bytes */
	struct buffer piece;
};

/* ---- what there is at this moment --------------------------------------------- */

static enum ouro_status
segments_capture(struct backup *backup, struct ouro_error *err)
{
	struct log_engine *log = backup->log;
	enum ouro_status status = OURO_OK;

	pthread_rwlock_rdlock(&log->lock);
	backup->files = calloc(log->segment_count + VIEW_RUNS_MAX,
	    sizeof *backup->files);
	if (backup->files == NULL)
		status = error_memory(err);
	for (size_t i = log->segment_count; status == OURO_OK && i-- > 0;) {
		struct segment *segment = log->segments[i];

		backup->files[backup->count++] = (struct backup_file){
			.segment = segment_ref(segment),
			.size = segment->end,
		};
	}
	pthread_rwlock_unlock(&log->lock);
	backup->segments = backup->count;
	return status;
}

static enum ouro_status
manifest_capture(struct backup *backup, struct ouro_error *err)
{
	const struct index *index = &backup->log->index;
	struct manifest *manifest = &backup->manifest;
	enum ouro_status status = manifest_copy(&index->manifest, manifest,
	    err);

	if (status != OURO_OK)
		return status;
	free(manifest->runs);
	manifest->run_count = 0;
	manifest->runs = calloc(index->run_count + 1u, sizeof *manifest->runs);
	if (manifest->runs == NULL)
		return error_memory(err);
	for (unsigned i = 0; i < index->run_count; i++)
		manifest->runs[manifest->run_count++] = run_id(index->runs[i]);
	return OURO_OK;
}

/* Within a step of the index: runs and manifest belong together. */
static enum ouro_status
capture(struct log_engine *log, void *context, struct ouro_error *err)
{
	struct backup *backup = context;
	struct index *index = &log->index;
	enum ouro_status status = segments_capture(backup, err);

	if (status != OURO_OK || !index->stored)
		return status;
	status = manifest_capture(backup, err);
	for (unsigned i = 0; status == OURO_OK && i < index->run_count; i++)
		backup->files[backup->count++] = (struct backup_file){
			.run = run_ref(index->runs[i]),
			.size = run_size(index->runs[i]),
		};
	backup->stored = status == OURO_OK;
	return status;
}

static void
page_ignore(void *context, const char *path, uint64_t offset, uint64_t size)
{
	(void)context;
	(void)path;
	(void)offset;
	(void)size;
}

static void
runs_drop(struct backup *backup)
{
	while (backup->count > backup->segments)
		run_unref(backup->files[--backup->count].run);
	backup->stored = false;
}

/* A damaged index is left behind: the backup can do without. */
static enum ouro_status
runs_check(struct backup *backup, struct ouro_error *err)
{
	for (size_t i = backup->segments; i < backup->count; i++) {
		enum ouro_status status = run_verify(backup->files[i].run,
		    page_ignore, NULL, err);

		if (status == OURO_DAMAGED)
			runs_drop(backup);
		else if (status != OURO_OK)
			return status;
	}
	return OURO_OK;
}

/* ---- the directory ---------------------------------------------------------------- */

static enum ouro_status
name_refuse(void *context, const char *name, struct ouro_error *err)
{
	return error_set(err, OURO_EXISTS,
	    "%s is not empty: %s is there; a backup needs a new directory",
	    (const char *)context, name);
}

static enum ouro_status
parent_check(const struct backup *backup, struct ouro_error *err)
{
	size_t size = strlen(backup->dir);
	char parent[FS_PATH_MAX];
	struct fs_info info;
	enum ouro_status status;

	while (size > 1 && backup->dir[size - 1] == '/')
		size--;
	while (size > 0 && backup->dir[size - 1] != '/')
		size--;
	if (size == 0)
		return OURO_OK; /* where we are */
	while (size > 1 && backup->dir[size - 1] == '/')
		size--;
	if (size >= sizeof parent)
		return error_set(err, OURO_TOO_LARGE,
		    "the backup's path of %zu bytes is too long",
		    strlen(backup->dir));
	memcpy(parent, backup->dir, size);
	parent[size] = '\0';
	status = fs_stat(backup->log->fs, parent, &info, err);
	if (status == OURO_NOT_FOUND || (status == OURO_OK && !info.directory))
		return error_set(err, OURO_NOT_FOUND,
		    "there is no directory %s in which to make the backup %s",
		    parent, backup->dir);
	return status;
}

static enum ouro_status
directory_make(const struct backup *backup, struct ouro_error *err)
{
	struct fs *fs = backup->log->fs;
	struct fs_info info;
	enum ouro_status status = fs_stat(fs, backup->dir, &info, err);

	if (status == OURO_NOT_FOUND) {
		status = parent_check(backup, err);
		return status == OURO_OK ? fs_mkdir(fs, backup->dir, err)
					 : status;
	}
	if (status != OURO_OK)
		return status;
	if (!info.directory)
		return error_set(err, OURO_EXISTS, "%s is no directory",
		    backup->dir);
	return fs_list(fs, backup->dir, name_refuse,
	    (void *)(uintptr_t)backup->dir, err);
}

/* ---- copying ------------------------------------------------------------------------ */

static enum ouro_status
file_path(const struct backup *backup, size_t i, const char *suffix,
    char out[FS_PATH_MAX], struct ouro_error *err)
{
	const struct backup_file *file = &backup->files[i];

	return file->run != NULL
	    ? run_path(out, backup->dir, run_id(file->run), suffix, err)
	    : segment_path(out, backup->dir, file->segment->id, suffix, err);
}

static enum ouro_status
advance(struct backup *backup, uint64_t bytes, struct ouro_error *err)
{
	backup->done += bytes;
	if (backup->progress == NULL ||
	    backup->progress(backup->context, backup->done, backup->total))
		return OURO_OK;
	return error_set(err, OURO_CANCELLED, "the backup %s was cancelled",
	    backup->dir);
}

static enum ouro_status
piece_copy(struct backup *backup, struct fs_file *from, struct fs_file *to,
    uint64_t offset, size_t size, struct ouro_error *err)
{
	struct bytes part;
	size_t got = 0;
	enum ouro_status status = fs_read(from, offset, backup->piece.data,
	    size, &got, err);

	if (status == OURO_OK && got < size)
		status = error_set(err, OURO_DAMAGED,
		    "%s ends at %" PRIu64 "; the store knows more of it",
		    fs_path(from), offset + got);
	part = bytes_of(backup->piece.data, size);
	if (status == OURO_OK)
		status = fs_write(to, offset, &part, 1, err);
	if (status != OURO_OK)
		return status;
	fs_flush_start(to, offset, size);
	return advance(backup, size, err);
}

static enum ouro_status
content_copy(struct backup *backup, struct fs_file *from, uint64_t size,
    const char *path, struct ouro_error *err)
{
	struct fs_file *to = NULL;
	enum ouro_status status = fs_open(backup->log->fs, path,
	    FS_READ | FS_WRITE | FS_CREATE | FS_EXCLUSIVE, &to, err);

	if (status != OURO_OK)
		return status;
	backup->begun++;
	for (uint64_t at = 0; status == OURO_OK && at < size; at += PIECE)
		status = piece_copy(backup, from, to, at,
		    size - at < PIECE ? (size_t)(size - at) : PIECE, err);
	if (status == OURO_OK)
		status = fs_sync(to, err);
	fs_close(to);
	return status;
}

static enum ouro_status
file_copy(struct backup *backup, size_t i, struct ouro_error *err)
{
	struct backup_file *file = &backup->files[i];
	char path[FS_PATH_MAX];
	struct fs_file *from;
	enum ouro_status status = file_path(backup, i, TEMPORARY, path, err);

	if (status != OURO_OK)
		return status;
	if (file->run != NULL)
		return content_copy(backup, run_file(file->run), file->size,
		    path, err);
	status = segment_pin(file->segment, &from, err);
	if (status != OURO_OK)
		return status;
	status = content_copy(backup, from, file->size, path, err);
	segment_unpin(file->segment);
	return status;
}

static enum ouro_status
file_name(struct backup *backup, size_t i, struct ouro_error *err)
{
	char from[FS_PATH_MAX], to[FS_PATH_MAX];
	enum ouro_status status = file_path(backup, i, TEMPORARY, from, err);

	if (status == OURO_OK)
		status = file_path(backup, i, "", to, err);
	if (status == OURO_OK)
		status = fs_rename_new(backup->log->fs, from, to, err);
	backup->named += status == OURO_OK;
	return status;
}

/* By which a store without segments is known. */
static enum ouro_status
lock_put(struct backup *backup, struct ouro_error *err)
{
	char path[FS_PATH_MAX];
	struct fs_file *file = NULL;
	enum ouro_status status = fs_join(path, backup->dir, LOG_LOCK_NAME,
	    err);

	if (status == OURO_OK)
		status = fs_open(backup->log->fs, path,
		    FS_WRITE | FS_CREATE | FS_EXCLUSIVE, &file, err);
	backup->ended = status == OURO_OK;
	fs_close(file);
	return status;
}

/* The manifest is sealed anew; what it names is durable. */
static enum ouro_status
manifest_put(const struct backup *backup, struct ouro_error *err)
{
	struct run_store store = backup->log->index.store;

	store.dir = backup->dir;
	return manifest_write(&store, &backup->manifest, err);
}

static enum ouro_status
all_copy(struct backup *backup, struct ouro_error *err)
{
	enum ouro_status status = buffer_resize(&backup->piece, PIECE, err);

	for (size_t i = 0; i < backup->count; i++)
		backup->total += backup->files[i].size;
	if (status == OURO_OK)
		status = advance(backup, 0, err);
	for (size_t i = 0; status == OURO_OK && i < backup->count; i++)
		status = file_copy(backup, i, err);
	for (size_t i = 0; status == OURO_OK && i < backup->count; i++)
		status = file_name(backup, i, err);
	if (status == OURO_OK)
		status = lock_put(backup, err);
	if (status == OURO_OK)
		status = fs_sync_dir(backup->log->fs, backup->dir, err);
	if (status == OURO_OK && backup->stored)
		status = manifest_put(backup, err);
	return status;
}

/* ---- all ------------------------------------------------------------------------------ */

static void
name_remove(const struct backup *backup, const char *name)
{
	char path[FS_PATH_MAX];

	if (fs_join(path, backup->dir, name, NULL) == OURO_OK)
		fs_unlink(backup->log->fs, path, NULL);
}

/* INDEX goes first, and the segment that lists the others last. */
static void
made_remove(const struct backup *backup)
{
	struct fs *fs = backup->log->fs;
	char path[FS_PATH_MAX];

	if (backup->ended) {
		name_remove(backup, MANIFEST_NAME);
		name_remove(backup, LOG_LOCK_NAME);
	}
	for (size_t i = backup->begun; i-- > 0;)
		if (file_path(backup, i, i < backup->named ? "" : TEMPORARY,
			path, NULL) == OURO_OK)
			fs_unlink(fs, path, NULL);
	fs_sync_dir(fs, backup->dir, NULL);
}

static void
backup_release(struct backup *backup)
{
	for (size_t i = 0; i < backup->count; i++) {
		segment_unref(backup->files[i].segment);
		run_unref(backup->files[i].run);
	}
	free(backup->files);
	manifest_release(&backup->manifest);
	buffer_release(&backup->piece);
}

enum ouro_status
backup_make(struct engine *engine, const char *dir, engine_progress *progress,
    void *context, struct ouro_error *err)
{
	struct log_engine *log = log_engine_of(engine);
	struct backup backup = { .log = log, .dir = dir };
	enum ouro_status status;

	backup.progress = progress;
	backup.context = context;
	status = log->read_only ? OURO_OK : commit_barrier(log, err);
	if (status == OURO_OK)
		status = directory_make(&backup, err);
	if (status == OURO_OK)
		status = index_within(log, capture, &backup, err);
	if (status == OURO_OK)
		status = runs_check(&backup, err);
	if (status == OURO_OK) {
		status = all_copy(&backup, err);
		if (status != OURO_OK)
			made_remove(&backup);
	}
	backup_release(&backup);
	return status;
}
