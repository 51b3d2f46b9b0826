/*
 * run - an immutable, checksummed, mapped piece of the index in a file.
 *
 * Holds one entry for each of its keys, ascending: where the key's record
 * lies. Point look-ups go through a Bloom filter and a hash table, scans
 * through the pages of entries. Every page carries a check and is read and
 * checked through fs_read before it is first believed; after that it is used
 * in the map, so a hot look-up makes no system call. In a sealed store pages
 * are encrypted, each on its own, and opened ones are kept in a small cache
 * of bounded size in memory; nothing is used in the map.
 *
 * Thread-safe and immutable but for what is private. Counted.
 */
#ifndef ENGINE_RUN_H
#define ENGINE_RUN_H

#include "base/fs.h"
#include "engine/place.h"

struct run;
struct run_build;
struct run_copy;

/* What the runs of one store have in common; borrowed by them. */
struct run_store {
	struct fs *fs;
	const char *dir;
	uint64_t seed;		 /* of key_hash */
	const uint8_t *seal_key; /* KEY_SIZE bytes, or NULL */
	const char *name;	 /* the engine's: bound to by the seal */
	size_t cache_size;	 /* bytes of opened pages per run (sealed) */
};

/* "dir/index-00000001.run"; suffix "" or ".tmp". */
enum ouro_status run_path(char out[FS_PATH_MAX], const char *dir, uint64_t id,
    const char *suffix, struct ouro_error *err);
/* The id in a file name; false when it is no run's (nor a temporary one's,
 * which sets *temporary). */
bool run_id_of(const char *name, uint64_t *id, bool *temporary);

/* ---- making ------------------------------------------------------------------- */

/* entries_max: at most so many will be added. Memory used is bounded
 * (below 2 MiB) whatever the number: hash table and filter are filled in the
 * file. The file has a temporary name until it is finished. */
enum ouro_status run_build_begin(const struct run_store *store, uint64_t id,
    uint64_t entries_max, struct run_build **out, struct ouro_error *err);
/* Keys ascend. */
enum ouro_status run_build_add(struct run_build *build, struct bytes key,
    const struct place *place, struct ouro_error *err);
/* Bounded pieces of what follows the last entry; *done: run_build_finish may
 * be called. Not needed for a small run: finish does what is left. */
enum ouro_status run_build_step(struct run_build *build, bool *done,
    struct ouro_error *err);
/* Makes content and name durable and opens the run. Frees build, also when
 * it fails (the file is then gone). */
enum ouro_status run_build_finish(struct run_build *build, struct run **out,
    struct ouro_error *err);
/* Removes the file. NULL is fine. */
void run_build_abort(struct run_build *build);

/* ---- reading ------------------------------------------------------------------- */

/*
 * OURO_NOT_FOUND, OURO_UNSUPPORTED (a later format), OURO_DAMAGED: header or
 * list of segments are wrong, or not sealed under the key, or the seed is not
 * the store's. With one
 * reference.
 */
enum ouro_status run_open(const struct run_store *store, uint64_t id,
    struct run **out, struct ouro_error *err);
struct run *run_ref(struct run *run);
void run_unref(struct run *run); /* NULL is fine */

/* Whether these were opened from the same file, or from whole copies of it. */
bool run_is_same(const struct run *a, const struct run *b);

/* Its file, of run_size bytes, to be copied; borrowed. */
struct fs_file *run_file(const struct run *run);
uint64_t run_id(const struct run *run);
uint64_t run_entries(const struct run *run);
uint64_t run_size(const struct run *run);   /* bytes on disk */
uint64_t run_memory(const struct run *run); /* anonymous bytes */

/* OURO_NOT_FOUND, without a text; OURO_DAMAGED with file and offset of the
 * page. */
enum ouro_status run_find(struct run *run, uint64_t hash, struct bytes key,
    struct place *out, struct ouro_error *err);

/* How often the filter was asked since opening, and how often it said no;
 * relaxed counters per run (may be approximate). */
void run_filter_counts(const struct run *run, uint64_t *asked,
    uint64_t *spared);

/* Where a walk over the entries stands. key and place are valid until the
 * next call for this cursor. run_cursor_release afterwards. */
struct run_cursor {
	struct run *run; /* borrowed */
	bool valid;	 /* stands at an entry */
	bool reverse;
	struct bytes key;
	struct place place;
	/* private */
	uint64_t page;
	unsigned index, count;
	const uint8_t *data;
	struct run_copy *copy; /* sealed: the opened page */
};

void run_cursor_init(struct run_cursor *cursor, struct run *run);
void run_cursor_release(struct run_cursor *cursor);
/* As delta_cursor_seek; OURO_DAMAGED, OURO_IO. */
enum ouro_status run_cursor_seek(struct run_cursor *cursor, struct bytes key,
    bool after, bool reverse, struct ouro_error *err);
enum ouro_status run_cursor_next(struct run_cursor *cursor,
    struct ouro_error *err);

/* Reads and checks every page; calls bad for each that is wrong and goes on.
 * OURO_DAMAGED when there was one. */
enum ouro_status run_verify(struct run *run,
    void (
	*bad)(void *context, const char *path, uint64_t offset, uint64_t size),
    void *context, struct ouro_error *err);

#endif
