/*
 * lanes - the engines that hold slices, one directory each.
 *
 * The slices of a stripe lie in different lanes, so that one lost file costs
 * a stripe one slice at most. Lane n lies in DIR/lanes/NN, or, with further
 * data paths P1..Pj, in the (n mod (j + 1))-th of DIR/lanes, P1/VAULT, ...,
 * VAULT being the vault id in hex. A slice's key is
 * chunk id || stripe id || index.
 *
 * Lanes are added when a stripe is wider than their number; they are never
 * removed.
 */
#ifndef VAULT_LANES_H
#define VAULT_LANES_H

#include "engine/engine.h"
#include "proto/vault.pb-c.h"
#include "seal/stripe.h"

struct ouro_vault;

#define LANES_MAX      255
#define SLICE_KEY_SIZE (HASH_SIZE + STRIPE_ID_SIZE + 1)

struct slice_key {
	uint8_t data[SLICE_KEY_SIZE];
};

struct slice_key slice_key(const uint8_t chunk_id[HASH_SIZE],
    const uint8_t stripe_id[STRIPE_ID_SIZE], unsigned index);

/* Whether the store file has the lane where one of its number may be: in
 * lanes/NN, or in P/VAULT/NN of one of its data paths P. */
bool lane_path_fits(const Ouro__StoreFile *store, unsigned number);

/* Opens the lanes of the store file that are not open yet. A lane whose directory is gone is made
 * anew, empty (not with read_only: it is then an empty lane in memory). */
enum ouro_status lanes_open(struct ouro_vault *vault, struct ouro_error *err);
void lanes_close(struct ouro_vault *vault);

/* At least that many lanes, writing the store file first. */
enum ouro_status lanes_grow(struct ouro_vault *vault, unsigned count,
    struct ouro_error *err);
unsigned lanes_count(struct ouro_vault *vault);
/* number < lanes_count. */
struct engine *lane(struct ouro_vault *vault, unsigned number);
const char *lane_path(struct ouro_vault *vault, unsigned number);

/* All that was written to any lane is durable: side by side. */
enum ouro_status lanes_barrier(struct ouro_vault *vault,
    struct ouro_error *err);

#endif
