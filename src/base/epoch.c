/*
 * epoch - readers count themselves in and out; see epoch.h.
 *
 * There are two phases of counters, and in each one counter per shard of
 * threads. A reader adds one to the counter of his shard in the phase of the
 * moment, and takes the one away from that same counter, so that each
 * counter stands for itself: it is zero when none of its readers is inside.
 *
 * Why what is released cannot be reached
 *   An item is released when *each* counter, of both phases, was found zero
 *   once after the item was retired. Entering and finding are both
 *   read-modify-write operations with acquire and release, and those of one
 *   counter have one order that all threads agree on:
 *   - a reader who entered before the finding has also left before it, since
 *     what was found was zero. His leaving released, the finding acquired:
 *     all that he read was read before the item goes.
 *   - a reader who enters after it reads what the finding wrote, or a later
 *     link of its release sequence, and so synchronizes with it: he sees the
 *     pointer that took the place of the retired one.
 *   So no fence is wanted and no order between different counters, and it
 *   does not matter which phase a reader saw: he may have loaded it long ago.
 *
 * Why it ends
 *   The phases only make progress: readers who come and go all the time may
 *   never leave the counters of the phase of the moment all at zero. First
 *   those of the other phase are looked at, into which only readers come who
 *   saw it before the last flip; then the phase is flipped, and the same
 *   holds for the ones that were left. A counter once found zero is not
 *   looked at again for the same items.
 */
#include "base/epoch.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

#define SHARDS 64
#define LINE   64 /* bytes that go from core to core together */

struct epoch_slot {
	_Alignas(LINE) atomic_size_t readers;
};

struct epoch {
	struct epoch_slot slots[2][SHARDS];
	/* Each reader loads it, seldom does anybody change it. */
	_Alignas(LINE) atomic_uint phase;
	/* Retired since the wait for `waiting` began; newest first. */
	_Alignas(LINE) _Atomic(struct epoch_item *) fresh;
	/* Held for what follows; who does not get it goes away. */
	atomic_flag collecting;
	struct epoch_item *waiting;
	unsigned found; /* counters found zero for them, of 2 * SHARDS */
};

/* Threads take their shards in turn, whatever epoch they enter. */
static unsigned
shard_of_thread(void)
{
	static atomic_uint threads;
	static _Thread_local unsigned shard; /* + 1; 0 = not yet chosen */

	if (shard == 0)
		shard = 1 +
		    atomic_fetch_add_explicit(&threads, 1,
			memory_order_relaxed) %
			SHARDS;
	return shard - 1;
}

struct epoch *
epoch_new(void)
{
	struct epoch *epoch = aligned_alloc(LINE, sizeof *epoch);

	if (epoch == NULL)
		return NULL;
	for (unsigned i = 0; i < 2 * SHARDS; i++)
		atomic_init(&epoch->slots[i / SHARDS][i % SHARDS].readers, 0);
	atomic_init(&epoch->phase, 0);
	atomic_init(&epoch->fresh, NULL);
	atomic_flag_clear(&epoch->collecting);
	epoch->waiting = NULL;
	epoch->found = 0;
	return epoch;
}

void
epoch_free(struct epoch *epoch)
{
	if (epoch == NULL)
		return;
	/* No reader is inside: one round finds every counter zero. */
	epoch_collect(epoch);
	assert(epoch->waiting == NULL);
	assert(atomic_load(&epoch->fresh) == NULL);
	free(epoch);
}

struct epoch_slot *
epoch_enter(struct epoch *epoch)
{
	unsigned phase = atomic_load_explicit(&epoch->phase,
	    memory_order_relaxed);
	struct epoch_slot *slot = &epoch->slots[phase][shard_of_thread()];

	atomic_fetch_add_explicit(&slot->readers, 1, memory_order_acq_rel);
	return slot;
}

void
epoch_leave(struct epoch_slot *slot)
{
	size_t before = atomic_fetch_sub_explicit(&slot->readers, 1,
	    memory_order_release);

	assert(before > 0);
	(void)before;
}

/* A load would not do: the reader who enters next must synchronize with it. */
static bool
slot_found_empty(struct epoch_slot *slot)
{
	return atomic_load_explicit(&slot->readers, memory_order_relaxed) ==
	    0 &&
	    atomic_fetch_add_explicit(&slot->readers, 0,
		memory_order_acq_rel) == 0;
}

/* Goes on looking for zeros; true when every counter has shown one. */
static bool
epoch_drained(struct epoch *epoch)
{
	while (epoch->found < 2 * SHARDS) {
		unsigned phase = atomic_load_explicit(&epoch->phase,
		    memory_order_relaxed);

		/* In both halves it is the other phase that is looked at. */
		if (!slot_found_empty(
			&epoch->slots[!phase][epoch->found % SHARDS]))
			return false;
		epoch->found++;
		if (epoch->found == SHARDS)
			atomic_store_explicit(&epoch->phase, !phase,
			    memory_order_relaxed);
	}
	return true;
}

/* Takes out what no reader can still see, newest first; NULL when there is
 * none, or when another thread is at it. */
static struct epoch_item *
epoch_take(struct epoch *epoch)
{
	struct epoch_item *taken = NULL;

	if (atomic_flag_test_and_set_explicit(&epoch->collecting,
		memory_order_acquire))
		return NULL;
	if (epoch->waiting == NULL) {
		epoch->waiting = atomic_exchange_explicit(&epoch->fresh, NULL,
		    memory_order_acquire);
		epoch->found = 0;
	}
	if (epoch->waiting != NULL && epoch_drained(epoch)) {
		taken = epoch->waiting;
		epoch->waiting = NULL;
	}
	atomic_flag_clear_explicit(&epoch->collecting, memory_order_release);
	return taken;
}

void
epoch_collect(struct epoch *epoch)
{
	struct epoch_item *item, *next;

	/* Again, for those that were retired during the wait for these. */
	while ((item = epoch_take(epoch)) != NULL) {
		for (; item != NULL; item = next) {
			next = item->next;
			item->release(item);
		}
	}
}

void
epoch_retire(struct epoch *epoch, struct epoch_item *item,
    void (*release)(struct epoch_item *item))
{
	struct epoch_item *first = atomic_load_explicit(&epoch->fresh,
	    memory_order_relaxed);

	item->release = release;
	do
		item->next = first;
	while (!atomic_compare_exchange_weak_explicit(&epoch->fresh, &first,
	    item, memory_order_release, memory_order_relaxed));
	epoch_collect(epoch);
}
