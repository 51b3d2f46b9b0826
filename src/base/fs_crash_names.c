#include "base/fs_crash_journal.h"

#include <stdlib.h>

#include "base/error.h"

static void
move_free(struct crash_move *move)
{
	fs_node_drop(move->move.node);
	fs_node_drop(move->move.from_dir);
	fs_node_drop(move->move.to_dir);
	free(move->from);
	free(move->to);
	free(move);
}

static struct crash_move *
move_new(const struct store_move *from)
{
	struct crash_move *move = calloc(1, sizeof(*move));

	if (move == NULL)
		return NULL;
	move->move = *from;
	fs_node_keep(from->node);
	if (from->from_dir != NULL) {
		fs_node_keep(from->from_dir);
		move->from = strdup(from->from);
	}
	if (from->to_dir != NULL) {
		fs_node_keep(from->to_dir);
		move->to = strdup(from->to);
	}
	if ((from->from_dir != NULL && move->from == NULL) ||
	    (from->to_dir != NULL && move->to == NULL)) {
		move_free(move);
		return NULL;
	}
	move->move.from = move->from;
	move->move.to = move->to;
	return move;
}

static bool
moves_grow(struct fs_crash *crash)
{
	size_t capacity = crash->move_capacity * 2 + 16;
	struct crash_move **moves;

	if (crash->move_count < crash->move_capacity)
		return true;
	moves = reallocarray(crash->moves, capacity, sizeof(*moves));
	if (moves == NULL)
		return false;
	crash->moves = moves;
	crash->move_capacity = capacity;
	return true;
}

enum ouro_status
fs_crash_move(struct store *store, const struct store_move *change,
    struct ouro_error *err)
{
	struct fs_crash *crash = (struct fs_crash *)store;
	enum ouro_status status = fs_crash_tick(store, err);
	struct crash_move *move;

	if (status != OURO_OK)
		return status;
	if ((change->from_dir != NULL &&
		fs_crash_journal_of(change->from_dir) == NULL) ||
	    (change->to_dir != NULL &&
		fs_crash_journal_of(change->to_dir) == NULL) ||
	    !moves_grow(crash))
		return error_memory(err);
	move = move_new(change);
	if (move == NULL)
		return error_memory(err);
	crash->moves[crash->move_count++] = move;
	return OURO_OK;
}

/*
 * Chooses the moves that a sync of dir makes durable: its own, and with a
 * move between two directories, which happens whole or not at all, all that
 * came before it in the other.
 */
static void
moves_choose_for(struct fs_crash *crash, struct store_node *dir)
{
	((struct crash_journal *)dir->journal)->touched = true;
	for (size_t i = crash->move_count; i-- > 0;) {
		struct crash_move *move = crash->moves[i];
		struct crash_journal *from = move->move.from_dir == NULL
		    ? NULL
		    : move->move.from_dir->journal;
		struct crash_journal *to = move->move.to_dir == NULL
		    ? NULL
		    : move->move.to_dir->journal;

		move->chosen = (from != NULL && from->touched) ||
		    (to != NULL && to->touched);
		if (move->chosen && from != NULL)
			from->touched = true;
		if (move->chosen && to != NULL)
			to->touched = true;
	}
	for (struct store_node *n = crash->store.nodes; n != NULL; n = n->next)
		if (n->journal != NULL)
			((struct crash_journal *)n->journal)->touched = false;
}

static bool
move_make_durable(const struct store_move *move)
{
	struct crash_journal *journal;

	if (move->to_dir != NULL) {
		journal = move->to_dir->journal;
		if (!fs_names_put(&journal->durable_names, move->to,
			move->node))
			return false;
	}
	if (move->from_dir != NULL) {
		journal = move->from_dir->journal;
		fs_names_take(&journal->durable_names, move->from);
	}
	return true;
}

enum ouro_status
fs_crash_sync_dir(struct store_node *node, struct ouro_error *err)
{
	struct fs_crash *crash = (struct fs_crash *)node->store;
	enum ouro_status status = fs_crash_tick(node->store, err);
	size_t left = 0;

	if (status != OURO_OK)
		return status;
	if (fs_crash_journal_of(node) == NULL)
		return error_memory(err);
	moves_choose_for(crash, node);
	for (size_t i = 0; i < crash->move_count; i++) {
		struct crash_move *move = crash->moves[i];

		if (move->chosen && move_make_durable(&move->move)) {
			move_free(move);
			continue;
		}
		if (move->chosen)
			status = error_memory(err);
		move->chosen = false;
		crash->moves[left++] = move;
	}
	crash->move_count = left;
	return status;
}

void
fs_crash_moves_release(struct fs_crash *crash)
{
	for (size_t i = 0; i < crash->move_count; i++)
		move_free(crash->moves[i]);
	free(crash->moves);
}
