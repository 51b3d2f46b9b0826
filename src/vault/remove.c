#include "base/error.h"
#include "base/options.h"
#include "seal/canonical.h"
#include "vault/account.h"
#include "vault/drop.h"
#include "vault/name.h"
#include "vault/reach.h"
#include "vault/vault.h"

#define REASONS_MAX 16 /* reported of one kind */

struct removal {
	struct ouro_vault *vault;
	bool force;
	struct account account;
	struct buffer targets; /* ids of contents that lost a version */
};

/* The first of those that stand against a removal, and how many. */
struct reasons {
	uint8_t ids[REASONS_MAX][HASH_SIZE];
	uint64_t count;
};

static void
reasons_add(struct reasons *reasons, const uint8_t id[HASH_SIZE])
{
	if (reasons->count < REASONS_MAX)
		memcpy(reasons->ids[reasons->count], id, HASH_SIZE);
	reasons->count++;
}

static void
reasons_report(const struct removal *removal, enum ouro_reason reason,
    const struct reasons *reasons)
{
	for (size_t i = 0; i < reasons->count && i < REASONS_MAX; i++)
		account_report(&removal->account, reason, reasons->ids[i],
		    reasons->count);
}

/* Before the version goes, so that no failure can follow its going. */
static enum ouro_status
target_add(struct removal *removal, const uint8_t id[HASH_SIZE],
    struct ouro_error *err)
{
	return buffer_append(&removal->targets, bytes_of(id, HASH_SIZE), err);
}

/* The versions of the targets added since the last call are removed, or are
 * not. */
static void
targets_settle(struct removal *removal, bool removed)
{
	uint64_t *versions = &removal->account.result->versions;

	if (removed)
		*versions = removal->targets.size / HASH_SIZE;
	else
		removal->targets.size = (size_t)*versions * HASH_SIZE;
}

/* What was removed stays removed: the answer tells that it is not all of what
 * there is to tell. */
static void
removal_uncounted(const struct removal *removal, const struct ouro_error *error)
{
	removal->account.result->uncounted = true;
	log_write(&removal->vault->log, LOG_WARNING,
	    "what a removal leaves behind could not be counted: %s",
	    error->text);
}

/* ---- a name ------------------------------------------------------------------ */

/* The deletion has the owner, group and mode of what it replaces. */
static enum ouro_status
deletion_commit(struct removal *removal, const struct name *name,
    const Ouro__RefRecord *winner, struct ouro_error *err)
{
	struct commit_version version = { .namespace_ = name->namespace_,
		.path = name->path,
		.deletion = true,
		.idempotent = true,
		.owner = winner->owner,
		.group = winner->group,
		.mode = winner->mode };
	struct commit_change change = { .versions = &version,
		.version_count = 1 };

	return commit(removal->vault, &change, err);
}

/* The contents of all versions. */
static enum ouro_status
targets_find(struct removal *removal, const struct name *name,
    struct ouro_error *err)
{
	struct ouro_vault *vault = removal->vault;
	struct version_list all;
	enum ouro_status status = name_history(vault, name->namespace_,
	    name->path, &all, err);

	for (size_t i = 0; status == OURO_OK && i < all.count; i++) {
		status = name_version_load(vault, &all.items[i], err);
		if (status == OURO_NOT_FOUND) /* pruned just now */
			status = OURO_OK;
		else if (status == OURO_OK && !all.items[i].deletion)
			status = target_add(removal, all.items[i].target, err);
	}
	version_list_release(&all);
	return status;
}

static enum ouro_status
name_delete(struct removal *removal, struct name *name, struct ouro_error *err)
{
	struct ouro_vault *vault = removal->vault;
	const struct name_version *winner = name_winner(name);
	Ouro__RefRecord *ref;
	uint64_t dropped;
	enum ouro_status status = targets_find(removal, name, err);

	if (status == OURO_OK)
		status = ref_get(vault, winner->id, &ref, err);
	if (status == OURO_OK) {
		status = deletion_commit(removal, name, ref, err);
		canonical_free(&ref->base);
	}
	targets_settle(removal, status == OURO_OK);
	/* The name is deleted; that its versions cannot go yet is no failure. */
	if (status == OURO_OK)
		drop_name(vault, name->namespace_, name->path, &dropped, NULL);
	return status;
}

static enum ouro_status
remove_name(struct removal *removal, const char *namespace_, const char *path,
    struct ouro_error *err)
{
	struct ouro_vault *vault = removal->vault;
	struct name name;
	enum ouro_status status = name_load(vault, namespace_, path, &name,
	    err);

	if (status != OURO_OK)
		return status;
	if (name_current(&name, fs_wall_ms(vault->fs)) == NULL)
		status = error_set(err, OURO_NOT_FOUND,
		    "there is no name \"%.64s\"", path);
	else
		status = name_delete(removal, &name, err);
	name_release(&name);
	return status;
}

