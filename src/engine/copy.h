/*
 * copy - the records of some segments that count, into new segments.
 */
#ifndef ENGINE_COPY_H
#define ENGINE_COPY_H

#include "engine/log_engine.h"

struct copy {
	struct log_engine *log;
	struct segment *const *victims; /* ended by NULL */
	bool salvage;			/* go on behind what cannot be read */
	uint64_t durable;		/* written into every copy */
	struct segment *output; /* being filled, under a temporary name */
	struct segment **made;	/* finished; referenced */
	size_t made_count;
	uint64_t sequence; /* of the last record; UINT64_MAX: none in output */
	struct assembly assembly;
};

void copy_init(struct copy *copy, struct log_engine *log,
    struct segment *const *victims, bool salvage);

/* Copies what counts of one victim. OURO_DAMAGED when something cannot be
 * read, unless salvaging. */
enum ouro_status copy_segment(struct copy *copy, struct segment *victim,
    struct ouro_error *err);

/* Makes all copies durable, reads them again, puts them into the log and
 * lets the index point at them. */
enum ouro_status copy_publish(struct copy *copy, struct ouro_error *err);

/* Removes what was not published. */
void copy_release(struct copy *copy);

#endif
