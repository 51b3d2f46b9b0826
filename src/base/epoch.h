/*
 * epoch - reading shared structures without a lock.
 *
 * Readers enter, load a pointer, use what it leads to, and leave. A writer
 * that has put another structure in the place of one *retires* the old one:
 * it is given back once every reader has left who could have seen it. To
 * enter and to leave cost one atomic operation each, on a cache line that
 * threads seldom share.
 */
#ifndef BASE_EPOCH_H
#define BASE_EPOCH_H

#include "base/bytes.h"

struct epoch;
struct epoch_slot;

/* Embedded in what is retired. */
struct epoch_item {
	struct epoch_item *next;
	void (*release)(struct epoch_item *item);
};

/* NULL when out of memory. */
struct epoch *epoch_new(void);
/* Releases everything retired. No reader may be inside. NULL is fine. */
void epoch_free(struct epoch *epoch);

/* Any thread, at any depth; never waits. */
struct epoch_slot *epoch_enter(struct epoch *epoch);
void epoch_leave(struct epoch_slot *slot);

/* What item belongs to can no longer be reached by readers who enter from
 * now on. Calls item->release later, from epoch_retire, epoch_collect or
 * epoch_free in whatever thread, with no lock held. Never waits. */
void epoch_retire(struct epoch *epoch, struct epoch_item *item,
    void (*release)(struct epoch_item *item));

/* Releases what no reader can still see; never waits. */
void epoch_collect(struct epoch *epoch);

#endif
