/*
 * vault_model - a small model of what a vault must hold: names with their versions,
 * contents by owner, parents, and the bytes. The functions do what they say in both
 * the vault and the model, and fail the test where these differ.
 */
#ifndef TESTS_VAULT_MODEL_H
#define TESTS_VAULT_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "base/executor.h"
#include "base/fs_memory.h"
#include "vault/vault.h"

#define SIZE_LARGEST (1536u * 1024)
#define NAMES	     12
#define OWNERS	     3
#define ITEMS_MAX    300  /* versions in the model */
#define CONTENTS_MAX 2000 /* collected when there are more */
#define BATCH_MAX    4

/* Bytes, drawn anew whenever they are needed: those of a stream from an
 * offset on, with one byte of another value somewhere. Contents of the same
 * stream share chunks. */
struct recipe {
	unsigned stream;
	size_t offset, size, changed_at; /* changed_at >= size: nothing */
};

/* One version that is there. */
struct item {
	unsigned name;	/* index; NAMES + owner: by content */
	uint64_t order; /* of being made */
	struct recipe recipe;
	bool has_parent;
	uint8_t parent[OURO_ID_SIZE];
	uint8_t content[OURO_ID_SIZE];
	uint8_t version[OURO_ID_SIZE];
};

/* A content whose record is there; live or waiting to be collected. */
struct content_known {
	uint8_t id[OURO_ID_SIZE];
	bool has_parent;
	uint8_t parent[OURO_ID_SIZE];
};

struct model {
	uint64_t random;
	uint64_t order;
	struct item items[ITEMS_MAX];
	size_t count;
	struct content_known contents[CONTENTS_MAX];
	size_t content_count;
	struct fs *fs;
	struct executor *executor;
	unsigned moves; /* of the vault, each into a directory of its own */
	struct ouro_vault *vault;
	struct ouro_error err;
	bool damaged; /* slices since the last repair */
};

/* Made by model_recipe_make; room for what is read to compare with it. */
extern uint8_t model_bytes_made[SIZE_LARGEST + 1],
    model_bytes_read[SIZE_LARGEST + 1];

/* ---- drawing, and the model itself */
uint64_t model_draw(struct model *model, uint64_t below);
/* Half of the streams compress. */
void model_streams_make(void);
struct recipe model_recipe_draw(struct model *model);
void model_recipe_make(const struct recipe *recipe);
const char *model_name_text(unsigned name);
const char *model_owner_text(unsigned owner);
void model_must(struct model *model, enum ouro_status status);
struct item *model_item_draw(struct model *model);
/* The last version of a name; NULL when it has none. */
struct item *model_item_newest(struct model *model, unsigned name);
struct item *model_item_by_content(struct model *model, unsigned name,
    const uint8_t content[OURO_ID_SIZE]);
/* How many versions, of names or by content, a content has. */
size_t model_version_count(const struct model *model,
    const uint8_t content[OURO_ID_SIZE], bool named);
size_t model_children_live(const struct model *model,
    const uint8_t content[OURO_ID_SIZE]);
/* A version has it, or a live content has it as parent. */
bool model_content_live(const struct model *model, size_t index);
size_t model_content_index(const struct model *model,
    const uint8_t id[OURO_ID_SIZE]);
void model_content_forget(struct model *model, size_t index);
/* After a collection only live ones are left. */
void model_contents_collect(struct model *model);
void model_item_remove(struct model *model, struct item *item);

/* ---- putting and removing */
void model_store_gc(struct model *model);
void model_item_put(struct model *model);
/* Several at once, or none of them. */
void model_batch_put(struct model *model);
void model_name_remove(struct model *model);
void model_version_remove(struct model *model);
/* Every version by content goes; with force, the content too. */
void model_content_remove(struct model *model);

/* ---- reading and care */
void model_some_get(struct model *model);
/* The versions of a name, newest first, are those of the model. */
void model_name_check(struct model *model, unsigned name);
/* What the list shows is what the model has, no more and no less. */
void model_list_check(struct model *model);
void model_all_check(struct model *model);
/* A content that is there is found exactly as long as something keeps it. */
void model_content_check(struct model *model);
/* Roots, and the children of some content, are those of the model. */
void model_hierarchy_check(struct model *model);
bool model_reopen(struct model *model);
/* Where the vault lies after so many moves, and what it is opened with; both
 * live until the next call. */
const char *model_dir(const struct model *model);
const struct ouro_vault_options *model_options(const struct model *model);
/* Up to m slices of some chunks; again only after a repair. */
void model_chunks_damage(struct model *model);
void model_store_verify(struct model *model);
void model_store_repair(struct model *model);

#endif
