#include "engine/run_tree.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"

static enum ouro_status
level_new(struct run_tree *tree, struct ouro_error *err)
{
	struct run_level *level;

	if (tree->count == RUN_LEVELS_MAX)
		return error_set(err, OURO_TOO_LARGE,
		    "an index file with a tree of more than %d levels",
		    RUN_LEVELS_MAX);
	level = calloc(1, sizeof *level);
	if (level != NULL)
		level->node.page = malloc(RUN_PAGE);
	if (level == NULL || level->node.page == NULL) {
		free(level);
		return error_memory(err);
	}
	run_node_begin(&level->node, tree->count + 1);
	tree->levels[tree->count++] = level;
	return OURO_OK;
}

/* Writes the level's open page and tells the one above. */
static enum ouro_status
level_put(struct run_tree *tree, unsigned i, struct ouro_error *err)
{
	struct run_level *level = tree->levels[i];
	uint64_t number = tree->writer->next;
	enum ouro_status status;

	status = run_writer_put(tree->writer, level->node.page, err);
	if (status != OURO_OK)
		return status;
	level->written = true;
	run_node_begin(&level->node, i + 1);
	return run_tree_add(tree, i + 1,
	    bytes_of(level->least, level->least_size), number, err);
}

/* Its key is that of the page as a whole, and not needed in it. */
static void
level_begin(struct run_level *level, struct bytes least, uint64_t child)
{
	uint8_t tail[VARINT_MAX];
	size_t size = (size_t)(varint_put(tail, child) - tail);
	unsigned offset;
	bool fits;

	if (least.size > 0)
		memcpy(level->least, least.data, least.size);
	level->least_size = least.size;
	level->only = child;
	fits = run_node_add(&level->node, bytes_of(NULL, 0),
	    bytes_of(tail, size), &offset);
	assert(fits);
	(void)fits;
}

enum ouro_status
run_tree_add(struct run_tree *tree, unsigned i, struct bytes least,
    uint64_t child, struct ouro_error *err)
{
	uint8_t tail[VARINT_MAX];
	size_t size = (size_t)(varint_put(tail, child) - tail);
	enum ouro_status status = OURO_OK;
	unsigned offset;

	if (i == tree->count)
		status = level_new(tree, err);
	if (status != OURO_OK)
		return status;
	if (tree->levels[i]->node.count > 0) {
		if (run_node_add(&tree->levels[i]->node, least,
			bytes_of(tail, size), &offset))
			return OURO_OK;
		/* Two entries fit any page, so each level has at most half as
		 * many pages as the one below, and one more. */
		assert(tree->levels[i]->node.count >= 2);
		status = level_put(tree, i, err);
	}
	if (status == OURO_OK)
		level_begin(tree->levels[i], least, child);
	return status;
}

enum ouro_status
run_tree_end(struct run_tree *tree, uint64_t *root, uint32_t *levels,
    struct ouro_error *err)
{
	assert(tree->count > 0);
	for (unsigned i = 0;; i++) {
		const struct run_level *level = tree->levels[i];
		enum ouro_status status;

		if (i + 1 == tree->count && !level->written &&
		    level->node.count == 1) {
			*root = level->only;
			*levels = i;
			return OURO_OK;
		}
		status = level_put(tree, i, err);
		if (status != OURO_OK)
			return status;
	}
}

void
run_tree_release(struct run_tree *tree)
{
	for (unsigned i = 0; i < tree->count; i++) {
		free(tree->levels[i]->node.page);
		free(tree->levels[i]);
	}
	*tree = (struct run_tree){ 0 };
}
