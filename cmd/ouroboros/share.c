/*
 * share - gives somebody who is no member the key of a content.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "outfile.h"
#include "report.h"
#include "session.h"
#include "signals.h"
#include "table.h"
#include "target.h"
#include "text.h"

#define KEY_PREFIX   "ouroboros-key-"
#define KEY_FILE_MAX 65536

/* ---- --list ------------------------------------------------------------------ */

struct listing {
	struct invocation *inv;
	struct table table;
};

static bool
grant_print(void *context, const struct ouro_grant *grant)
{
	struct listing *listing = context;
	struct reply *out = &listing->inv->out;
	char hash[OURO_ID_TEXT], time[TEXT_TIME_SIZE];

	if (signals_caught() != 0)
		return false;
	if (!listing->inv->json) {
		ouro_id_text(grant->content, hash);
		return table_cell(&listing->table, hash) &&
		    table_cell(&listing->table, grant->fingerprint) &&
		    table_cell(&listing->table,
			text_time(grant->made_ms, time));
	}
	reply_object(out, NULL);
	reply_id(out, "hash", grant->content);
	reply_text(out, "fingerprint", grant->fingerprint);
	reply_time(out, "shared_at", grant->made_ms);
	reply_text(out, "public_key", grant->public_key);
	reply_end(out);
	return true;
}

static int
list(struct invocation *inv, struct ouro_vault *vault)
{
	static const char *const titles[] = { "HASH", "FINGERPRINT",
		"SHARED AT" };
	struct listing listing = { .inv = inv };
	struct ouro_error err = { .status = OURO_OK };
	uint8_t id[OURO_ID_SIZE];
	bool one = inv->operand_count > 0;
	enum ouro_status status;
	int code = one ? target_parent(inv, vault, inv->operands[0], id) : 0;

	if (code != 0)
		return code;
	if (inv->json) {
		reply_object(&inv->out, NULL);
		reply_array(&inv->out, "grants");
	} else {
		table_init(&listing.table, titles, 3);
	}
	status = ouro_grants(vault, one ? id : NULL, NULL, grant_print,
	    &listing, &err);
	if (!inv->json)
		table_finish(&listing.table);
	if (status != OURO_OK)
		return report_failure(inv, NULL, &err);
	if (inv->json) {
		reply_end(&inv->out);
		reply_end(&inv->out);
	}
	return 0;
}

/* ---- the public key --------------------------------------------------------------- */

/* The text itself, or what stands in a file; the caller frees it. NULL after
 * having said what is wrong. */
static char *
public_key_take(struct invocation *inv, const char *given, int *code)
{
	char *text = NULL;
	size_t size;
	FILE *file;

	*code = 0;
	if (strncmp(given, KEY_PREFIX, strlen(KEY_PREFIX)) == 0)
		return strdup(given);
	file = fopen(given, "re");
	if (file == NULL) {
		*code = report_errno(inv, errno, given);
		return NULL;
	}
	text = calloc(1, KEY_FILE_MAX + 1);
	size = text != NULL ? fread(text, 1, KEY_FILE_MAX, file) : 0;
	if (text == NULL || ferror(file)) {
		*code = report_errno(inv, errno, given);
		free(text);
		text = NULL;
	} else if (memchr(text, '\0', size) != NULL) {
		text[0] = '\0'; /* no text: refused as such */
	}
	fclose(file);
	return text;
}

/* ---- the bundle ---------------------------------------------------------------------- */

struct bundling {
	struct outfile out;
	uint64_t bytes;
	int write_errno;
};

static enum ouro_status
out_sink(void *context, const void *data, size_t size, struct ouro_error *err)
{
	struct bundling *bundling = context;

	err->status = signals_caught() != 0 ? OURO_CANCELLED : OURO_OK;
	if (err->status == OURO_OK &&
	    !outfile_write(&bundling->out, data, size)) {
		bundling->write_errno = errno;
		err->status = OURO_IO;
	}
	bundling->bytes += size;
	return err->status;
}

static int
bundle_fail(struct invocation *inv, const struct bundling *bundling,
    const char *path, const struct ouro_error *err)
{
	if (signals_caught() != 0)
		return EXIT_FAILED;
	if (bundling->write_errno != 0)
		return report_errno(inv, bundling->write_errno,
		    path != NULL ? path : "standard output");
	return report_failure(inv, "bundle", err);
}

/* With --tree everything that this key was given. */
static int
bundle_write(struct invocation *inv, struct ouro_vault *vault,
    const uint8_t *id, const char *fingerprint, uint64_t *bytes)
{
	const char *path = inv->option[OPTION_OUTPUT];
	struct bundling bundling = { .bytes = 0 };
	struct ouro_error err = { .status = OURO_OK };
	int code = 0;

	if (strcmp(path, "-") == 0)
		path = NULL;
	if (!outfile_open(&bundling.out, path)) {
		bundling.write_errno = errno;
		return bundle_fail(inv, &bundling, path, &err);
	}
	if (ouro_bundle_write(vault, id, fingerprint, out_sink, &bundling,
		&err) != OURO_OK)
		code = bundle_fail(inv, &bundling, path, &err);
	if (code == 0 && !outfile_finish(&bundling.out)) {
		bundling.write_errno = errno;
		code = bundle_fail(inv, &bundling, path, &err);
	}
	outfile_abort(&bundling.out);
	*bytes = bundling.bytes;
	return code;
}

