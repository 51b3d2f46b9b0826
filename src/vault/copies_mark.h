/*
 * copies_mark - two rows in which the records engine remembers how it stands
 * with its second copy.
 *
 *   s "closed"   16 bytes: sequence of records, with this row, and of copies
 *                at a clean close, u64 little-endian
 *   s "restore"  empty: there from before the records are mended until what
 *                they lost is back and the derived rows are made anew
 */
#ifndef VAULT_COPIES_MARK_H
#define VAULT_COPIES_MARK_H

#include "engine/engine.h"

enum mark { MARK_NONE, MARK_STALE, MARK_FITS };

/* How the mark of the clean close agrees with the engines' sequences: it fits
 * as long as neither has written anything since. */
enum mark mark_read(struct engine *records, const struct engine_stats *stats,
    const struct engine_stats *copies);
/* stats are those of records, and are brought up to date. */
enum ouro_status mark_write(struct engine *records, struct engine_stats *stats,
    const struct engine_stats *copies, struct ouro_error *err);
enum ouro_status mark_remove(struct engine *records, struct ouro_error *err);

/* Durably, before anything is mended, so that an interrupted mending does not
 * look like records that are whole: no mark, and when rows are lost the row
 * "restore", which mending_end deletes. */
enum ouro_status mending_begin(struct engine *records, bool lost,
    struct ouro_error *err);
enum ouro_status mending_end(struct engine *records, struct ouro_error *err);
bool restore_pending(struct engine *records);

#endif
