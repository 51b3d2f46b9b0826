/*
 * manifest - the file INDEX: which runs make up the stored index, and what
 * of the segments they cover.
 *
 * Opening reads the manifest, opens its runs, and replays only what it does
 * not cover. It is replaced as a whole, atomically and durably, after its
 * runs are durable and after every record that they point at is. A manifest
 * that is missing, damaged, or does not fit the directory costs a replay of
 * all segments and nothing else.
 */
#ifndef ENGINE_MANIFEST_H
#define ENGINE_MANIFEST_H

#include "engine/id_set.h"
#include "engine/run.h"

#define MANIFEST_NAME "INDEX"

/* What the stored index knows of one segment. */
struct manifest_segment {
	uint64_t id;
	uint64_t end;	/* covered up to here */
	uint64_t next;	/* log segment: the sequence that follows there */
	uint64_t least; /* as in struct segment, and the rest */
	uint64_t live_bytes;
	uint64_t live_count;
	uint64_t tomb_bytes;
	uint64_t frame_bytes;
	uint64_t damaged;
};

/* Zeroed = empty. */
struct manifest {
	uint64_t seed;	   /* of key_hash */
	uint64_t sequence; /* of the last operation covered */
	uint64_t durable;  /* everything up to it is; >= sequence */
	uint64_t lost;	   /* records known damaged */
	uint64_t *runs;	   /* ids, newest first */
	size_t run_count;
	struct manifest_segment *segments; /* ascending ids */
	size_t segment_count;
	struct id_set missing;
	struct id_set dropped;
};

void manifest_release(struct manifest *manifest);
/* On failure *to is empty. */
enum ouro_status manifest_copy(const struct manifest *from, struct manifest *to,
    struct ouro_error *err);

/* Sealed when store->seal_key is set; store->seed is not looked at. */
enum ouro_status manifest_write(const struct run_store *store,
    const struct manifest *manifest, struct ouro_error *err);

/* OURO_NOT_FOUND, also when it is one of the older system (old_snapshot.h);
 * OURO_DAMAGED: not whole, or not sealed under the key;
 * OURO_UNSUPPORTED. On failure *out is empty. */
enum ouro_status manifest_read(const struct run_store *store,
    struct manifest *out, struct ouro_error *err);

/* The bytes of it, unsealed; for tests and fuzzers too. Counts are bounded by
 * the bytes there are. */
enum ouro_status manifest_encode(const struct manifest *manifest,
    struct buffer *out, struct ouro_error *err);
enum ouro_status manifest_decode(const char *path, struct bytes bytes,
    struct manifest *out, struct ouro_error *err);

#endif
