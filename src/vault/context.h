/*
 * context - every dot this copy ever durably took (docs/DESIGN.md, dots).
 *
 * Held in memory, one row per incarnation in the records engine. Not
 * thread-safe: the commit step alone changes it; others read it under the
 * commit's lock.
 */
#ifndef VAULT_CONTEXT_H
#define VAULT_CONTEXT_H

#include "crypt/crypt.h"
#include "proto/vault.pb-c.h"

#define INCARNATION_SIZE 16

struct dot {
	uint8_t incarnation[INCARNATION_SIZE];
	uint64_t number; /* from 1 */
};

static inline struct dot
dot_stored(const Ouro__Dot *stored)
{
	struct dot dot = { .number = stored->number };

	memcpy(dot.incarnation, stored->incarnation.data, INCARNATION_SIZE);
	return dot;
}

/* Numbers first..last, both taken. */
struct dot_span {
	uint64_t first, last;
};

/* One incarnation: every number up to through, and spans beyond it,
 * ascending, disjoint, not touching each other or through. */
struct context_entry {
	uint8_t incarnation[INCARNATION_SIZE];
	uint64_t through;
	struct dot_span *beyond;
	size_t beyond_count;
};

/* Sorted by incarnation. Zeroed = empty. */
struct context {
	struct context_entry *entries;
	size_t count;
};

#define CONTEXT_SPANS_MAX 65536 /* in one entry read from outside */

void context_release(struct context *context);
bool context_has(const struct context *context, const struct dot *dot);
/* Every number of the incarnation up to and with number, without a gap. */
bool context_has_through(const struct context *context, const struct dot *dot);
/* add, unite and decode change nothing when they fail: OURO_NO_MEMORY, or
 * OURO_TOO_LARGE when an entry would have more than CONTEXT_SPANS_MAX. */
enum ouro_status context_add(struct context *context, const struct dot *dot,
    struct ouro_error *err);
/* Adds all that other has. Commutative, associative, idempotent. */
enum ouro_status context_unite(struct context *context,
    const struct context *other, struct ouro_error *err);
bool context_equal(const struct context *a, const struct context *b);

/* The stored form of one entry (ContextEntry), canonical. decode unites it
 * with into; OURO_DAMAGED unless it is what encode would have written. */
enum ouro_status context_encode(const struct context_entry *entry,
    struct buffer *out, struct ouro_error *err);
enum ouro_status context_decode(const uint8_t incarnation[INCARNATION_SIZE],
    struct bytes stored, struct context *into, struct ouro_error *err);
/* The entry of an incarnation, or NULL. Borrowed. */
const struct context_entry *context_find(const struct context *context,
    const uint8_t incarnation[INCARNATION_SIZE]);

#endif
