/*
 * compact_step - compaction in the background.
 *
 * While others write, segments are rewritten when compact_share of them is
 * dead; so closed segments take at most live / (1 - compact_share) bytes. When
 * nobody has written for a while, a fifth of that share is enough. What is
 * read is bounded by compact_rate. A restart loses the round under way, whose
 * files are removed, and nothing else: what to do next is always found from
 * the figures.
 */
#include "engine/compact.h"

#include "base/error.h"
#include "base/executor.h"
#include "base/log.h"
#include "engine/choose.h"

#define IDLE_MS	    2000u  /* without a write */
#define BUSY_MS	    200u   /* somebody else compacts, verifies or repairs */
#define FAILED_MS   30000u /* before it is tried again */
#define IDLE_FACTOR 5.0
#define MS_PER_S    1000u

/* Somebody wrote since the last look. */
static bool
is_written(struct log_engine *log)
{
	uint64_t sequence;
	bool result;

	pthread_rwlock_rdlock(&log->lock);
	sequence = log->sequence;
	pthread_rwlock_unlock(&log->lock);
	result = sequence != log->compact_seen;
	log->compact_seen = sequence;
	return result;
}

/* With care held. */
static enum ouro_status
round_run(struct log_engine *log, double dead_share, uint64_t *bytes,
    struct ouro_error *err)
{
	struct segment **victims = NULL;
	enum ouro_status status = choose_some(log, dead_share, &victims, bytes,
	    err);

	if (status == OURO_OK && victims[0] != NULL)
		status = compact_segments(log, victims, NULL, false, err);
	if (status == OURO_DAMAGED)
		for (size_t i = 0; victims[i] != NULL; i++)
			compact_avoid(log, victims[i]);
	victims_free(victims);
	return status;
}

/* How long what was read keeps the disk's share busy. */
static uint64_t
pause_ms(const struct log_engine *log, uint64_t bytes)
{
	uint64_t ms = bytes / (log->compact_rate / MS_PER_S + 1);

	return ms > 0 ? ms : 1;
}

uint64_t
compact_step(void *context)
{
	struct log_engine *log = context;
	bool written = is_written(log);
	double share = written ? log->compact_share
			       : log->compact_share / IDLE_FACTOR;
	struct ouro_error err = { 0 };
	enum ouro_status status;
	uint64_t bytes = 0;

	if (atomic_load(&log->broken) || atomic_load(&log->closing))
		return STEP_IDLE;
	if (pthread_mutex_trylock(&log->care) != 0)
		return BUSY_MS;
	status = round_run(log, share, &bytes, &err);
	pthread_mutex_unlock(&log->care);
	is_written(log); /* what it wrote itself does not count */
	if (status != OURO_OK) {
		log_write(log->log,
		    status == OURO_CANCELLED ? LOG_DEBUG : LOG_WARNING,
		    "%s: compaction: %s", log->dir, err.text);
		return FAILED_MS;
	}
	if (bytes > 0)
		return pause_ms(log, bytes);
	return written ? IDLE_MS : STEP_IDLE;
}
