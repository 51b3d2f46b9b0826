#include "vault/reach.h"

#include "base/error.h"
#include "seal/canonical.h"
#include "vault/hash_set.h"
#include "vault/live_walk.h"
#include "vault/name.h"
#include "vault/record.h"
#include "vault/row_each.h"
#include "vault/vault.h"

bool
reach_has_record(struct ouro_vault *vault, enum row_table table,
    const uint8_t id[HASH_SIZE])
{
	struct row_key key = row_id(table, id, HASH_SIZE);

	return engine_exists(vault->records, row_bytes(&key), NULL, NULL) ==
	    OURO_OK ||
	    (vault->copies != NULL &&
		engine_exists(vault->copies, row_bytes(&key), NULL, NULL) ==
		    OURO_OK);
}

bool
reach_may_have_record(struct ouro_vault *vault, enum row_table table,
    const uint8_t id[HASH_SIZE])
{
	struct row_key key = row_id(table, id, HASH_SIZE);

	return engine_exists(vault->records, row_bytes(&key), NULL, NULL) !=
	    OURO_NOT_FOUND ||
	    (vault->copies != NULL &&
		engine_exists(vault->copies, row_bytes(&key), NULL, NULL) ==
		    OURO_OK);
}

struct pair_walk {
	reach_each *each;
	void *context;
};

static enum ouro_status
pair_visit(void *context, struct bytes key, const struct bytes *value,
    struct ouro_error *err)
{
	const struct pair_walk *walk = context;

	(void)value;
	(void)err;
	if (key.size != 1 + 2 * HASH_SIZE)
		return OURO_OK;
	return walk->each(walk->context, row_last_id(key)) ? OURO_OK : OURO_END;
}

enum ouro_status
reach_pairs(struct ouro_vault *vault, enum row_table table,
    const uint8_t first[HASH_SIZE], reach_each *each, void *context,
    struct ouro_error *err)
{
	struct row_key prefix = row_id(table, first, HASH_SIZE);
	struct pair_walk walk = { each, context };

	return row_each_key(vault->records, &prefix, pair_visit, &walk, err);
}

/* ---- versions ------------------------------------------------------------- */

/* Each head of its name has ended, and this version is none of them: it is
 * only waiting to be dropped with the name. */
static bool
version_name_ended(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    const Ouro__RefRecord *ref, uint64_t now_ms)
{
	struct name name;
	bool ended;

	if (name_load(vault, ref->namespace_, ref->path, &name, NULL) !=
	    OURO_OK)
		return false;
	ended = name.heads.count > 0 && name_head(&name, id) == NULL;
	for (size_t i = 0; ended && i < name.heads.count; i++)
		ended = name_version_ended(&name.heads.items[i], now_ms);
	name_release(&name);
	return ended;
}

enum ouro_status
reach_version(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    Ouro__RefRecord **out, struct ouro_error *err)
{
	Ouro__RefRecord *ref;
	uint64_t now_ms = fs_wall_ms(vault->fs);
	char name[24];
	enum ouro_status status = ref_get(vault, id, &ref, err);

	if (status == OURO_NOT_FOUND)
		return error_set(err, OURO_NOT_FOUND, "nothing has the hash %s",
		    id_short(id, name));
	if (status != OURO_OK)
		return status;
	if (ref->expires != 0 && ref->expires <= now_ms)
		status = error_set(err, OURO_NOT_FOUND,
		    "version %s has expired", id_short(id, name));
	else if (version_name_ended(vault, id, ref, now_ms))
		status = error_set(err, OURO_NOT_FOUND,
		    "the name of version %s was deleted", id_short(id, name));
	if (status == OURO_OK && out != NULL)
		*out = ref;
	else
		canonical_free(&ref->base);
	return status;
}

/* ---- contents --------------------------------------------------------------- */

struct own_search {
	struct ouro_vault *vault;
	bool live;
};

/* A record that cannot be read may be live: what it reaches stays. */
static bool
own_version(void *context, const uint8_t id[HASH_SIZE])
{
	struct own_search *search = context;

	search->live = reach_version(search->vault, id, NULL, NULL) !=
	    OURO_NOT_FOUND;
	return !search->live;
}

enum ouro_status
reach_own(struct ouro_vault *vault, const uint8_t id[HASH_SIZE], bool *live,
    struct ouro_error *err)
{
	/* Rows that are lost cannot say what is gone. */
	struct own_search search = { vault, vault->index_incomplete };
	enum ouro_status status = OURO_OK;

	if (!search.live)
		status = reach_pairs(vault, ROW_USE, id, own_version, &search,
		    err);
	*live = search.live;
	return status;
}

