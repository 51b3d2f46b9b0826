#include "base/fs_crash.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/fs_crash_journal.h"

struct crash_journal *
fs_crash_journal_of(struct store_node *node)
{
	if (node->journal == NULL)
		node->journal = calloc(1, sizeof(struct crash_journal));
	return node->journal;
}

bool
fs_crash_op_apply(const struct crash_op *op, struct content *content,
    size_t first, size_t end)
{
	if (op->resize) {
		fs_content_resize(content, op->offset);
		return true;
	}
	assert(first <= end && end <= op->size);
	return fs_content_write(content, op->offset + first, op->data + first,
	    end - first);
}

/* Takes the op over; it is the last one. */
static enum ouro_status
op_record(struct crash_journal *journal, struct crash_op *op,
    struct ouro_error *err)
{
	if (journal->watchers > 0 &&
	    !fs_crash_op_apply(op, &journal->known, 0, op->size)) {
		free(op);
		return error_memory(err);
	}
	if (journal->ops == NULL)
		journal->ops = op;
	else
		journal->ops_last->next = op;
	journal->ops_last = op;
	journal->op_count++;
	return OURO_OK;
}

static void
ops_release(struct crash_journal *journal)
{
	struct crash_op *op;

	while ((op = journal->ops) != NULL) {
		journal->ops = op->next;
		free(op);
	}
	journal->ops_last = NULL;
	journal->op_count = 0;
}

static struct crash_op *
op_new(uint64_t offset, size_t size)
{
	struct crash_op *op = malloc(sizeof(*op) + size);

	if (op == NULL)
		return NULL;
	*op = (struct crash_op){ .offset = offset, .size = size };
	return op;
}

static enum ouro_status
node_scan(struct store_node *node, struct ouro_error *err)
{
	struct crash_journal *journal = node->journal;
	uint64_t end = fs_content_mapped(&node->content);
	enum ouro_status status = OURO_OK;

	if (end > node->content.size)
		end = node->content.size;
	for (uint64_t at = 0; status == OURO_OK && at < end; at += CRASH_PAGE) {
		size_t size = end - at < CRASH_PAGE ? (size_t)(end - at)
						    : CRASH_PAGE;
		struct crash_op *op;

		if (fs_content_equal(&node->content, &journal->known, at, size))
			continue;
		op = op_new(at, size);
		if (op == NULL)
			return error_memory(err);
		(void)fs_content_read(&node->content, at, op->data, size);
		status = op_record(journal, op, err);
	}
	return status;
}

enum ouro_status
fs_crash_scan(struct fs_crash *crash, struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	if (crash->frozen)
		return OURO_OK;
	for (const struct store_map *map = crash->store.maps;
	     status == OURO_OK && map != NULL; map = map->next)
		if (map->writable)
			status = node_scan(map->node, err);
	return status;
}

enum ouro_status
fs_crash_tick(struct store *store, struct ouro_error *err)
{
	struct fs_crash *crash = (struct fs_crash *)store;
	enum ouro_status status = fs_crash_scan(crash, err);

	if (status == OURO_OK)
		crash->clock++;
	return status;
}

static enum ouro_status
crash_admit(struct store *store, enum fs_call call, const char *path,
    struct ouro_error *err)
{
	struct fs_crash *crash = (struct fs_crash *)store;

	(void)call;
	if (crash->clock < crash->stop_at)
		return OURO_OK;
	if (fs_crash_scan(crash, err) == OURO_OK)
		crash->frozen = true;
	return error_errno(err, EIO, "%s: the power is off", path);
}

static enum ouro_status
crash_write(struct store_node *node, uint64_t offset, const struct bytes *parts,
    size_t size, struct ouro_error *err)
{
	struct crash_journal *journal = fs_crash_journal_of(node);
	struct crash_op *op = op_new(offset, size);
	enum ouro_status status;

	if (journal == NULL || op == NULL) {
		free(op);
		return error_memory(err);
	}
	for (size_t done = 0; done < size; parts++) {
		size_t n = parts->size < size - done ? parts->size
						     : size - done;

		if (n > 0)
			memcpy(op->data + done, parts->data, n);
		done += n;
	}
	status = fs_crash_tick(node->store, err);
	if (status != OURO_OK) {
		free(op);
		return status;
	}
	return op_record(journal, op, err);
}

