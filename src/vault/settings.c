#include "vault/settings.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/error.h"
#include "vault/name_scan.h"

#define NAMESPACE     "sys"
#define PREFIX	      "settings/"
#define MODE	      0xf00 /* the owner may do everything */
#define TEXT_MAX      20    /* digits of the largest number */
#define HOURS_MAX     1000000u
#define REVISIONS_MAX 1000000u
#define TTL_MAX	      4000000000u /* seconds: 126 years */

struct definition {
	const char *name, *text;
	uint64_t standard, least, most;
	size_t field; /* of struct ouro_vault */
};

#define FIELD(name) offsetof(struct ouro_vault, name)

static const struct definition definitions[] = {
	{ "revision_limit", "versions kept of a name beside its heads",
	    REVISION_LIMIT_DEFAULT, 0, REVISIONS_MAX, FIELD(revision_limit) },
	{ "bootstrap_max_age_hours", "how long the trash is kept, in hours",
	    720, 1, HOURS_MAX, FIELD(trash_hours) },
	{ "removal_grace_hours",
	    "how long a deleted name stays, with what it had, before gc takes "
	    "it, in hours",
	    0, 0, HOURS_MAX, FIELD(removal_grace_hours) },
	{ "default_ttl",
	    "seconds until a version in \"kv\" expires that was given no time; "
	    "0 = never",
	    0, 0, TTL_MAX, FIELD(default_ttl_s) },
};

#define SETTINGS (sizeof(definitions) / sizeof(definitions[0]))

/* ---- the list -------------------------------------------------------------- */

const char *
ouro_setting_name(size_t number)
{
	return number < SETTINGS ? definitions[number].name : NULL;
}

/* NULL, and OURO_NOT_FOUND in err, when there is none. */
static const struct definition *
definition_find(const char *name, struct ouro_error *err)
{
	for (size_t i = 0; i < SETTINGS; i++)
		if (strcmp(definitions[i].name, name) == 0)
			return &definitions[i];
	(void)error_set(err, OURO_NOT_FOUND, "there is no setting \"%.64s\"",
	    name);
	return NULL;
}

static void
definition_path(const struct definition *definition, char path[64])
{
	snprintf(path, 64, PREFIX "%s", definition->name);
}

/* ---- reading ----------------------------------------------------------------- */

