#include "base/fs_crash_journal.h"

#include <stdlib.h>

struct maker {
	struct fs_crash *from;
	struct fs_crash *to;
	enum fs_crash_policy policy;
	uint64_t random;
	bool failed; /* out of memory */
};

/* A number below limit. */
static uint64_t
draw(struct maker *maker, uint64_t limit)
{
	return fs_random_next(&maker->random) % limit;
}

/* How many of count changes happened; the ends, where protocols differ,
 * come more often than their share. */
static size_t
draw_cut(struct maker *maker, size_t count)
{
	switch (maker->policy) {
	case FS_CRASH_KEEP_ALL:
		return count;
	case FS_CRASH_LOSE_ALL:
		return 0;
	default:
		break;
	}
	switch (draw(maker, 8)) {
	case 0:
		return 0;
	case 1:
		return count;
	case 2:
		return count > 0 ? count - 1 : 0;
	default:
		return (size_t)draw(maker, (uint64_t)count + 1);
	}
}

/* ---- content ---------------------------------------------------------- */

static void
part_keep(struct maker *maker, const struct crash_op *op,
    struct content *content, size_t first, size_t end)
{
	if (!fs_crash_op_apply(op, content, first, end))
		maker->failed = true;
}

/* Where the block after the one that holds byte `at` of the op begins. */
static size_t
block_end(const struct crash_op *op, size_t at, size_t block)
{
	size_t end = at + block - (size_t)((op->offset + at) % block);

	return end < op->size ? end : op->size;
}

/* Keeps every other block of a write, by draw. */
static void
op_scatter(struct maker *maker, const struct crash_op *op,
    struct content *content)
{
	size_t block = draw(maker, 2) ? CRASH_PAGE : CRASH_SECTOR;
	size_t end;

	for (size_t at = 0; at < op->size; at = end) {
		end = block_end(op, at, block);
		if (draw(maker, 2))
			part_keep(maker, op, content, at, end);
	}
}

/* A block boundary inside the write, 0 for none. */
static size_t
op_boundary(struct maker *maker, const struct crash_op *op, size_t block)
{
	uint64_t before, count;

	if (op->size == 0)
		return 0;
	before = op->offset / block;
	count = (op->offset + op->size - 1) / block - before;
	count = draw(maker, count + 1);
	return count == 0 ? 0 : (size_t)((before + count) * block - op->offset);
}

/* A lost write of a file whose size was kept leaves zeros. */
static void
op_lose(const struct crash_op *op, struct content *content, bool size_kept)
{
	uint64_t end = op->offset + op->size;

	if (size_kept && !op->resize && end > content->size)
		fs_content_resize(content, end);
}

static void
ops_keep_prefix(struct maker *maker, const struct crash_journal *journal,
    struct content *content)
{
	size_t cut = draw_cut(maker, journal->op_count);
	bool size_kept = maker->policy != FS_CRASH_LOSE_ALL &&
	    maker->policy != FS_CRASH_KEEP_ALL && draw(maker, 2);
	size_t block = maker->policy == FS_CRASH_TORN_512 ? CRASH_SECTOR
							  : CRASH_PAGE;
	const struct crash_op *op = journal->ops;

	for (; op != NULL && cut > 0; op = op->next, cut--)
		part_keep(maker, op, content, 0, op->size);
	if (op != NULL && !op->resize && maker->policy != FS_CRASH_LOSE_ALL)
		part_keep(maker, op, content, 0, op_boundary(maker, op, block));
	for (; op != NULL; op = op->next)
		op_lose(op, content, size_kept);
}

static void
ops_keep_subset(struct maker *maker, const struct crash_journal *journal,
    struct content *content)
{
	static const uint8_t odds[] = { 1, 4, 7 }; /* of 8 */
	uint64_t keep = odds[draw(maker, sizeof(odds))];
	bool size_kept = draw(maker, 2);

