/*
 * account - what a removal leaves behind: contents nobody reaches any more,
 * and which of their chunks others keep.
 */
#ifndef VAULT_ACCOUNT_H
#define VAULT_ACCOUNT_H

#include "proto/vault.pb-c.h"
#include "vault/hash_set.h"

struct ouro_vault;

/* Keeps the ids of the pages and chunks of what was removed in memory. */
struct account {
	struct ouro_vault *vault;
	ouro_kept_report *report; /* may be NULL */
	void *context;
	struct ouro_remove_result *result;
	struct hash_set dead;  /* contents and pages nobody reaches */
	struct hash_set seen;  /* chunks counted */
	unsigned shared_level; /* of the page above that others use */
	uint64_t shared;       /* chunks of this content that others use */
};

void account_release(struct account *account);
void account_report(const struct account *account, enum ouro_reason reason,
    const uint8_t id[HASH_SIZE], uint64_t count);

/* The clear part of a content's record; free with canonical_free. */
enum ouro_status account_load(struct ouro_vault *vault,
    const uint8_t id[HASH_SIZE], Ouro__ContentRecord **out,
    struct ouro_error *err);
/* A version of this content was removed: reports what still keeps it, or
 * counts it, and its ancestors that only it kept, as gone. */
enum ouro_status account_content(struct account *account,
    const uint8_t id[HASH_SIZE], struct ouro_error *err);
/* This content is gone; record is what account_load gave before. */
enum ouro_status account_gone(struct account *account,
    const uint8_t id[HASH_SIZE], const Ouro__ContentRecord *record,
    struct ouro_error *err);

#endif
