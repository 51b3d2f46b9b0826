/*
 * import_version - a version that is not in the set, as the caller of
 * ouro_import is told of it.
 */
#ifndef EXCHANGE_IMPORT_VERSION_H
#define EXCHANGE_IMPORT_VERSION_H

#include "crypt/crypt.h"
#include "proto/vault.pb-c.h"

struct ouro_vault;

/* Calls each once; what it answers does not matter, nor does a lack of
 * memory: it is a report. */
void import_version_tell(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    const Ouro__RefRecord *ref, ouro_each_version *each, void *context);

#endif
