/*
 * run_tree - the inner pages over a run's leaves, made in one pass: of each
 * level one page is open, and goes to the file when it is full.
 */
#ifndef ENGINE_RUN_TREE_H
#define ENGINE_RUN_TREE_H

#include "engine/run_node.h"
#include "engine/run_writer.h"

/* An open page, and what all its keys are >=. */
struct run_level {
	struct run_node node;
	bool written;  /* a page of this level was */
	uint64_t only; /* the first child */
	size_t least_size;
	uint8_t least[ENGINE_KEY_MAX];
};

/* Zeroed = empty. */
struct run_tree {
	struct run_writer *writer; /* borrowed */
	struct run_level *levels[RUN_LEVELS_MAX];
	unsigned count;
};

/* A page below tree->levels[i], ascending; least separates it from the one
 * before. */
enum ouro_status run_tree_add(struct run_tree *tree, unsigned i,
    struct bytes least, uint64_t child, struct ouro_error *err);
/* Puts what is open; *root: its page, of level *levels. */
enum ouro_status run_tree_end(struct run_tree *tree, uint64_t *root,
    uint32_t *levels, struct ouro_error *err);
void run_tree_release(struct run_tree *tree);

#endif
