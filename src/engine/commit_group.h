/*
 * commit_group - requests that are written, synced and published together.
 * Used within the commit step.
 */
#ifndef ENGINE_COMMIT_GROUP_H
#define ENGINE_COMMIT_GROUP_H

#include "engine/log_engine.h"
#include "engine/pending.h"

enum request_kind {
	REQUEST_OPS,
	REQUEST_BARRIER,
	REQUEST_ROTATE,
	REQUEST_RECORD,
	REQUEST_FREEZE,
	REQUEST_MOVES,
};

/* Lies on the stack of the caller, who waits (commit_queue.h). */
struct commit_request {
	enum request_kind kind;
	const struct engine_op *ops;
	size_t count;
	const struct bytes *packed;	 /* of ops; see engine/pack.h */
	const struct record *record;	 /* REQUEST_RECORD: with ... */
	struct id_set *dropped;		 /* ... what log->dropped becomes */
	const struct commit_move *moves; /* REQUEST_MOVES */
	struct segment *whole;		 /* REQUEST_MOVES */
	enum engine_sync sync;

	struct commit_request *next;
	struct engine_op *kept; /* ops without needless deletions, or NULL */
	uint64_t sequence;	/* of the first operation */
	uint64_t offset;	/* of the record in the active segment */
	uint64_t size;		/* 0: nothing to write */
	enum ouro_status status;
	struct ouro_error error;
	atomic_uint state; /* commit_queue.c */
};

/* What is written of it. */
static inline struct assembly_ops
commit_request_ops(const struct commit_request *request)
{
	return (struct assembly_ops){ request->ops, request->count,
		request->packed };
}

/* Requests that are written, synced and published together. */
struct commit_group {
	struct log_engine *log;
	struct commit_request *head, *tail;
	uint64_t operations;
	uint64_t first;	    /* sequence of the first, once written */
	uint64_t key_bytes; /* of all keys */
	uint64_t value_bytes;
	bool sync;
	bool interval;
	struct pending pending;
	struct commit_request *pending_next; /* not yet in pending, or NULL */
};

/* Checks the request's conditions against the group and the index, and drops
 * needless deletions. OURO_CONFLICT. */
enum ouro_status commit_keys_check(struct commit_group *group,
    struct commit_request *request, struct ouro_error *err);

/* Gathers the request's record in the log's assembly. *full: the group has to
 * be written before this request can join. */
enum ouro_status commit_group_admit(struct commit_group *group,
    struct commit_request *request, bool *full, struct ouro_error *err);
void commit_group_join(struct commit_group *group,
    struct commit_request *request);

#endif
