/*
 * fs_crash_journal - what fs_crash keeps of changes that are not durable.
 * Internal to fs_crash.c (content) and fs_crash_names.c, which record it,
 * and fs_crash_state.c, which makes disks of it.
 *
 * Invariants, for every node of the store, at the end of each call
 *   1. durable + all ops, in order, = the content, but for stores into
 *      writable maps since the last scan.
 *   2. known, while there are watchers, = durable + all ops.
 *   3. durable_names + all moves that touch the directory, in order, = its
 *      names.
 */
#ifndef BASE_FS_CRASH_JOURNAL_H
#define BASE_FS_CRASH_JOURNAL_H

#include "base/fs_crash.h"
#include "base/fs_store.h"

#define CRASH_SECTOR 512
#define CRASH_PAGE   4096

/* One unsynced change of a file's content. */
struct crash_op {
	struct crash_op *next;
	bool resize;
	uint64_t offset; /* of a resize: the new size */
	size_t size;
	uint8_t data[];
};

/* One unsynced change of names; owns its names, keeps its nodes. */
struct crash_move {
	struct store_move move;
	char *from, *to;
	bool chosen; /* within one call: becomes durable, or is in the state */
};

/* A node's journal; zeroed = a new and empty file or directory. */
struct crash_journal {
	struct content durable;
	struct crash_op *ops;
	struct crash_op *ops_last;
	size_t op_count;
	struct content known;
	unsigned watchers; /* writable maps */
	struct store_names durable_names;

	/* Within one call, zero outside. */
	bool touched;	   /* sync_dir: its moves become durable */
	size_t move_count; /* state: moves that touch the directory */
	size_t move_cut;   /* state: how many of them happened */
	size_t move_seen;
	struct store_node *clone; /* state: its copy */
};

struct fs_crash {
	struct store store; /* first */
	uint64_t clock;
	uint64_t stop_at;
	bool frozen;		   /* stopped, and the last scan was done */
	struct crash_move **moves; /* in order */
	size_t move_count;
	size_t move_capacity;
};

/* NULL when out of memory. */
struct crash_journal *fs_crash_journal_of(struct store_node *node);

/* Makes bytes [first, end) of the op, or all of a resize, in content. */
bool fs_crash_op_apply(const struct crash_op *op, struct content *content,
    size_t first, size_t end);

/* Records what was stored into writable maps. */
enum ouro_status fs_crash_scan(struct fs_crash *crash, struct ouro_error *err);

/* Counts a changing call; what was stored before it comes before it. */
enum ouro_status fs_crash_tick(struct store *store, struct ouro_error *err);

/* The hooks for names. */
enum ouro_status fs_crash_move(struct store *store,
    const struct store_move *change, struct ouro_error *err);
enum ouro_status fs_crash_sync_dir(struct store_node *node,
    struct ouro_error *err);
void fs_crash_moves_release(struct fs_crash *crash);

#endif
