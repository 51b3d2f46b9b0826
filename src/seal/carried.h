/*
 * carried - a stripe on its way from one store to another: sealed as it is,
 * without its parity, which whoever takes it makes anew.
 *
 *   offset  length  data
 *   0       4+d     what stands in front of slice 0 (slice.h), with the
 *                   hashes of the k data slices and no others
 *   4+d     s       the sealed bytes, as many as the descriptor says
 */
#ifndef SEAL_CARRIED_H
#define SEAL_CARRIED_H

#include "seal/stripe.h"

/* One, decoded. sealed lies in the bytes given. */
struct carried {
	struct slice of;
	struct bytes sealed;
};

/*
 * Makes it from any k good slices of a stripe (as stripe_open takes them),
 * checking the hashes of what it uses and rebuilding what is missing. Replaces
 * out. OURO_DAMAGED, naming the chunk.
 */
enum ouro_status carried_encode(const struct slice *const slices[SLICES_MAX],
    struct buffer *out, struct ouro_error *err);

/* OURO_DAMAGED. That the bytes fit their hashes is told by stripe_restore.
 * Release also after failure. */
enum ouro_status carried_decode(struct bytes bytes, struct carried *out,
    struct ouro_error *err);
void carried_release(struct carried *carried);

#endif
