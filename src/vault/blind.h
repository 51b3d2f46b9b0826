/*
 * blind - care for slices without any key: ouro_blind_care of the header.
 *
 * Stripes are gone through in the order of their keys, over all lanes at
 * once, so memory holds one stripe whatever the store does. What is taken for
 * a slice of a stripe is decided by hashes alone: its descriptor gives the
 * stripe id of its key, and its bytes their hash in it. Parity is made anew
 * and compared.
 *
 * Where slices lie is read from the directories, never from OUROBOROS, whose
 * authentication code cannot be checked here. No other file is opened but
 * LOCK and the lanes.
 *
 * What cannot be known without a key: whether a stripe is still used. One
 * that was half-way deleted is told as lost; gc takes it.
 */
#ifndef VAULT_BLIND_H
#define VAULT_BLIND_H

#include "vault/blind_lanes.h"

/* As ouro_blind_care; fs and executor of place are the caller's. */
enum ouro_status blind_care(const struct blind_place *place, bool repair,
    const struct ouro_care_options *options, struct ouro_care_result *result,
    struct ouro_error *err);

#endif
