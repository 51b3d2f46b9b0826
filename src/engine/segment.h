/*
 * segment - one file of the log, shared by those who read it.
 *
 * A segment object is counted: the log holds one reference while the segment
 * belongs to it, each reader one while it reads. Its file is opened when
 * somebody pins it; a store keeps at most SEGMENT_FILES_MAX unpinned files
 * open, the latest used.
 */
#ifndef ENGINE_SEGMENT_H
#define ENGINE_SEGMENT_H

#include <stdatomic.h>

#include <pthread.h>

#include "base/fs.h"
#include "engine/header.h"
#include "engine/pack.h"

#define SEGMENT_FILES_MAX 32

enum segment_kind {
	SEGMENT_OLD,	/* no header: the older format */
	SEGMENT_LOG,	/* ours; its sequences follow one another */
	SEGMENT_COPIES, /* ours; records that compaction or repair moved */
	SEGMENT_LOST,	/* nothing in it can be read, or is to be believed */
};

struct segment;
struct segment_map;

/* The open files of one store, and what it takes to read them all. */
struct segment_files {
	struct fs *fs;
	const uint8_t *seal_key; /* NULL: not sealed */
	const char *name;	 /* the engine's; bound to by the seal */
	unsigned flags;		 /* FS_READ, or with FS_WRITE */
	bool no_maps;		 /* see engine.h */
	struct pack_pool packs;
	pthread_mutex_t lock;
	struct segment *newest, *oldest; /* open and not pinned, by last use */
	unsigned idle;			 /* their number */
};

struct segment {
	struct segment_files *files;
	atomic_uint references;
	uint64_t id;
	char *path;
	enum segment_kind kind;
	const char *lost; /* SEGMENT_LOST: why */
	bool foreign;	  /* lost: its header is whole, but does not fit the
			   * seal key */
	struct record_frame frame;
	uint64_t first; /* SEGMENT_LOG: the sequence it begins with;
			 * SEGMENT_COPIES: up to there, every record in it
			 * was its key's newest */
	uint64_t begin; /* where records begin */
	uint64_t *ids;	/* listed by its header */
	uint32_t ids_count;

	/* Guarded by the log's lock. */
	uint64_t end;	      /* where valid content ends */
	uint64_t next;	      /* SEGMENT_LOG: the sequence that follows there */
	bool indexed;	      /* everything in it was added to the index */
	uint64_t frame_bytes; /* of header, batch heads and marks */
	uint64_t least;	      /* smallest sequence in it; UINT64_MAX: none */
	uint64_t damaged;     /* regions not understood, or known lost */

	/* Guarded by the index's `counting`. */
	uint64_t live_bytes; /* of records that count */
	uint64_t live_count; /* and their number, damaged ones too */
	uint64_t tomb_bytes; /* of tombstones that are newest */

	/* While the log is opened: what the stored index knows of it. */
	const struct manifest_segment *covered;

	/* Guarded by the commit step. */
	bool dirty;	  /* holds what no sync covered */
	bool roomy;	  /* its full size was asked for (engine/ahead.h) */
	uint8_t small;	  /* small durable groups in a row, at most 2 */
	uint64_t written; /* where blocks written ahead end, or 0 */
	/* Of the file; zeros lie behind the records. Others may look. */
	atomic_uint_fast64_t size;
	atomic_bool junk; /* bytes beyond `end` that were not cut off */

	/* Guarded by files->lock. */
	struct fs_file *file;
	unsigned pins;
	struct segment *newer, *older;
	bool unmappable; /* it was tried */

	_Atomic(struct segment_map *) map; /* newest; see segment_map.h */
};

void segment_files_init(struct segment_files *files, struct fs *fs,
    bool read_only);
/* Every segment must have been dropped. */
void segment_files_release(struct segment_files *files);

/* "dir/segment-00000001.dat"; suffix "" or ".tmp". */
enum ouro_status segment_path(char out[FS_PATH_MAX], const char *dir,
    uint64_t id, const char *suffix, struct ouro_error *err);
/* The id in a file name; false when it is not a segment's. */
bool segment_id_of(const char *name, uint64_t *id);

/*
 * Opens an existing file and reads its header. `end` is the file's size. In a
 * sealed store a file is lost when it was not sealed under the store's key:
 * nothing in it can be trusted.
 *   OURO_WRONG_KEY    it is sealed, and no key was given
 *   OURO_UNSUPPORTED  a later format
 */
enum ouro_status segment_open(struct segment_files *files, const char *dir,
    uint64_t id, struct segment **out, struct ouro_error *err);

/* What a new segment says of itself. */
struct segment_plan {
	uint64_t id;
	enum segment_kind kind; /* SEGMENT_LOG or SEGMENT_COPIES */
	uint64_t first;
	uint64_t *ids; /* taken over, also on failure */
	uint32_t ids_count;
};

/* Makes a log segment with its header, all of it durable. OURO_EXISTS: never
 * in the place of another file. */
enum ouro_status segment_create(struct segment_files *files, const char *dir,
    const struct segment_plan *plan, struct segment **out,
    struct ouro_error *err);

/* Makes a segment of copies under a temporary name, open and pinned ... */
enum ouro_status segment_begin(struct segment_files *files, const char *dir,
    const struct segment_plan *plan, struct segment **out,
    struct ouro_error *err);
/* ... and, once filled, makes content and name durable and unpins it.
 * OURO_EXISTS, as above. */
enum ouro_status segment_finish(struct segment *segment, const char *dir,
    struct ouro_error *err);

/* An object without a file yet; NULL when out of memory. */
struct segment *segment_new(struct segment_files *files, const char *path,
    uint64_t id);
/* Makes it the segment that the header tells of, and takes the header's ids;
 * or a lost one. OURO_WRONG_KEY, as segment_open. */
enum ouro_status segment_take_header(struct segment *segment,
    struct header *header, struct ouro_error *err);

struct segment *segment_ref(struct segment *segment);
void segment_unref(struct segment *segment); /* NULL is fine */

/* The open file, until segment_unpin. */
enum ouro_status segment_pin(struct segment *segment, struct fs_file **out,
    struct ouro_error *err);
void segment_unpin(struct segment *segment);

#endif
