#include "base/encoding.h"
#include "base/error.h"
#include "seal/canonical.h"
#include "vault/name.h"
#include "vault/reach.h"
#include "vault/row_each.h"
#include "vault/vault.h"

#include <stdio.h>

#define MATCHES_MAX 1000000 /* of one prefix that are counted */
#define SHOWN_MAX   4	    /* candidates in an error text */

void
ouro_id_text(const uint8_t id[OURO_ID_SIZE], char out[OURO_ID_TEXT])
{
	_Static_assert(OURO_ID_TEXT == BASE64_LENGTH(OURO_ID_SIZE) + 1,
	    "room for the text of an id");
	base64_encode(bytes_of(id, OURO_ID_SIZE), out);
}

/* ---- what was asked for ---------------------------------------------------- */

#define SHORT_SIZE 68

/* The text as an error shows it: cut at a character, on one line. */
static const char *
text_short(const char *text, char out[SHORT_SIZE])
{
	size_t size = strlen(text), cut = SHORT_SIZE - 4;

	if (size < SHORT_SIZE - 4) {
		cut = size;
	} else {
		while (cut > 0 && ((uint8_t)text[cut] & 0xc0) == 0x80)
			cut--;
	}
	memcpy(out, text, cut);
	memcpy(out + cut, cut < size ? "..." : "", cut < size ? 4 : 1);
	for (size_t i = 0; out[i] != '\0'; i++)
		if ((uint8_t)out[i] < 0x20 || out[i] == 0x7f)
			out[i] = '?';
	return out;
}

static void
candidate_add(struct ouro_target *out, const uint8_t id[HASH_SIZE],
    enum ouro_kind kind)
{
	struct ouro_candidate *candidate = out->candidates;

	for (size_t i = 0; i < out->candidate_count && i < OURO_CANDIDATES_MAX;
	     i++, candidate++)
		if (memcmp(candidate->id, id, HASH_SIZE) == 0)
			return;
	if (out->candidate_count++ >= OURO_CANDIDATES_MAX)
		return;
	memcpy(candidate->id, id, HASH_SIZE);
	candidate->kind = kind;
}

/* ---- hashes -------------------------------------------------------------------- */

static enum ouro_status
object_check(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    enum ouro_kind kind, struct ouro_error *err)
{
	return kind == OURO_CONTENT ? reach_content(vault, id, err)
				    : reach_version(vault, id, NULL, err);
}

struct id_search {
	struct ouro_vault *vault;
	const struct id_pattern *pattern;
	enum ouro_kind kind;
	struct ouro_target *out;
};

static enum ouro_status
search_visit(void *context, struct bytes key, const struct bytes *value,
    struct ouro_error *err)
{
	const struct id_search *search = context;

	(void)value;
	(void)err;
	if (search->out->candidate_count >= MATCHES_MAX)
		return OURO_END;
	if (key.size == 1 + HASH_SIZE &&
	    id_matches(key.data + 1, search->pattern) &&
	    object_check(search->vault, key.data + 1, search->kind, NULL) !=
		OURO_NOT_FOUND)
		candidate_add(search->out, key.data + 1, search->kind);
	return OURO_OK;
}

/* Every live object of a table that begins as the pattern says. A record
 * that cannot be read is a candidate: only reading it tells what is wrong. */
static enum ouro_status
table_search(struct ouro_vault *vault, enum row_table table,
    const struct id_pattern *pattern, struct ouro_target *out,
    struct ouro_error *err)
{
	struct row_key prefix = row_id(table, pattern->prefix,
	    pattern->bits / 8);
	struct id_search search = { .vault = vault,
		.pattern = pattern,
		.kind = table == ROW_CONTENT ? OURO_CONTENT : OURO_VERSION,
		.out = out };

	return row_each_key(vault->records, &prefix, search_visit, &search,
	    err);
}

/* A full hash that is there leaves no doubt: OURO_END. */
static enum ouro_status
hash_search(struct ouro_vault *vault, const char *text, struct ouro_target *out,
    size_t *readings, struct ouro_error *err)
{
	static const enum row_table tables[] = { ROW_CONTENT, ROW_REF };
	struct id_pattern patterns[ID_PATTERNS_MAX];
	enum ouro_status status = OURO_OK;

	*readings = id_patterns(text, patterns);
	for (size_t i = 0; i < *readings; i++) {
		if (patterns[i].bits != ID_SIZE * 8)
			continue;
		for (size_t j = 0; status == OURO_OK && j < 2; j++)
			status = table_search(vault, tables[j], &patterns[i],
			    out, err);
		if (status == OURO_OK && out->candidate_count > 0)
			return OURO_END;
	}
	for (size_t i = 0; i < *readings; i++)
		for (size_t j = 0; status == OURO_OK && j < 2; j++)
			status = table_search(vault, tables[j], &patterns[i],
			    out, err);
	return status;
}

