/*
 * lineage - what a new version of a name takes the place of.
 */
#ifndef VAULT_LINEAGE_H
#define VAULT_LINEAGE_H

#include "vault/batch.h"

/* Zeroed = of a version that replaces nothing. Points into the name it was
 * made of, whose heads stay as they are until it is released. */
struct lineage {
	struct name_version **bases;
	size_t base_count;
	struct version_list others; /* those of the bases that are no heads */
	/* For the record: ids ascending; dots by incarnation. */
	ProtobufCBinaryData *previous;
	size_t previous_count;
	Ouro__Dot *dots;
	Ouro__Dot **seen;
	size_t seen_count;
	uint64_t stamp_last; /* of the bases */
};

/* The name is one of the batch's, and the version is to be added to it.
 * OURO_NOT_FOUND, OURO_CONFLICT as batch_version; OURO_TOO_LARGE when more
 * incarnations were seen than a record can have. Release also then. */
enum ouro_status lineage_init(struct lineage *lineage, struct batch *batch,
    struct name *name, const struct commit_version *version,
    struct ouro_error *err);
void lineage_release(struct lineage *lineage);

/* How far the new version has seen an incarnation. */
uint64_t lineage_seen(const struct lineage *lineage,
    const uint8_t incarnation[INCARNATION_SIZE]);
/* All heads of the name are among the bases. */
bool lineage_is_whole(const struct lineage *lineage, const struct name *name);

#endif
