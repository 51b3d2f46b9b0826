/*
 * collect - what nothing refers to leaves: contents, pages, chunks, slices.
 *
 * Content goes when no ref and no live child uses it; a page when no page or
 * content lists it; a chunk when no page or content does; a slice when no
 * stripe of a chunk row has it. Whatever a write in progress has pinned
 * stays. Order: a row goes durably before what it stands for.
 */
#ifndef VAULT_COLLECT_H
#define VAULT_COLLECT_H

#include "vault/vault.h"

enum ouro_status collect(struct ouro_vault *vault, ouro_progress *progress,
    void *context, struct ouro_gc_result *result, struct ouro_error *err);

#endif
