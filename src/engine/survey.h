/*
 * survey - one reading of all segments into the index, at opening; of those
 * that the stored index covers, only what lies behind.
 *
 * The first pass takes every record that decodes. When it met nothing odd,
 * that is all. Else it has learnt three things that the second pass, into an
 * empty index, goes by:
 *   mark     the highest durable-through seen: what lies at or below it was
 *            once durable, so if it is unreadable it is damage;
 *   cut      the least sequence above the mark that is missing: from there
 *            on the log is a torn tail, also where single records survived;
 *   dropped  segments that were to be removed.
 */
#ifndef ENGINE_SURVEY_H
#define ENGINE_SURVEY_H

#include "engine/log_engine.h"

struct survey_gap {
	const struct segment *segment;
	uint64_t first, end; /* sequences not found; end may be UINT64_MAX */
	bool certain;	     /* lost, whatever the mark says */
};

struct survey_note {
	uint64_t sequence; /* of the `dropped` record */
	uint64_t id;	   /* that it names */
};

struct survey {
	struct log_engine *log;
	bool final;
	bool odd;
	uint64_t mark;
	uint64_t cut;	   /* UINT64_MAX: nothing torn */
	uint64_t next;	   /* behind the last log segment's last sequence */
	uint64_t newest;   /* the highest sequence of any record ... */
	uint64_t operated; /* ... and of those that do something */
	bool bad_end;	   /* the log ends in damaged bytes */
	uint64_t lost;	   /* records known damaged */
	struct survey_gap *gaps;
	size_t gap_count, gap_capacity;
	struct survey_note *notes;
	size_t note_count, note_capacity;
};

/*
 * Reads everything into log's empty index; sets each segment's `end`,
 * `damaged` and counters. Segments that are to go are no longer in the list:
 * *gone (ended by NULL, owned, referenced) holds those named by `dropped`
 * records.
 */
enum ouro_status survey_run(struct survey *survey, struct log_engine *log,
    struct segment ***gone, struct ouro_error *err);
void survey_release(struct survey *survey);

enum ouro_status survey_note_add(struct survey *survey, struct survey_note note,
    struct ouro_error *err);
/* Whether a `dropped` record that counts names the segment. */
bool survey_names(const struct survey *survey, uint64_t id);

/* The log segment behind the i-th segment, or NULL. *whole: no segment can
 * have been between them, so that sequences must follow one another. */
const struct segment *survey_successor(const struct log_engine *log, size_t i,
    bool *whole);

/* The least `first` among the log segments behind the i-th: what the i-th
 * holds from there on is void. UINT64_MAX when there is none. */
uint64_t survey_void_from(const struct log_engine *log, size_t i);

#endif
