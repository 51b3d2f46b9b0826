/*
 * index_renew - making the runs of the index anew, while the store is in use.
 *
 * What the runs hold follows from what the manifest covers of the segments,
 * and from copies: a delta that is frozen while records are moved leads to a
 * segment that its manifest leaves out (index.c). A *shadow* of the store,
 * which has these segments up to where they are covered, whole segments of
 * copies, and nothing else, is read as an opening without an index would; all
 * it knows becomes one run, which takes the place of the old ones, below
 * whatever was written and stored meanwhile.
 *
 * Until then nothing changes but that the old runs are not merged: look-ups
 * go by them, and a failure, or a crash, leaves all as it was. From then on
 * memory goes by the new run, and the disk as soon as the manifest names it;
 * only then are the old ones removed.
 *
 * Memory: a delta of a quarter of the store's own, and what a run needs. What
 * does not fit goes to files of runs, which nobody names and which are
 * removed; after a crash, by the next opening.
 */
#ifndef ENGINE_INDEX_RENEW_H
#define ENGINE_INDEX_RENEW_H

#include "engine/log_engine.h"

/* With care held, so that nothing is moved or dropped. */
enum ouro_status index_renew(struct log_engine *log, struct ouro_error *err);
/* Writes the manifest again, when it is damaged, or could not be written. */
enum ouro_status index_renew_manifest(struct log_engine *log, bool damaged,
    struct ouro_error *err);

#endif
