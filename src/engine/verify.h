/*
 * verify - reading and checking everything that is stored.
 *
 *   verify.c        the segments
 *   verify_index.c  the index: its files, and whether it fits the segments
 *
 * Each record that is read is looked for in the index, which must know it or
 * a newer one of its key; and those that the index names itself are counted.
 * Where there are as many as the index has places in the segment, each of
 * them leads to a record of its key; else, the places are tried one by one.
 */
#ifndef ENGINE_VERIFY_H
#define ENGINE_VERIFY_H

#include "engine/log_engine.h"

/* What a segment was when the check began; it only grows. */
struct verify_subject {
	struct segment *segment; /* referenced */
	uint64_t end;
	uint64_t successor; /* the sequence that must follow its last, or 0 */
	bool damaged;
	uint64_t confirmed; /* of its records: those that the index names */
	uint64_t named;	    /* places in it that the index names */
};

struct verify_check {
	struct log_engine *log;
	engine_damage_report *report;
	void *context;
	struct verify_subject *subjects;
	size_t count;
	struct id_set missing;
	uint64_t faults; /* all that were told */

	uint64_t sequence;    /* of the last operation that is looked for */
	struct moment moment; /* knows at least all of those */
	bool index_damaged;   /* runs; nothing is compared with them */
	bool manifest_damaged;
	uint64_t index_faults; /* of all those faults, the index's */
};

/* The driver's engine_verify. */
enum ouro_status verify_all(struct engine *engine, engine_damage_report *report,
    void *context, struct ouro_error *err);

/* Fills subjects and missing, and tells every fault. With log->care held;
 * verify_end in any case. */
enum ouro_status verify_run(struct verify_check *check, struct ouro_error *err);
void verify_end(struct verify_check *check);
void verify_tell(struct verify_check *check,
    const struct engine_damage *damage);

/* ---- verify_index.c ----------------------------------------------------------- */

/* Its files. The subjects and check->sequence are set. */
enum ouro_status verify_index_begin(struct verify_check *check,
    struct ouro_error *err);
/* A whole record of the subject, its seal open. */
enum ouro_status verify_index_record(struct verify_check *check,
    struct verify_subject *subject, uint64_t offset,
    const struct record *record, struct ouro_error *err);
/* Everything was read. */
enum ouro_status verify_index_end(struct verify_check *check,
    struct ouro_error *err);

#endif
