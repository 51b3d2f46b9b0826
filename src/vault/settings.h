/*
 * settings - what holds for the whole vault: names "settings/NAME" in the
 * namespace sys, with a decimal number as content.
 *
 * They are versions like others, so copies of a vault that are united agree on
 * them: the winner counts. An opening reads them into struct ouro_vault, and so
 * does whatever may have changed them. What is there but no number, or out of
 * its range, is logged, and the standard holds.
 */
#ifndef VAULT_SETTINGS_H
#define VAULT_SETTINGS_H

#include "vault/vault.h"

/* Reads all of them into the vault's fields. After a failure those that were
 * not read are as they were. */
enum ouro_status settings_load(struct ouro_vault *vault,
    struct ouro_error *err);

#endif