/* ---- names ------------------------------------------------------------------------ */

static enum ouro_status
name_search(struct ouro_vault *vault, const char *namespace_, const char *path,
    struct ouro_target *out, struct ouro_error *err)
{
	const struct name_version *winner;
	struct name name;
	enum ouro_status status;

	status = name_load(vault, namespace_, path, &name, err);
	if (status != OURO_OK)
		return status;
	winner = name_current(&name, fs_wall_ms(vault->fs));
	if (winner != NULL) {
		candidate_add(out, winner->id, OURO_VERSION);
		out->by_name = true;
	}
	name_release(&name);
	return OURO_OK;
}

static enum ouro_status
names_search(struct ouro_vault *vault, const char *text,
    struct ouro_target *out, struct ouro_error *err)
{
	enum ouro_status status = name_search(vault, "blobs", text, out, err);

	if (status == OURO_OK)
		status = name_search(vault, "objects", text, out, err);
	return status;
}

/* ---- together ------------------------------------------------------------------------ */

static enum ouro_status
ambiguous(const char *text, const struct ouro_target *target,
    struct ouro_error *err)
{
	char cut[SHORT_SIZE], list[SHOWN_MAX * (OURO_ID_TEXT + 16) + 16] = "";
	size_t size = 0, i;

	for (i = 0; i < target->candidate_count && i < SHOWN_MAX; i++) {
		char id[OURO_ID_TEXT];

		ouro_id_text(target->candidates[i].id, id);
		size += (size_t)snprintf(list + size, sizeof(list) - size,
		    "%s%s %s", i == 0 ? "" : ", ",
		    target->candidates[i].kind == OURO_CONTENT ? "content"
							       : "version",
		    id);
	}
	return error_set(err, OURO_AMBIGUOUS, "\"%s\" fits %zu objects: %s%s",
	    text_short(text, cut), target->candidate_count, list,
	    i < target->candidate_count ? ", ..." : "");
}

static enum ouro_status
resolve(struct ouro_vault *vault, const char *text, bool as_hash, bool as_name,
    struct ouro_target *out, struct ouro_error *err)
{
	size_t readings = 0;
	bool may_be_name = as_name &&
	    ref_name_check("blobs", text, as_hash ? NULL : err) == OURO_OK;
	char cut[SHORT_SIZE];
	enum ouro_status status = OURO_OK;

	if (!as_hash && !may_be_name)
		return OURO_INVALID;
	if (as_hash)
		status = hash_search(vault, text, out, &readings, err);
	if (readings == 0 && !may_be_name)
		return error_set(err, OURO_INVALID, "\"%s\" is no hash%s",
		    text_short(text, cut), as_name ? ", and no name" : "");
	if (status == OURO_OK && may_be_name)
		status = names_search(vault, text, out, err);
	if (status != OURO_OK && status != OURO_END)
		return status;
	if (out->candidate_count == 0)
		return error_set(err, OURO_NOT_FOUND, "there is no \"%s\"",
		    text_short(text, cut));
	if (out->candidate_count > 1) {
		out->by_name = false;
		return ambiguous(text, out, err);
	}
	out->kind = out->candidates[0].kind;
	memcpy(out->id, out->candidates[0].id, HASH_SIZE);
	return OURO_OK;
}

enum ouro_status
ouro_resolve(struct ouro_vault *vault, const char *text,
    struct ouro_target *out, struct ouro_error *err)
{
	*out = (struct ouro_target){ 0 };
	if (strncmp(text, "hash:", 5) == 0)
		return resolve(vault, text + 5, true, false, out, err);
	if (strncmp(text, "name:", 5) == 0)
		return resolve(vault, text + 5, false, true, out, err);
	return resolve(vault, text, true, true, out, err);
}

enum ouro_status
ouro_exists(struct ouro_vault *vault, const uint8_t id[OURO_ID_SIZE],
    struct ouro_error *err)
{
	Ouro__RefRecord *ref;
	uint8_t content[HASH_SIZE];
	char name[24];
	enum ouro_status status = reach_target(vault, id, content, &ref, err);

	if (status == OURO_OK && ref != NULL && ref->target.len == 0)
		status = error_set(err, OURO_NOT_FOUND,
		    "version %s is a deletion", id_short(id, name));
	if (ref != NULL)
		canonical_free(&ref->base);
	return status;
}
