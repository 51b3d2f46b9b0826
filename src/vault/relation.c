#include "base/error.h"
#include "seal/canonical.h"
#include "vault/reach.h"
#include "vault/vault.h"

struct children {
	struct ouro_vault *vault;
	ouro_each_id *each;
	void *context;
	const uint8_t *after;
	uint64_t count;
};

static bool
children_see(void *context, const uint8_t id[HASH_SIZE])
{
	struct children *children = context;

	if ((children->after != NULL &&
		memcmp(id, children->after, HASH_SIZE) <= 0) ||
	    reach_content(children->vault, id, NULL) == OURO_NOT_FOUND)
		return true;
	children->count++;
	return children->each(children->context, id);
}

/* A parent need not be there: its children know it. */
enum ouro_status
ouro_children(struct ouro_vault *vault, const uint8_t id[OURO_ID_SIZE],
    const uint8_t after[OURO_ID_SIZE], ouro_each_id *each, void *context,
    struct ouro_error *err)
{
	struct children children = { .vault = vault,
		.after = after,
		.each = each,
		.context = context };
	uint8_t parent[HASH_SIZE];
	Ouro__RefRecord *ref;
	enum ouro_status found, status;

	memcpy(parent, id, HASH_SIZE);
	found = reach_target(vault, id, parent, &ref, err);
	if (ref != NULL)
		canonical_free(&ref->base);
	if (found != OURO_OK && found != OURO_NOT_FOUND)
		return found;
	status = reach_pairs(vault, ROW_CHILD, parent, children_see, &children,
	    err);
	if (status == OURO_OK && children.count == 0)
		status = found;
	return status;
}
