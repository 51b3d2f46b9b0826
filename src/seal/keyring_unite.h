/*
 * keyring_unite - the keyrings of two copies of one vault.
 *
 * An epoch is begun in one copy and known in the other only when that takes it
 * over. Who takes it over takes its members too: whoever was removed has no
 * part in the epochs after that. Who became a member only here, after the
 * newest epoch of theirs began, stays and gets it.
 */
#ifndef SEAL_KEYRING_UNITE_H
#define SEAL_KEYRING_UNITE_H

#include "seal/keyring.h"

/*
 * *newer tells whether theirs has epochs that ours lacks.
 *   OURO_REFUSED   they are of different vaults
 *   OURO_CONFLICT  both began an epoch of the same number
 */
enum ouro_status keyring_compare(const struct keyring *ours,
    const struct keyring *theirs, bool *newer, struct ouro_error *err);

/* Each member of ours that is not one of the result. */
typedef void keyring_left(void *context, const struct member *member);

/* Ours with the epochs and members of theirs, which is newer, as a keyring of
 * its own. left may be NULL. */
enum ouro_status keyring_unite(const struct keyring *ours,
    const struct keyring *theirs, keyring_left *left, void *context,
    struct keyring **out, struct ouro_error *err);

#endif
