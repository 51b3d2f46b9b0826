/*
 * run_build - a run that is being made.
 *
 * Adding writes the leaves. What follows goes over them again: once for the
 * tree, whose pages come behind them; once to fill hash table and filter in
 * a map of the file; then those get their checks, and the segments' ids and
 * the header are written. The header comes last: before, the file is none.
 *
 * Invariants
 *   - No page of a sealed file is sealed twice.
 *   - Memory: a writer's pages, one page and a key for each level, the ids.
 */
#ifndef ENGINE_RUN_BUILD_H
#define ENGINE_RUN_BUILD_H

#include "engine/run_ordinal.h"
#include "engine/run_tree.h"

enum run_stage {
	RUN_ADDING,
	RUN_TREE,    /* leaf by leaf */
	RUN_FILLING, /* the same */
	RUN_CHECKING,
	RUN_CLOSING,
	RUN_DONE,
};

struct run_build {
	struct run_store store; /* a copy; what it points at is borrowed */
	char path[FS_PATH_MAX];
	struct fs_file *file;
	struct run_layout at;
	struct run_check check;
	uint64_t entries_max;
	enum run_stage stage;
	enum ouro_status failed; /* what the first failure was */
	struct run_writer writer;
	struct run_node leaf;
	struct run_ordinals ordinals;
	struct run_tree tree;
	uint64_t next; /* page that the stage looks at next */
	uint8_t *page; /* a leaf that is gone over again */
	uint8_t *map;  /* while filled and checked */
	size_t map_size;
	size_t last_size; /* the key that was added, or gone over, last */
	uint8_t last[ENGINE_KEY_MAX];
};

/* The stages that go over the file; at most RUN_PIECE pages of it. */
#define RUN_PIECE 256
enum ouro_status run_fill_tree(struct run_build *build, struct ouro_error *err);
/* Makes room and a map for table and filter. */
enum ouro_status run_fill_begin(struct run_build *build,
    struct ouro_error *err);
enum ouro_status run_fill_tables(struct run_build *build,
    struct ouro_error *err);
enum ouro_status run_fill_checks(struct run_build *build,
    struct ouro_error *err);
void run_fill_end(struct run_build *build);

#endif
