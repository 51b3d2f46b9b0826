/*
 * copies_compare - two engines side by side, row by row, made equal.
 *
 * Only the tables of the replicated set (c, p, r, x) are looked at. Rows are
 * compared with their values in one ordered pass; what differs is written in
 * batches of bounded size while the pass goes on.
 */
#ifndef VAULT_COPIES_COMPARE_H
#define VAULT_COPIES_COMPARE_H

#include "engine/engine.h"

struct copies_compare {
	struct engine *records, *copies;
	/* Records are missing some rows: what only the copies have is put
	 * back. Otherwise it was deleted, and is deleted there too. */
	bool lost;
	bool dry; /* count, write nothing */

	/* Results, also after a failure. */
	uint64_t restored;    /* rows of records taken from the copies */
	uint64_t unread;      /* rows that neither could give */
	bool versions_unread; /* of these some of the tables r or x */
	uint64_t copied;      /* rows written to the copies */
	uint64_t dropped;     /* rows deleted from the copies */
	bool
	    copies_failed; /* the failure is theirs: records are not to blame */
};

/* Is this key's row kept twice? */
bool copies_concern(struct bytes key);

/* What was written is durable when it returns OURO_OK. */
enum ouro_status copies_compare(struct copies_compare *compare,
    struct ouro_error *err);

#endif
