/*
 * run_find - look-ups: a line of the filter, one of the table, an entry.
 */
#include <inttypes.h>

#include "base/error.h"
#include "engine/run_node.h"
#include "engine/run_read.h"
#include "engine/run_table.h"

static struct run_count *
count_own(struct run *run)
{
	static atomic_uint threads;
	static _Thread_local unsigned own;

	if (__builtin_expect(own == 0, 0))
		own = 1 +
		    atomic_fetch_add_explicit(&threads, 1,
			memory_order_relaxed) %
			RUN_COUNTS;
	return &run->counts[own - 1];
}

/* Not one locked addition: of two threads that share it one may be lost. */
static inline void
count_add(atomic_uint_fast64_t *count)
{
	atomic_store_explicit(count,
	    atomic_load_explicit(count, memory_order_relaxed) + 1,
	    memory_order_relaxed);
}

void
run_filter_counts(const struct run *run, uint64_t *asked, uint64_t *spared)
{
	*asked = *spared = 0;
	for (unsigned i = 0; i < RUN_COUNTS; i++) {
		*asked += atomic_load_explicit(&run->counts[i].asked,
		    memory_order_relaxed);
		*spared += atomic_load_explicit(&run->counts[i].spared,
		    memory_order_relaxed);
	}
}

/* OURO_OK: the key may be there. */
static inline enum ouro_status
filter_ask(struct run *run, uint64_t hash, struct ouro_error *err)
{
	uint64_t block = run_share(hash, run->at.blocks);
	struct run_count *count = count_own(run);
	struct run_held held;
	enum ouro_status status;

	status = run_hold(run, run->at.filter_first + block / RUN_BLOCKS, &held,
	    err);
	if (__builtin_expect(status != OURO_OK, 0))
		return status;
	count_add(&count->asked);
	if (!run_filter_has(held.data + block % RUN_BLOCKS * RUN_BLOCK, hash)) {
		count_add(&count->spared);
		status = OURO_NOT_FOUND;
	}
	run_drop(&held);
	return status;
}

/* OURO_NOT_FOUND: the entry at this position has another key. */
static inline enum ouro_status
entry_match(struct run *run, uint64_t position, struct bytes key,
    struct place *out, struct ouro_error *err)
{
	uint64_t number = position / RUN_PAGE;
	enum ouro_status status;
	struct run_held held;
	const uint8_t *rest;
	struct bytes at;

	if (number == 0 || number > run->at.leaves)
		return error_set(err, OURO_DAMAGED,
		    "%s: its hash table points at %" PRIu64
		    ", where no entry is",
		    fs_path(run->file), position);
	status = run_hold(run, number, &held, err);
	if (__builtin_expect(status != OURO_OK, 0))
		return status;
	rest = run_entry_key(held.data, (unsigned)(position % RUN_PAGE), &at);
	if (rest == NULL)
		status = run_page_damaged(run->file, number, err);
	else if (at.size != key.size || memcmp(at.data, key.data, at.size) != 0)
		status = OURO_NOT_FOUND;
	else if (!run_entry_place(held.data, rest, run->ids, run->at.segments,
		     out))
		status = run_page_damaged(run->file, number, err);
	run_drop(&held);
	return status;
}

/* Asks the entries of a group that may have the key. */
static inline enum ouro_status
group_ask(struct run *run, const uint8_t *group, uint64_t hash,
    struct bytes key, struct place *out, struct ouro_error *err)
{
	unsigned match = run_group_match(group, hash);
	enum ouro_status status = OURO_NOT_FOUND;

	for (; match != 0 && status == OURO_NOT_FOUND; match &= match - 1) {
		unsigned i = (unsigned)__builtin_ctz(match);
		uint64_t word = get_u64le(group + 8 * (size_t)i);

		if (word != 0)
			status = entry_match(run, word & RUN_POSITION_MAX, key,
			    out, err);
	}
	return status;
}

static inline enum ouro_status
table_ask(struct run *run, const uint8_t *page, uint64_t hash, struct bytes key,
    struct place *out, struct ouro_error *err)
{
	unsigned at = run_group_first(hash);

	for (unsigned i = 0; i < RUN_GROUPS; i++) {
		const uint8_t *group = page + (size_t)at * RUN_BLOCK;
		enum ouro_status status = group_ask(run, group, hash, key, out,
		    err);

		if (status != OURO_NOT_FOUND || !run_group_full(group))
			return status;
		at = run_group_next(at);
	}
	return OURO_NOT_FOUND;
}

enum ouro_status
run_find(struct run *run, uint64_t hash, struct bytes key, struct place *out,
    struct ouro_error *err)
{
	uint64_t number = run->at.hash_first + run_share(hash, run->at.hash);
	enum ouro_status status;
	struct run_held held;

	if (run->at.entries == 0)
		return OURO_NOT_FOUND;
	if (run->cache == NULL)
		__builtin_prefetch(run->map + number * RUN_PAGE +
		    (size_t)run_group_first(hash) * RUN_BLOCK);
	status = filter_ask(run, hash, err);
	if (status != OURO_OK)
		return status;
	status = run_hold(run, number, &held, err);
	if (__builtin_expect(status != OURO_OK, 0))
		return status;
	status = table_ask(run, held.data, hash, key, out, err);
	run_drop(&held);
	return status;
}