	for (const struct crash_op *op = journal->ops; op != NULL;
	     op = op->next) {
		if (!op->resize && op->size > CRASH_SECTOR &&
		    draw(maker, 4) == 0)
			op_scatter(maker, op, content);
		else if (draw(maker, 8) < keep)
			part_keep(maker, op, content, 0, op->size);
		op_lose(op, content, size_kept);
	}
}

static void
ops_keep_later(struct maker *maker, const struct crash_journal *journal,
    struct content *content)
{
	size_t pivot = draw_cut(maker, journal->op_count);
	bool size_kept = draw(maker, 2);

	for (const struct crash_op *op = journal->ops; op != NULL;
	     op = op->next) {
		uint64_t keep = pivot > 0 ? 2 : 7; /* of 8 */

		if (pivot > 0)
			pivot--;
		if (!op->resize && draw(maker, 4) == 0)
			part_keep(maker, op, content,
			    op_boundary(maker, op, CRASH_PAGE), op->size);
		else if (draw(maker, 8) < keep)
			part_keep(maker, op, content, 0, op->size);
		op_lose(op, content, size_kept);
	}
}

static void
content_make(struct maker *maker, const struct crash_journal *journal,
    struct content *content)
{
	if (!fs_content_share(content, &journal->durable)) {
		maker->failed = true;
		return;
	}
	if (journal->op_count == 0)
		return;
	if (maker->policy == FS_CRASH_SUBSET)
		ops_keep_subset(maker, journal, content);
	else if (maker->policy == FS_CRASH_REORDER)
		ops_keep_later(maker, journal, content);
	else
		ops_keep_prefix(maker, journal, content);
}

/* ---- names ------------------------------------------------------------ */

static void
move_count(struct store_node *dir)
{
	if (dir != NULL)
		((struct crash_journal *)dir->journal)->move_count++;
}

/* Counts one more move of dir; true when it is before the directory's cut. */
static bool
move_happens(struct maker *maker, struct store_node *dir)
{
	struct crash_journal *journal;

	if (dir == NULL)
		return true;
	journal = dir->journal;
	if (journal->move_seen == 0)
		journal->move_cut = draw_cut(maker, journal->move_count);
	return journal->move_seen++ < journal->move_cut;
}

static void
dir_stop(struct store_node *dir)
{
	if (dir != NULL)
		((struct crash_journal *)dir->journal)->move_cut = 0;
}

/*
 * Each directory keeps a prefix of its moves. A move between two happens
 * in both or in neither; where it does not, both stop.
 */
static void
moves_choose(struct maker *maker)
{
	struct fs_crash *from = maker->from;

	for (size_t i = 0; i < from->move_count; i++) {
		const struct store_move *move = &from->moves[i]->move;

		move_count(move->from_dir);
		if (move->to_dir != move->from_dir)
			move_count(move->to_dir);
	}
	for (size_t i = 0; i < from->move_count; i++) {
		const struct store_move *move = &from->moves[i]->move;
		bool chosen = move_happens(maker, move->from_dir);

		if (move->to_dir != move->from_dir &&
		    !move_happens(maker, move->to_dir))
			chosen = false;
		if (!chosen) {
			dir_stop(move->from_dir);
			dir_stop(move->to_dir);
		}
		from->moves[i]->chosen = chosen;
	}
}

/* The directory's names in the state, of nodes of the source. */
static bool
names_make(struct maker *maker, struct store_node *dir, struct store_names *out)
{
	const struct crash_journal *journal = dir->journal;

	for (size_t i = 0; i < journal->durable_names.count; i++)
		if (!fs_names_put(out, journal->durable_names.list[i].name,
			journal->durable_names.list[i].node))
			return false;
	for (size_t i = 0; i < maker->from->move_count; i++) {
		const struct crash_move *move = maker->from->moves[i];

		if (!move->chosen)
			continue;
		if (move->move.to_dir == dir &&
		    !fs_names_put(out, move->to, move->move.node))
			return false;
		if (move->move.from_dir == dir)
			fs_names_take(out, move->from);
	}
	return true;
}