/* Digits alone, as they are written: no sign, no zero before others. */
static bool
number_parse(struct bytes text, uint64_t *out)
{
	uint64_t value = 0;

	if (text.size == 0 || (text.size > 1 && text.data[0] == '0'))
		return false;
	for (size_t i = 0; i < text.size; i++) {
		uint64_t digit = (uint64_t)(text.data[i] - '0');

		if (text.data[i] < '0' || text.data[i] > '9' ||
		    value > (UINT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*out = value;
	return true;
}

/* A number lies in its record; whatever does not is none. */
static enum ouro_status
number_read(struct ouro_vault *vault, const uint8_t id[HASH_SIZE],
    uint64_t *value, struct ouro_error *err)
{
	struct row_key key = row_id(ROW_CONTENT, id, HASH_SIZE);
	struct engine_value stored = { 0 };
	struct content content;
	enum ouro_status status;

	status = set_get(vault, row_bytes(&key), &stored, err);
	if (status == OURO_NOT_FOUND)
		return error_set(err, OURO_DAMAGED, "its content is not there");
	if (status == OURO_OK)
		status = content_decode(vault, id, stored.bytes, &content, err);
	engine_value_release(&stored);
	if (status != OURO_OK)
		return status;
	if (content.data.size > TEXT_MAX ||
	    !number_parse(content.data.inlined, value))
		status = error_set(err, OURO_DAMAGED, "it is no number");
	content_release(&content);
	return status;
}

/* OURO_NOT_FOUND: it was never set, or taken back. */
static enum ouro_status
stored_read(struct ouro_vault *vault, const struct definition *definition,
    uint64_t *value, struct ouro_error *err)
{
	const struct name_version *winner;
	struct name name;
	char path[64];
	enum ouro_status status;

	definition_path(definition, path);
	status = name_load(vault, NAMESPACE, path, &name, err);
	if (status != OURO_OK)
		return status;
	winner = name_current(&name, fs_wall_ms(vault->fs));
	status = winner == NULL
	    ? error_plain(err, OURO_NOT_FOUND, "it is not set")
	    : number_read(vault, winner->target, value, err);
	name_release(&name);
	if (status == OURO_OK &&
	    (*value < definition->least || *value > definition->most))
		status = error_set(err, OURO_DAMAGED, "it is out of its range");
	return status;
}

/* What holds; *is_set unless it is the standard for want of a good one. */
static enum ouro_status
setting_read(struct ouro_vault *vault, const struct definition *definition,
    uint64_t *value, bool *is_set, struct ouro_error *err)
{
	struct ouro_error error = { 0 };
	enum ouro_status status = stored_read(vault, definition, value, &error);

	*is_set = status == OURO_OK;
	if (status == OURO_DAMAGED)
		log_write(&vault->log, LOG_WARNING,
		    "the setting %s counts as not set: %s", definition->name,
		    error.text);
	if (status == OURO_DAMAGED || status == OURO_NOT_FOUND) {
		*value = definition->standard;
		return OURO_OK;
	}
	if (status != OURO_OK && err != NULL)
		*err = error;
	return status;
}

static void
field_set(struct ouro_vault *vault, const struct definition *definition,
    uint64_t value)
{
	atomic_uint_fast64_t *field = (void *)((uint8_t *)vault +
	    definition->field);

	atomic_store(field, value);
}

enum ouro_status
settings_load(struct ouro_vault *vault, struct ouro_error *err)
{
	enum ouro_status status = OURO_OK;

	for (size_t i = 0; status == OURO_OK && i < SETTINGS; i++) {
		uint64_t value = 0;
		bool is_set;

		status = setting_read(vault, &definitions[i], &value, &is_set,
		    err);
		if (status == OURO_OK)
			field_set(vault, &definitions[i], value);
	}
	return status;
}

enum ouro_status
ouro_setting_get(struct ouro_vault *vault, const char *name,
    struct ouro_setting *out, struct ouro_error *err)
{
	const struct definition *definition = definition_find(name, err);

	*out = (struct ouro_setting){ 0 };
	if (definition == NULL)
		return OURO_NOT_FOUND;
	*out = (struct ouro_setting){ .name = definition->name,
		.text = definition->text,
		.standard = definition->standard,
		.least = definition->least,
		.most = definition->most };
	return setting_read(vault, definition, &out->value, &out->is_set, err);
}

/* ---- writing ------------------------------------------------------------------ */

/* The content that a setting of this value has. */
static enum ouro_status
value_content(struct ouro_vault *vault, uint64_t value,
    struct commit_content *out, struct ouro_error *err)
{
	char text[TEXT_MAX + 1];
	int size = snprintf(text, sizeof(text), "%" PRIu64, value);
	struct content content = { .k = vault->k,
		.data = { .size = (uint64_t)size,
		    .inlined = bytes_of(text, (size_t)size) } };
	uint8_t key[KEY_SIZE];
	enum ouro_status status;

	status = vault_epoch_key(vault, 0, key, &content.epoch, err);
	bytes_wipe(key, sizeof(key));
	if (status == OURO_OK)
		status = content_id(vault, &content, content.id, err);
	if (status == OURO_OK)
		status = content_encode(vault, &content, &out->record, err);
	memcpy(out->id, content.id, HASH_SIZE);
	return status;
}

static enum ouro_status
setting_write(struct ouro_vault *vault, const struct definition *definition,
    uint64_t value, struct ouro_error *err)
{
	char path[64];
	struct commit_content content = { 0 };
	struct commit_version version = { .namespace_ = NAMESPACE,
		.path = path,
		.idempotent = true,
		.owner = OWNER_DEFAULT,
		.mode = MODE };
	struct commit_change change = { .contents = &content,
		.content_count = 1,
		.versions = &version,
		.version_count = 1 };
	enum ouro_status status;

	definition_path(definition, path);
	status = value_content(vault, value, &content, err);
	memcpy(version.target, content.id, HASH_SIZE);
	if (status == OURO_OK)
		status = commit(vault, &change, err);
	buffer_release(&content.record);
	return status;
}

enum ouro_status
ouro_setting_set(struct ouro_vault *vault, const char *name, uint64_t value,
    struct ouro_error *err)
{
	const struct definition *definition = definition_find(name, err);
	enum ouro_status status;

	if (definition == NULL)
		return OURO_NOT_FOUND;
	if (value < definition->least || value > definition->most)
		return error_set(err, OURO_INVALID,
		    "%s is from %" PRIu64 " to %" PRIu64, definition->name,
		    definition->least, definition->most);
	if (vault->read_only)
		return error_set(err, OURO_READ_ONLY,
		    "the vault was opened read-only");
	status = setting_write(vault, definition, value, err);
	/* Not what was set but what holds: others may have set it too. */
	return status == OURO_OK ? settings_load(vault, err) : status;
}