static enum ouro_status
crash_resize(struct store_node *node, uint64_t size, struct ouro_error *err)
{
	struct crash_journal *journal = fs_crash_journal_of(node);
	struct crash_op *op = op_new(size, 0);
	enum ouro_status status;

	if (journal == NULL || op == NULL) {
		free(op);
		return error_memory(err);
	}
	op->resize = true;
	status = fs_crash_tick(node->store, err);
	if (status != OURO_OK) {
		free(op);
		return status;
	}
	return op_record(journal, op, err);
}

static enum ouro_status
crash_sync(struct store_node *node, struct ouro_error *err)
{
	struct crash_journal *journal = fs_crash_journal_of(node);
	enum ouro_status status;

	if (journal == NULL)
		return error_memory(err);
	status = fs_crash_tick(node->store, err);
	if (status != OURO_OK)
		return status;
	for (const struct crash_op *op = journal->ops; op != NULL;
	     op = op->next)
		if (!fs_crash_op_apply(op, &journal->durable, 0, op->size))
			return error_memory(err);
	ops_release(journal);
	return OURO_OK;
}

static enum ouro_status
crash_mapped(struct store_node *node, struct ouro_error *err)
{
	struct crash_journal *journal = fs_crash_journal_of(node);

	if (journal == NULL ||
	    (journal->watchers == 0 &&
		!fs_content_share(&journal->known, &node->content)))
		return error_memory(err);
	journal->watchers++;
	return OURO_OK;
}

static void
crash_unmapped(struct store_node *node)
{
	struct crash_journal *journal = node->journal;

	assert(journal->watchers > 0);
	if (!((struct fs_crash *)node->store)->frozen)
		(void)node_scan(node, NULL);
	if (--journal->watchers == 0)
		fs_content_release(&journal->known);
}

/* ---- life ------------------------------------------------------------- */

static void
crash_freed(struct store_node *node)
{
	struct crash_journal *journal = node->journal;

	if (journal == NULL)
		return;
	node->journal = NULL;
	ops_release(journal);
	fs_content_release(&journal->durable);
	fs_content_release(&journal->known);
	fs_names_release(&journal->durable_names);
	free(journal);
}

static const struct store_hooks crash_hooks = {
	.admit = crash_admit,
	.write = crash_write,
	.resize = crash_resize,
	.sync = crash_sync,
	.move = fs_crash_move,
	.sync_dir = fs_crash_sync_dir,
	.mapped = crash_mapped,
	.unmapped = crash_unmapped,
	.freed = crash_freed,
};

struct fs *
fs_crash_new(uint64_t seed)
{
	struct fs_crash *crash = calloc(1, sizeof(*crash));

	if (crash == NULL)
		return NULL;
	crash->stop_at = UINT64_MAX;
	if (!fs_store_init(&crash->store, &crash_hooks, seed)) {
		free(crash);
		return NULL;
	}
	return &crash->store.fs;
}

void
fs_crash_free(struct fs *fs)
{
	struct fs_crash *crash = (struct fs_crash *)fs;

	if (crash == NULL)
		return;
	fs_crash_moves_release(crash);
	fs_store_release(&crash->store);
	free(crash);
}

uint64_t
fs_crash_clock(const struct fs *fs)
{
	struct store *store = fs_store_enter((struct fs *)(uintptr_t)fs);
	uint64_t clock = ((struct fs_crash *)store)->clock;

	fs_store_leave(store);
	return clock;
}

void
fs_crash_stop_at(struct fs *fs, uint64_t clock)
{
	struct store *store = fs_store_enter(fs);
	struct fs_crash *crash = (struct fs_crash *)store;

	crash->stop_at = clock;
	if (crash->clock < clock)
		crash->frozen = false;
	fs_store_leave(store);
}
