/*
 * put - a content on its way in, and the name it is to have.
 */
#ifndef VAULT_PUT_H
#define VAULT_PUT_H

#include "vault/commit.h"
#include "vault/stream_write.h"

struct ouro_put {
	struct ouro_vault *vault;
	struct stream_writer data, meta;
	struct content content;
	char *namespace_, *name, *owner, *group, *type;
	uint8_t (*base)[HASH_SIZE];
	struct commit_content commit_content;
	struct commit_version commit_version;
	char path[OURO_NAME_MAX + 1];	/* of content without a name */
	struct ouro_put_result *result; /* set once finished in a batch */
};

/* All chunks and pages are written, the record is ready to be committed. */
enum ouro_status put_seal(struct ouro_put *put, struct ouro_error *err);
/* What came of it, after the commit. */
void put_tell(const struct ouro_put *put, struct ouro_put_result *result);

#endif
