/*
 * version_write - a version with a content that is there, on its way to the
 * commit.
 */
#ifndef VAULT_VERSION_WRITE_H
#define VAULT_VERSION_WRITE_H

#include "vault/commit.h"

struct version_write {
	struct ouro_vault *vault;
	struct commit_version version; /* points to what is below */
	char *texts[4];		       /* namespace, path, owner, group */
	uint8_t (*base)[HASH_SIZE];
	bool pinned; /* the target: it stays there until the release */
};

/* Copies all that the options point to. OURO_INVALID, OURO_TOO_LARGE,
 * OURO_NOT_FOUND as ouro_version_put. Release also after failure. */
enum ouro_status version_write_init(struct version_write *write,
    struct ouro_vault *vault, const struct ouro_version_options *options,
    struct ouro_error *err);
void version_write_release(struct version_write *write);

/* What options of a version have in common with those of a put. */
enum ouro_status version_check(const struct ouro_version_options *options,
    struct ouro_error *err);

#endif
