/*
 * verify - reading and checking everything that is stored.
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
};

struct verify_check {
	struct log_engine *log;
	engine_damage_report *report;
	void *context;
	struct verify_subject *subjects;
	size_t count;
	struct id_set missing;
	uint64_t faults;
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

#endif
