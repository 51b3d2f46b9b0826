/*
 * stripe_check - every slice of one stripe; see chunk_check.h.
 */
#ifndef VAULT_STRIPE_CHECK_H
#define VAULT_STRIPE_CHECK_H

#include "vault/chunk.h"

/* What a look at a stripe found. */
struct stripe_check {
	struct stripe_read read; /* all that could be read */
	struct stripe_read good; /* borrowed from read: without bad ones */
	bool bad[SLICES_MAX];	 /* missing too */
	unsigned bad_count;
	bool opens;
};

/* stripe is zeroed; stripe_read_release(&stripe->read) after, also after a
 * failure. OURO_NO_MEMORY, OURO_CRYPTO. */
enum ouro_status stripe_check_run(struct ouro_vault *vault,
    struct chunk_slot *slot, const uint8_t id[HASH_SIZE],
    const Ouro__StripeRow *row, struct stripe_check *stripe,
    struct ouro_error *err);

#endif
