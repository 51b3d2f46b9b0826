/*
 * info - what is known of a content and of a version that reaches it.
 */
#ifndef VAULT_INFO_H
#define VAULT_INFO_H

#include "vault/record.h"

#define INFO_META_MAX (16u * 1024 * 1024)

struct ouro_vault;

/* How much is read beside the record itself. */
struct info_wants {
	bool meta;   /* also when it lies in chunks */
	bool slices; /* walks the pages */
};

/* Each adds to a zeroed or partly filled info, which the caller releases,
 * also after failure. */
enum ouro_status info_version(const uint8_t id[HASH_SIZE],
    const Ouro__RefRecord *ref, struct ouro_info *out, struct ouro_error *err);
enum ouro_status info_content(struct ouro_vault *vault,
    const uint8_t id[HASH_SIZE], const struct info_wants *wants,
    struct ouro_info *out, struct ouro_error *err);

/* The figures of slices, from the chunk rows and the lanes. Keeps the ids of
 * the content's chunks in memory (vault/hash_set.h). */
enum ouro_status info_slices(struct ouro_vault *vault,
    const struct content *content, struct ouro_info *out,
    struct ouro_error *err);

#endif
