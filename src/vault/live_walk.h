/*
 * live_walk - the contents below one that are live, as reach.h has it.
 *
 * A content is live through its own versions or through a live child, so to
 * answer it one may have to look far down. What was found on the way is kept:
 * the path from a content to the version that keeps it is the way on which
 * the walk goes on, and what lies before it is known to be dead. So each
 * content is looked at twice at most, whatever the shape.
 *
 * Children come a page at a time, and no scan stays open between two calls.
 * Memory: the path, and the pages of the last 64 levels. Others may write
 * meanwhile; what they do may be seen or not.
 */
#ifndef VAULT_LIVE_WALK_H
#define VAULT_LIVE_WALK_H

#include "vault/id_path.h"

struct ouro_vault;
struct child_page;

#define LIVE_LEVELS 64

/* Begins with live_walk_start; zeroed it may be released. */
struct live_walk {
	struct ouro_vault *vault;
	struct id_path path; /* beyond stand: live, still to be shown */
	size_t stand;	     /* where the walk is on the path */
	const uint8_t *skip; /* known to be dead; may be NULL, borrowed */
	bool has_after;	     /* children up to after are done */
	uint8_t after[HASH_SIZE];
	struct child_page *pages[LIVE_LEVELS]; /* of level n: n mod that */
};

/* Begins below top, whose own record is not looked at, behind its child after
 * (NULL: with the first). */
enum ouro_status live_walk_start(struct live_walk *walk,
    struct ouro_vault *vault, const uint8_t top[HASH_SIZE],
    const uint8_t *after, struct ouro_error *err);
void live_walk_release(struct live_walk *walk);

/* The next child of top, in the order of ids. OURO_END. */
enum ouro_status live_walk_child(struct live_walk *walk, uint8_t id[HASH_SIZE],
    struct ouro_error *err);
/* The next content below top, depth first, a parent before its children.
 * depth: 1 = a child of top. OURO_END. */
enum ouro_status live_walk_next(struct live_walk *walk, uint8_t id[HASH_SIZE],
    uint8_t parent[HASH_SIZE], uint64_t *depth, struct ouro_error *err);

#endif