/* ---- sharing ---------------------------------------------------------------------------- */

static bool
to_stdout(const struct invocation *inv)
{
	const char *path = inv->option[OPTION_OUTPUT];

	return path != NULL && strcmp(path, "-") == 0;
}

static void
tell(struct invocation *inv, const uint8_t *id,
    const struct ouro_share_result *result, uint64_t bundle_bytes)
{
	const char *path = inv->option[OPTION_OUTPUT];
	struct reply *out = &inv->out;

	if (inv->json && !to_stdout(inv)) {
		reply_object(out, NULL);
		reply_id(out, "hash", id);
		reply_text(out, "fingerprint", result->fingerprint);
		reply_uint(out, "grants", result->grants);
		reply_uint(out, "there", result->there);
		reply_uint(out, "bytes", result->bytes);
		if (path != NULL) {
			reply_text(out, "bundle", path);
			reply_uint(out, "bundle_bytes", bundle_bytes);
		}
		reply_end(out);
		return;
	}
	if (!to_stdout(inv))
		puts(result->fingerprint);
	report_note(inv,
	    "shared %llu content%s with the key %s (%llu were before); compare "
	    "the fingerprint with its owner",
	    (unsigned long long)result->grants, result->grants == 1 ? "" : "s",
	    result->fingerprint, (unsigned long long)result->there);
	if (path == NULL)
		report_note(inv,
		    "With -o FILE the contents are written to a bundle, to be "
		    "handed over; only that key opens it.");
	else
		report_note(inv,
		    "The recipient reads it with: ouroboros get --bundle FILE "
		    "--key KEYFILE -o OUTPUT");
}

static int
share(struct invocation *inv, struct ouro_vault *vault, const char *key)
{
	struct ouro_share_options options = { .size = sizeof options,
		.tree = inv->option[OPTION_TREE] != NULL };
	struct ouro_share_result result;
	struct ouro_error err = { .status = OURO_OK };
	uint8_t id[OURO_ID_SIZE];
	uint64_t bytes = 0;
	int code = target_content(inv, vault, inv->operands[0], id);

	if (code != 0)
		return code;
	if (ouro_share(vault, id, key, &options, &result, &err) != OURO_OK)
		return report_failure(inv, inv->operands[0], &err);
	if (inv->option[OPTION_OUTPUT] != NULL)
		code = bundle_write(inv, vault, options.tree ? NULL : id,
		    result.fingerprint, &bytes);
	if (code == 0)
		tell(inv, id, &result, bytes);
	return code;
}

static int
share_run(struct invocation *inv)
{
	bool listing = inv->option[OPTION_LIST] != NULL;
	struct ouro_vault *vault = NULL;
	char *key = NULL;
	int code = 0;

	if (listing &&
	    (inv->operand_count > 1 || inv->option[OPTION_TREE] != NULL ||
		inv->option[OPTION_OUTPUT] != NULL))
		return report_usage(inv, "share --list takes at most a HASH");
	if (!listing && inv->operand_count != 2)
		return report_usage(inv, "share needs more: ouroboros share %s",
		    inv->command->synopsis);
	if (!listing)
		key = public_key_take(inv, inv->operands[1], &code);
	if (code == 0 && !listing && key == NULL)
		return report_status(inv, OURO_NO_MEMORY, "out of memory");
	if (code == 0)
		code = session_open(inv, listing ? SESSION_READ : SESSION_WRITE,
		    &vault);
	if (code == 0)
		code = listing ? list(inv, vault) : share(inv, vault, key);
	ouro_vault_close(vault);
	free(key);
	return code;
}

const struct command share_command = {
	.name = "share",
	.synopsis = "HASH PUBKEY|FILE [--tree] [-o BUNDLE] | --list [HASH]",
	.summary = "let somebody read a content who is no member",
	.page =
	    "Wraps the key of one content, whatever its size, for a public key: that text\n"
	    "(ouroboros-key-1:...), or a FILE with it. Its owner made it with 'ouroboros\n"
	    "keys new' and printed it with 'ouroboros keys public'. Prints the key's\n"
	    "fingerprint; compare it with theirs, since who carried the key could have\n"
	    "exchanged it.\n"
	    "\n"
	    "-o writes the content to a bundle, a file that only that key opens:\n"
	    "'ouroboros get --bundle FILE --key KEYFILE'. With --tree all contents below it\n"
	    "are shared too, and the bundle has everything that is shared with that key.\n"
	    "Sharing again what is shared changes nothing, but writes the bundle.\n"
	    "\n"
	    "The recipient learns the content, its type and metadata, its hash and its\n"
	    "parent's, and the hashes and sizes of its chunks; nothing of other contents.\n"
	    "\n"
	    "--list shows what is shared with whom. With --json: an object with hash,\n"
	    "fingerprint, grants, there, bytes, and with -o bundle, bundle_bytes; of --list\n"
	    "one with grants, a list of {hash, fingerprint, shared_at, public_key}.",
	.options = OPTION_BIT(OPTION_TREE) | OPTION_BIT(OPTION_OUTPUT) |
	    OPTION_BIT(OPTION_LIST),
	.operands_min = 0,
	.operands_max = 2,
	.files = true,
	.run = share_run,
};
