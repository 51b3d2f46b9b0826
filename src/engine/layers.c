#include "engine/layers.h"

#include <stdlib.h>

#include "base/error.h"

/* ---- one layer --------------------------------------------------------------- */

static void
layer_take(struct layer *layer)
{
	if (layer->stored) {
		layer->valid = layer->run.valid;
		layer->key = layer->run.key;
		layer->place = layer->run.place;
		return;
	}
	layer->valid = layer->delta.entry != NULL;
	if (!layer->valid)
		return;
	layer->key = delta_key(layer->delta.entry);
	layer->place = layer->delta.entry->place;
}

static enum ouro_status
layer_seek(struct layer *layer, struct bytes key, bool after, bool reverse,
    struct ouro_error *err)
{
	enum ouro_status status = layer->stored
	    ? run_cursor_seek(&layer->run, key, after, reverse, err)
	    : delta_cursor_seek(&layer->delta, key, after, reverse, err);

	layer_take(layer);
	return status;
}

static enum ouro_status
layer_next(struct layer *layer, struct ouro_error *err)
{
	enum ouro_status status = layer->stored
	    ? run_cursor_next(&layer->run, err)
	    : delta_cursor_next(&layer->delta, err);

	layer_take(layer);
	return status;
}

/* ---- all ---------------------------------------------------------------------- */

static enum ouro_status
layers_make(struct layers *layers, unsigned count, struct ouro_error *err)
{
	*layers = (struct layers){ 0 };
	layers->layers = calloc(count + 1, sizeof(struct layer));
	return layers->layers == NULL ? error_memory(err) : OURO_OK;
}

static void
delta_add_layer(struct layers *layers, struct delta *delta, size_t entries)
{
	delta_cursor_init(&layers->layers[layers->count++].delta, delta,
	    entries);
}

static void
run_add_layer(struct layers *layers, struct run *run)
{
	struct layer *layer = &layers->layers[layers->count++];

	layer->stored = true;
	run_cursor_init(&layer->run, run);
}

enum ouro_status
layers_open(struct layers *layers, const struct moment *moment,
    struct ouro_error *err)
{
	const struct view *view = moment->view;
	enum ouro_status status = layers_make(layers, view->run_count + 2, err);

	if (status != OURO_OK)
		return status;
	if (moment->entries > 0)
		delta_add_layer(layers, view->active, moment->entries);
	if (view->frozen != NULL)
		delta_add_layer(layers, view->frozen, SIZE_MAX);
	for (unsigned i = 0; i < view->run_count; i++)
		run_add_layer(layers, view->runs[i]);
	return OURO_OK;
}

enum ouro_status
layers_open_runs(struct layers *layers, struct run **runs, unsigned count,
    struct ouro_error *err)
{
	enum ouro_status status = layers_make(layers, count, err);

	for (unsigned i = 0; status == OURO_OK && i < count; i++)
		run_add_layer(layers, runs[i]);
	return status;
}

enum ouro_status
layers_open_delta(struct layers *layers, struct delta *delta,
    struct ouro_error *err)
{
	enum ouro_status status = layers_make(layers, 1, err);

	if (status == OURO_OK)
		delta_add_layer(layers, delta, SIZE_MAX);
	return status;
}

void
layers_close(struct layers *layers)
{
	for (unsigned i = 0; i < layers->count; i++)
		if (layers->layers[i].stored)
			run_cursor_release(&layers->layers[i].run);
	free(layers->layers);
	*layers = (struct layers){ 0 };
}

/* Stands at the layer whose key comes first; of equal keys the newest. */
static void
layers_settle(struct layers *layers)
{
	layers->valid = false;
	for (unsigned i = 0; i < layers->count; i++) {
		const struct layer *layer = &layers->layers[i];
		int order;

		if (!layer->valid)
			continue;
		order = layers->valid ? bytes_compare(layer->key, layers->key)
				      : 0;
		if (layers->valid &&
		    (layers->reverse ? order <= 0 : order >= 0))
			continue;
		layers->valid = true;
		layers->top = i;
		layers->key = layer->key;
	}
	if (layers->valid)
		layers->place = layers->layers[layers->top].place;
}

enum ouro_status
layers_seek(struct layers *layers, struct bytes key, bool after, bool reverse,
    struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	layers->reverse = reverse;
	for (unsigned i = 0; status == OURO_OK && i < layers->count; i++)
		status = layer_seek(&layers->layers[i], key, after, reverse,
		    err);
	if (status == OURO_OK)
		layers_settle(layers);
	else
		layers->valid = false;
	return status;
}

enum ouro_status
layers_next(struct layers *layers, struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	/* The top's own key goes last: the others are compared with it. */
	for (unsigned i = layers->top + 1;
	     status == OURO_OK && i < layers->count; i++)
		if (layers->layers[i].valid &&
		    bytes_equal(layers->layers[i].key, layers->key))
			status = layer_next(&layers->layers[i], err);
	if (status == OURO_OK)
		status = layer_next(&layers->layers[layers->top], err);
	if (status == OURO_OK)
		layers_settle(layers);
	else
		layers->valid = false;
	return status;
}
