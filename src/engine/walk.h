/*
 * walk - all records of a segment in file order, and what is none.
 *
 * A walk never stops at bytes it does not understand: it finds the next
 * record that decodes and tells the stretch between as one bad item. But a
 * log segment was made larger than its records, so the zeros behind them are
 * its end.
 */
#ifndef ENGINE_WALK_H
#define ENGINE_WALK_H

#include "engine/segment.h"

struct walk {
	struct segment *segment;
	struct fs_file *file;
	uint64_t offset; /* of what comes next */
	uint64_t end;
	uint64_t expected; /* records found after bad bytes have at least
			    * this sequence (log segments) */
	uint64_t effort;   /* bytes left to be checked in searches */
	uint64_t content;  /* behind the last byte that is not zero;
			    * UINT64_MAX: not looked for yet */
	struct buffer window;
	uint64_t window_offset;
};

struct walk_item {
	bool good;
	uint64_t offset;
	uint64_t size;
	struct record record; /* good: still sealed; valid until walk_next */
};

/* Walks [segment->begin, end). Pins the segment, which must outlive it. */
enum ouro_status walk_open(struct walk *walk, struct segment *segment,
    uint64_t end, struct ouro_error *err);
void walk_close(struct walk *walk);

/* OURO_END, and walk->offset is where the records end; OURO_IO. */
enum ouro_status walk_next(struct walk *walk, struct walk_item *item,
    struct ouro_error *err);

/* Where the bytes end that are not zeros; of a segment that is no log segment,
 * where the walk ends. */
enum ouro_status walk_content(struct walk *walk, uint64_t *content,
    struct ouro_error *err);

/* The bytes of a bad item, until walk_next. Empty when it is too large to
 * be looked into. */
enum ouro_status walk_bytes(struct walk *walk, const struct walk_item *item,
    struct bytes *out, struct ouro_error *err);

#endif