/* ---- a version ------------------------------------------------------------------ */

/* The versions that cover the one of that record. */
static enum ouro_status
later_versions(struct ouro_vault *vault, const Ouro__RefRecord *ref,
    struct reasons *later, struct ouro_error *err)
{
	struct name_version asked = {
		.ref = (Ouro__RefRecord *)(uintptr_t)ref
	};
	struct version_list all;
	enum ouro_status status = name_history(vault, ref->namespace_,
	    ref->path, &all, err);

	for (size_t i = 0; status == OURO_OK && i < all.count; i++) {
		status = name_version_load(vault, &all.items[i], err);
		if (status == OURO_NOT_FOUND) /* pruned just now */
			status = OURO_OK;
		else if (status == OURO_OK &&
		    name_version_covers(&all.items[i], &asked))
			reasons_add(later, all.items[i].id);
	}
	version_list_release(&all);
	return status;
}

static enum ouro_status
version_drop(struct removal *removal, const uint8_t id[HASH_SIZE],
    const Ouro__RefRecord *ref, struct ouro_error *err)
{
	uint8_t list[1][HASH_SIZE];
	struct commit_change change = {
		.drop_versions = (const uint8_t(*)[HASH_SIZE])list,
		.drop_version_count = 1
	};
	enum ouro_status status;

	memcpy(list[0], id, HASH_SIZE);
	status = target_add(removal, ref->target.data, err);
	if (status == OURO_OK)
		status = commit(removal->vault, &change, err);
	targets_settle(removal, status == OURO_OK);
	return status;
}

static enum ouro_status
remove_version(struct removal *removal, const uint8_t id[HASH_SIZE],
    const Ouro__RefRecord *ref, struct ouro_error *err)
{
	struct reasons later = { .count = 0 };
	char text[24];
	enum ouro_status status;

	if (ref->target.len == 0)
		return error_set(err, OURO_NOT_FOUND,
		    "version %s is a deletion", id_short(id, text));
	status = later_versions(removal->vault, ref, &later, err);
	if (status != OURO_OK)
		return status;
	reasons_report(removal, OURO_HAS_LATER, &later);
	if (later.count > 0 && !removal->force)
		return error_set(err, OURO_REFUSED,
		    "version %s has %llu later ones", id_short(id, text),
		    (unsigned long long)later.count);
	return version_drop(removal, id, ref, err);
}

/* ---- a content --------------------------------------------------------------------- */

/* Who reaches a content, by kind. */
struct holders {
	struct ouro_vault *vault;
	struct buffer paths;   /* in the namespace objects; each with its NUL */
	struct reasons others; /* versions elsewhere */
	struct reasons children;
	enum ouro_status status;
};

static bool
holders_version(void *context, const uint8_t id[HASH_SIZE])
{
	struct holders *holders = context;
	Ouro__RefRecord *ref;
	enum ouro_status status = reach_version(holders->vault, id, &ref, NULL);

	if (status == OURO_NOT_FOUND)
		return true;
	if (status != OURO_OK) {
		reasons_add(&holders->others, id);
		return true;
	}
	if (strcmp(ref->namespace_, "objects") == 0)
		holders->status = buffer_append(&holders->paths,
		    bytes_of(ref->path, strlen(ref->path) + 1), NULL);
	else
		reasons_add(&holders->others, id);
	canonical_free(&ref->base);
	return holders->status == OURO_OK;
}

static bool
holders_child(void *context, const uint8_t id[HASH_SIZE])
{
	struct holders *holders = context;

	if (reach_content(holders->vault, id, NULL) != OURO_NOT_FOUND)
		reasons_add(&holders->children, id);
	return true;
}

static enum ouro_status
holders_find(struct holders *holders, const uint8_t id[HASH_SIZE],
    struct ouro_error *err)
{
	char text[24];
	enum ouro_status status;

	status = reach_pairs(holders->vault, ROW_USE, id, holders_version,
	    holders, err);
	if (status == OURO_OK && holders->status != OURO_OK)
		status = error_memory(err);
	if (status == OURO_OK &&
	    reach_has_record(holders->vault, ROW_CONTENT, id))
		status = reach_pairs(holders->vault, ROW_CHILD, id,
		    holders_child, holders, err);
	if (status == OURO_OK && holders->paths.size == 0 &&
	    holders->others.count == 0 && holders->children.count == 0)
		status = error_set(err, OURO_NOT_FOUND,
		    "nothing has the hash %s", id_short(id, text));
	return status;
}