static enum ouro_status
reach_below(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    const uint8_t *dead, bool *live, struct ouro_error *err)
{
	struct live_walk walk;
	uint8_t child[HASH_SIZE];
	enum ouro_status status = live_walk_start(&walk, vault, id, NULL, err);

	walk.skip = dead;
	if (status == OURO_OK)
		status = live_walk_child(&walk, child, err);
	live_walk_release(&walk);
	*live = status == OURO_OK;
	return status == OURO_END ? OURO_OK : status;
}

/* Most contents have a version: only without one the children are asked. */
enum ouro_status
reach_content_but(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    const uint8_t *dead, struct ouro_error *err)
{
	bool live = false;
	char name[24];
	enum ouro_status status = OURO_OK;

	if (reach_has_record(vault, ROW_CONTENT, id)) {
		status = reach_own(vault, id, &live, err);
		if (status == OURO_OK && !live)
			status = reach_below(vault, id, dead, &live, err);
	}
	if (status == OURO_OK && !live)
		status = error_set(err, OURO_NOT_FOUND,
		    "nothing has the hash %s", id_short(id, name));
	return status;
}

enum ouro_status
reach_content(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    struct ouro_error *err)
{
	return reach_content_but(vault, id, NULL, err);
}

enum ouro_status
reach_target(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    uint8_t content[HASH_SIZE], Ouro__RefRecord **ref, struct ouro_error *err)
{
	enum ouro_status status = reach_content(vault, id, err);

	*ref = NULL;
	if (status == OURO_OK)
		memcpy(content, id, HASH_SIZE);
	if (status != OURO_NOT_FOUND)
		return status;
	status = reach_version(vault, id, ref, err);
	if (status == OURO_OK && (*ref)->target.len == HASH_SIZE)
		memcpy(content, (*ref)->target.data, HASH_SIZE);
	return status;
}

/* ---- pages and chunks ----------------------------------------------------------- */

struct part_search {
	struct ouro_vault *vault;
	const struct hash_set *dead;
	unsigned depth;
	enum ouro_status status; /* OURO_NOT_FOUND until a live user is met */
	struct ouro_error *err;
};

static enum ouro_status part_users(struct part_search *search,
    const uint8_t id[HASH_SIZE]);

static bool
part_user(void *context, const uint8_t id[HASH_SIZE])
{
	struct part_search *search = context;

	if (search->dead != NULL && hash_set_has(search->dead, id))
		return true;
	if (reach_has_record(search->vault, ROW_CONTENT, id))
		search->status = reach_content(search->vault, id, search->err);
	else
		search->status = part_users(search, id);
	return search->status == OURO_NOT_FOUND;
}

/* Deeper than a tree can be, only damage leads; it keeps what it uses. */
static enum ouro_status
part_users(struct part_search *search, const uint8_t id[HASH_SIZE])
{
	enum ouro_status status;

	if (search->depth > TREE_LEVEL_MAX)
		return OURO_OK;
	search->depth++;
	search->status = OURO_NOT_FOUND;
	status = reach_pairs(search->vault, ROW_USE, id, part_user, search,
	    search->err);
	search->depth--;
	return status == OURO_OK ? search->status : status;
}

enum ouro_status
reach_part(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    const struct hash_set *dead, struct ouro_error *err)
{
	struct part_search search = { .vault = vault,
		.dead = dead,
		.err = err };

	return part_users(&search, id);
}

/* ---- unused -------------------------------------------------------------- */

static bool
use_see(void *context, const uint8_t id[HASH_SIZE])
{
	(void)id;
	*(bool *)context = true;
	return false;
}

bool
reach_is_unused(struct ouro_vault *vault, const uint8_t id[HASH_SIZE])
{
	bool used = false;

	return reach_pairs(vault, ROW_USE, id, use_see, &used, NULL) ==
	    OURO_OK &&
	    !used;
}

bool
reach_claim_removed(struct ouro_vault *vault, const uint8_t id[HASH_SIZE])
{
	if (atomic_load(&vault->uniting) || !pins_guard(&vault->pins, id))
		return false;
	if (!pins_held(&vault->pins, PINS_IMPORT) && reach_is_unused(vault, id))
		return true;
	pins_unguard(&vault->pins);
	return false;
}

bool
reach_claim_unused(struct ouro_vault *vault, const uint8_t id[HASH_SIZE])
{
	if (!reach_claim_removed(vault, id))
		return false;
	if (!pins_held(&vault->pins, PINS_EXPORT))
		return true;
	pins_unguard(&vault->pins);
	return false;
}
