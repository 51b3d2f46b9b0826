#include "engine/choose.h"

#include <stdlib.h>

#include "base/error.h"
#include "engine/commit.h"
#include "engine/region.h"

#define SMALL_COUNT 8u	/* so many small segments are worth merging */
#define SMALL_SHARE 16u /* small: under segment_size / this */
#define TOMB_SHARE  4u	/* tombstones: of live bytes, and of segment_size */

/* ---- what counts ------------------------------------------------------------------- */
/* All under counting and lock. */

/* A sequence that no tombstone in the segment exceeds. */
static uint64_t
highest(const struct segment *segment)
{
	if (segment->kind == SEGMENT_LOG)
		return segment->next;
	return segment->kind == SEGMENT_COPIES ? segment->first
					       : REGION_OLD_END;
}

/* Whether `other` may hold a record older than a tombstone of this age. */
static bool
blocks(const struct segment *other, uint64_t sequence)
{
	return other->least < sequence &&
	    !(other->kind == SEGMENT_COPIES && other->first >= sequence);
}

static bool
tombs_needed(const struct log_engine *log, const struct segment *segment)
{
	if (segment->tomb_bytes == 0)
		return false;
	if (log->missing.count > 0)
		return true;
	for (size_t i = 0; i < log->segment_count; i++)
		if (log->segments[i] != segment &&
		    blocks(log->segments[i], highest(segment)))
			return true;
	return false;
}

static uint64_t
dead_bytes(const struct log_engine *log, const struct segment *segment)
{
	uint64_t content = segment->end - segment->frame_bytes;
	uint64_t kept = segment->live_bytes;

	if (kept < content && tombs_needed(log, segment))
		kept += segment->tomb_bytes;
	return kept < content ? content - kept : 0;
}

static bool
is_whole(const struct segment *segment)
{
	return segment->damaged == 0 && segment->kind != SEGMENT_LOST;
}

static bool
worthwhile(const struct segment *segment, uint64_t dead, double dead_share)
{
	uint64_t content = segment->end - segment->frame_bytes;

	if (!is_whole(segment))
		return false;
	return content == 0 ||
	    (dead > 0 && (double)dead >= dead_share * (double)content);
}

/* By hand, a tombstone is worth a try: what keeps it may go too. */
static bool
worth_trying(const struct segment *segment, double dead_share)
{
	uint64_t content = segment->end - segment->frame_bytes;

	return worthwhile(segment,
	    content > segment->live_bytes ? content - segment->live_bytes : 0,
	    dead_share);
}

static bool
is_small(const struct log_engine *log, const struct segment *segment)
{
	return is_whole(segment) &&
	    segment->end < log->segment_size / SMALL_SHARE;
}

static const struct segment *
last_log(const struct log_engine *log)
{
	for (size_t i = log->segment_count; i-- > 0;)
		if (log->segments[i]->kind == SEGMENT_LOG)
			return log->segments[i];
	return NULL;
}

/* ---- by hand ------------------------------------------------------------------------ */

static void
figures_lock(struct log_engine *log)
{
	index_count(log);
	pthread_mutex_lock(&log->index.counting);
	pthread_rwlock_rdlock(&log->lock);
}

static void
figures_unlock(struct log_engine *log)
{
	pthread_rwlock_unlock(&log->lock);
	pthread_mutex_unlock(&log->index.counting);
}

void
victims_free(struct segment **victims)
{
	for (size_t i = 0; victims != NULL && victims[i] != NULL; i++)
		segment_unref(victims[i]);
	free(victims);
}

enum ouro_status
choose_close(struct log_engine *log, double dead_share, uint64_t *closed,
    struct ouro_error *err)
{
	const struct segment *last;
	bool wanted;

	figures_lock(log);
	last = last_log(log);
	wanted = last != NULL && last->end > last->frame_bytes &&
	    worth_trying(last, dead_share);
	*closed = wanted ? last->id : 0;
	figures_unlock(log);
	return wanted ? commit_rotate(log, err) : commit_barrier(log, err);
}

enum ouro_status
choose_all(struct log_engine *log, double dead_share, uint64_t closed,
    struct segment ***victims, struct ouro_error *err)
{
	size_t count = 0, small = 0;
	const struct segment *last;

	figures_lock(log);
	*victims = calloc(log->segment_count + 1, sizeof(struct segment *));
	last = last_log(log);
	for (size_t i = 0; i < log->segment_count; i++)
		small += is_small(log, log->segments[i]);
	for (size_t i = 0; *victims != NULL && i < log->segment_count; i++) {
		struct segment *segment = log->segments[i];

		if (segment == last && segment->id != closed)
			continue;
		if (worth_trying(segment, dead_share) ||
		    (small >= SMALL_COUNT && is_small(log, segment)))
			(*victims)[count++] = segment_ref(segment);
	}
	figures_unlock(log);
	return *victims == NULL ? error_memory(err) : OURO_OK;
}