/* ---- nodes ------------------------------------------------------------ */

static void
file_clone(struct maker *maker, struct store_node *node,
    struct store_node *clone)
{
	struct crash_journal *journal = clone->journal;

	content_make(maker, node->journal, &clone->content);
	maker->to->store.space_used += clone->content.size;
	if (!fs_content_share(&journal->durable, &clone->content))
		maker->failed = true;
}

static struct store_node *node_clone(struct maker *maker,
    struct store_node *node);

static void
directory_clone(struct maker *maker, struct store_node *node,
    struct store_node *clone)
{
	struct crash_journal *journal = clone->journal;
	struct store_names names = { 0 };

	if (!names_make(maker, node, &names))
		maker->failed = true;
	for (size_t i = 0; !maker->failed && i < names.count; i++) {
		const char *name = names.list[i].name;
		struct store_node *child = node_clone(maker,
		    names.list[i].node);

		if (child == NULL ||
		    !fs_names_put(&clone->names, name, child) ||
		    !fs_names_put(&journal->durable_names, name, child))
			maker->failed = true;
	}
	fs_names_release(&names);
}

/* Answers the node's copy, which the source's journal keeps meanwhile. */
static struct store_node *
node_clone(struct maker *maker, struct store_node *node)
{
	struct crash_journal *journal = node->journal;
	struct store_node *clone = journal->clone;

	if (clone != NULL)
		return clone;
	if (node == maker->from->store.root) {
		clone = maker->to->store.root;
		fs_node_keep(clone);
	} else {
		clone = fs_node_new(&maker->to->store, node->directory);
	}
	journal->clone = clone;
	if (clone == NULL || fs_crash_journal_of(clone) == NULL) {
		maker->failed = true;
		return NULL;
	}
	clone->modified_ms = node->modified_ms;
	if (node->directory)
		directory_clone(maker, node, clone);
	else
		file_clone(maker, node, clone);
	return clone;
}

static void
scratch_clear(struct fs_crash *from)
{
	for (struct store_node *n = from->store.nodes; n != NULL; n = n->next) {
		struct crash_journal *journal = n->journal;

		if (journal == NULL)
			continue;
		fs_node_drop(journal->clone);
		journal->clone = NULL;
		journal->move_count = 0;
		journal->move_cut = 0;
		journal->move_seen = 0;
	}
	for (size_t i = 0; i < from->move_count; i++)
		from->moves[i]->chosen = false;
}

static void
state_make(struct maker *maker)
{
	struct store *from = &maker->from->store;

	if (fs_crash_scan(maker->from, NULL) != OURO_OK)
		maker->failed = true;
	for (struct store_node *n = from->nodes; n != NULL; n = n->next)
		if (fs_crash_journal_of(n) == NULL)
			maker->failed = true;
	if (!maker->failed) {
		moves_choose(maker);
		(void)node_clone(maker, from->root);
	}
	scratch_clear(maker->from);
}

struct fs *
fs_crash_state(struct fs *fs, enum fs_crash_policy policy, uint64_t seed)
{
	struct fs *out = fs_crash_new(0);
	struct store *from;
	struct maker maker;

	if (out == NULL)
		return NULL;
	from = fs_store_enter(fs);
	maker = (struct maker){ .from = (struct fs_crash *)from,
		.to = (struct fs_crash *)out,
		.policy = policy };
	maker.random = seed * FS_CRASH_POLICIES + (uint64_t)policy;
	/* A rebooted machine's clock goes on and its randomness is new. */
	maker.to->store.clock_ns = from->clock_ns;
	maker.to->store.random = from->random ^ fs_random_next(&maker.random);
	state_make(&maker);
	fs_store_leave(from);
	if (maker.failed) {
		fs_crash_free(out);
		return NULL;
	}
	return out;
}