static enum ouro_status
holders_allow(const struct removal *removal, const struct holders *holders,
    const uint8_t id[HASH_SIZE], struct ouro_error *err)
{
	char text[24];

	if (holders->others.count > 0) {
		if (holders->paths.size > 0)
			return OURO_OK;
		reasons_report(removal, OURO_OTHER_VERSION, &holders->others);
		return error_set(err, OURO_REFUSED,
		    "content %s is what %llu versions of names have; remove "
		    "these",
		    id_short(id, text),
		    (unsigned long long)holders->others.count);
	}
	if (holders->children.count == 0)
		return OURO_OK;
	reasons_report(removal, OURO_HAS_CHILDREN, &holders->children);
	if (removal->force)
		return OURO_OK;
	return error_set(err, OURO_REFUSED, "content %s has %llu children",
	    id_short(id, text), (unsigned long long)holders->children.count);
}

/* Its children become roots. */
static enum ouro_status
content_orphan(struct removal *removal, const uint8_t id[HASH_SIZE],
    struct ouro_error *err)
{
	struct drop_content drop = { .orphan = true };
	struct ouro_error error;
	char text[24];
	Ouro__ContentRecord *record;
	enum ouro_status status = account_load(removal->vault, id, &record,
	    err);

	if (status != OURO_OK)
		return status;
	status = drop_content(removal->vault, id, &drop, err);
	if (status == OURO_OK && !drop.done)
		status = error_set(err, OURO_REFUSED,
		    "content %s stays for now: a name that has not left yet, "
		    "the trash, a put or an import still has it",
		    id_short(id, text));
	if (status == OURO_OK)
		status = engine_barrier(removal->vault->records, err);
	if (status == OURO_OK &&
	    account_gone(&removal->account, id, record, &error) != OURO_OK)
		removal_uncounted(removal, &error);
	canonical_free(&record->base);
	return status;
}

/* Several versions may have one path: it is gone after the first. */
static enum ouro_status
holders_remove(struct removal *removal, const struct holders *holders,
    struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	for (size_t at = 0; status == OURO_OK && at < holders->paths.size;) {
		const char *path = (const char *)holders->paths.data + at;

		status = remove_name(removal, "objects", path, err);
		if (status == OURO_NOT_FOUND)
			status = OURO_OK;
		at += strlen(path) + 1;
	}
	return status;
}

static enum ouro_status
remove_content(struct removal *removal, const uint8_t id[HASH_SIZE],
    struct ouro_error *err)
{
	struct holders holders = { .vault = removal->vault };
	enum ouro_status status = holders_find(&holders, id, err);

	if (status == OURO_OK)
		status = holders_allow(removal, &holders, id, err);
	if (status == OURO_OK)
		status = holders_remove(removal, &holders, err);
	if (status == OURO_OK && holders.others.count == 0 &&
	    holders.children.count > 0)
		status = content_orphan(removal, id, err);
	buffer_release(&holders.paths);
	return status;
}

/* ---- together --------------------------------------------------------------------------- */

static enum ouro_status
remove_target(struct removal *removal, const struct ouro_target *target,
    struct ouro_error *err)
{
	Ouro__RefRecord *ref;
	enum ouro_status status;

	if (target->kind == OURO_CONTENT)
		return remove_content(removal, target->id, err);
	status = reach_version(removal->vault, target->id, &ref, err);
	if (status != OURO_OK)
		return status;
	if (target->by_name)
		status = remove_name(removal, ref->namespace_, ref->path, err);
	else
		status = remove_version(removal, target->id, ref, err);
	canonical_free(&ref->base);
	return status;
}

/* Each content once, in the order in which they lost their versions. One that
 * cannot be read does not keep the others from being counted. */
static void
removal_account(struct removal *removal)
{
	struct hash_set done = { 0 };

	for (size_t at = 0; at < removal->targets.size; at += HASH_SIZE) {
		const uint8_t *id = removal->targets.data + at;
		struct ouro_error error;
		enum ouro_status status;
		bool added;

		status = hash_set_add(&done, id, &added, &error);
		if (status == OURO_OK && added)
			status = account_content(&removal->account, id, &error);
		if (status != OURO_OK)
			removal_uncounted(removal, &error);
	}
	hash_set_release(&done);
}

enum ouro_status
ouro_remove(struct ouro_vault *vault, const struct ouro_target *target,
    const struct ouro_remove_options *options, ouro_kept_report *report,
    void *context, struct ouro_remove_result *result, struct ouro_error *err)
{
	struct ouro_remove_options own_options;
	struct ouro_remove_result own = { 0 };
	struct removal removal = { .vault = vault,
		.account = { .vault = vault,
		    .report = report,
		    .context = context,
		    .result = result != NULL ? result : &own } };
	enum ouro_status status;

	*removal.account.result = (struct ouro_remove_result){ 0 };
	status = options_take(&own_options, sizeof(own_options),
	    "struct ouro_remove_options", options, err);
	if (status != OURO_OK)
		return status;
	removal.force = own_options.force;
	if (vault->read_only)
		return error_set(err, OURO_READ_ONLY,
		    "the vault was opened read-only");
	status = remove_target(&removal, target, err);
	removal_account(&removal);
	account_release(&removal.account);
	buffer_release(&removal.targets);
	return status;
}