/* ---- in the background ---------------------------------------------------------------- */

struct choice {
	const struct log_engine *log;
	struct segment **victims;
	size_t count;
	uint64_t bytes; /* read */
	uint64_t kept;	/* written, at most */
};

static bool
is_chosen(const struct choice *choice, const struct segment *segment)
{
	for (size_t i = 0; i < choice->count; i++)
		if (choice->victims[i] == segment)
			return true;
	return false;
}

static void
choice_add(struct choice *choice, struct segment *segment)
{
	choice->victims[choice->count++] = segment_ref(segment);
	choice->bytes += segment->end;
	choice->kept += segment->live_bytes + segment->tomb_bytes;
}

/* The one with the largest dead share that is not chosen yet, or NULL. */
static struct segment *
best(const struct choice *choice, double dead_share)
{
	const struct log_engine *log = choice->log;
	const struct segment *last = last_log(log);
	struct segment *result = NULL;
	double most = dead_share;

	for (size_t i = 0; i < log->segment_count; i++) {
		struct segment *segment = log->segments[i];
		double content = (double)(segment->end - segment->frame_bytes);

		if (segment == last || content <= 0 ||
		    is_chosen(choice, segment) ||
		    !worthwhile(segment, dead_bytes(log, segment), most))
			continue;
		result = segment;
		most = (double)dead_bytes(log, segment) / content;
	}
	return result;
}

/* An empty segment goes along with others: alone it is not worth a round,
 * which leaves another one behind, that of its `dropped` record. */
static void
choose_empty(struct choice *choice)
{
	const struct log_engine *log = choice->log;
	const struct segment *last = last_log(log);

	for (size_t i = 0; i < log->segment_count && choice->count < CHOOSE_MAX;
	     i++) {
		struct segment *segment = log->segments[i];

		if (segment != last && is_whole(segment) &&
		    segment->end == segment->frame_bytes &&
		    !is_chosen(choice, segment))
			choice_add(choice, segment);
	}
}

/* Together they are to fill about one new segment. */
static void
choose_dead(struct choice *choice, double dead_share)
{
	while (choice->count < CHOOSE_MAX &&
	    choice->kept < choice->log->segment_size) {
		struct segment *segment = best(choice, dead_share);

		if (segment == NULL)
			return;
		choice_add(choice, segment);
	}
}

static void
choose_small(struct choice *choice)
{
	const struct log_engine *log = choice->log;
	const struct segment *last = last_log(log);
	size_t small = 0;

	for (size_t i = 0; i < log->segment_count; i++)
		small += log->segments[i] != last &&
		    is_small(log, log->segments[i]);
	for (size_t i = 0; small >= SMALL_COUNT && i < log->segment_count &&
	     choice->count < CHOOSE_MAX;
	     i++)
		if (log->segments[i] != last && is_small(log, log->segments[i]))
			choice_add(choice, log->segments[i]);
}

/* The segment with most tombstones, and those that keep them from going; when
 * these are too many, some of them alone: as copies they no longer do. */
static void
choose_blockers(struct choice *choice)
{
	const struct log_engine *log = choice->log;
	const struct segment *last = last_log(log);
	struct segment *heaviest = NULL;
	uint64_t tombs = 0, live = 0;

	for (size_t i = 0; i < log->segment_count; i++) {
		struct segment *segment = log->segments[i];

		tombs += segment->tomb_bytes;
		live += segment->live_bytes;
		if (segment != last && is_whole(segment) &&
		    (heaviest == NULL ||
			segment->tomb_bytes > heaviest->tomb_bytes))
			heaviest = segment;
	}
	if (heaviest == NULL || log->missing.count > 0 ||
	    (last != NULL && blocks(last, highest(heaviest))) ||
	    tombs < (live + log->segment_size) / TOMB_SHARE)
		return;
	for (size_t i = 0;
	     i < log->segment_count && choice->count < CHOOSE_MAX - 1; i++)
		if (log->segments[i] != heaviest && log->segments[i] != last &&
		    is_whole(log->segments[i]) &&
		    blocks(log->segments[i], highest(heaviest)))
			choice_add(choice, log->segments[i]);
	choice_add(choice, heaviest);
}

enum ouro_status
choose_some(struct log_engine *log, double dead_share,
    struct segment ***victims, uint64_t *bytes, struct ouro_error *err)
{
	struct choice choice = { .log = log };

	choice.victims = calloc(CHOOSE_MAX + 1, sizeof(struct segment *));
	*victims = choice.victims;
	if (choice.victims == NULL)
		return error_memory(err);
	figures_lock(log);
	choose_dead(&choice, dead_share);
	if (choice.count > 0)
		choose_empty(&choice);
	if (choice.count == 0)
		choose_small(&choice);
	if (choice.count == 0)
		choose_blockers(&choice);
	figures_unlock(log);
	*bytes = choice.bytes;
	return OURO_OK;
}
