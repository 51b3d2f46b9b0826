/*
 * layers - the layers of an index seen as one sequence of keys.
 *
 * Each key once, with the place that the newest layer gives for it;
 * tombstones are shown too.
 */
#ifndef ENGINE_LAYERS_H
#define ENGINE_LAYERS_H

#include "engine/view.h"

/* One layer: a delta or a run. */
struct layer {
	bool stored; /* run, else delta */
	union {
		struct delta_cursor delta;
		struct run_cursor run;
	};
	bool valid; /* stands at an entry: */
	struct bytes key;
	struct place place;
};

struct layers {
	struct layer *layers; /* newest first */
	unsigned count;
	bool reverse;
	bool valid;	  /* stands at an entry: */
	struct bytes key; /* until the next call */
	struct place place;
	unsigned top; /* the layer that it comes from */
};

/* All of the moment's layers, or just these runs, newest first. What they
 * are made of must be held until layers_close, also after a failure. */
enum ouro_status layers_open(struct layers *layers, const struct moment *moment,
    struct ouro_error *err);
enum ouro_status layers_open_runs(struct layers *layers, struct run **runs,
    unsigned count, struct ouro_error *err);
enum ouro_status layers_open_delta(struct layers *layers, struct delta *delta,
    struct ouro_error *err);
void layers_close(struct layers *layers);

/* As delta_cursor_seek; also OURO_DAMAGED, OURO_IO. */
enum ouro_status layers_seek(struct layers *layers, struct bytes key,
    bool after, bool reverse, struct ouro_error *err);
enum ouro_status layers_next(struct layers *layers, struct ouro_error *err);

#endif
