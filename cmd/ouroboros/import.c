/*
 * import - a stream of export into the store, or into a new one.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "progress.h"
#include "report.h"
#include "session.h"
#include "signals.h"
#include "source.h"
#include "text.h"

struct importing {
	struct invocation *inv;
	const char *path;
	struct source source;
	bool opened;
	bool making; /* a new store is made of it */
	struct ouro_import_options options;
	struct ouro_import_result result;
};

/* ---- the stream --------------------------------------------------------------- */

static enum ouro_status
give(void *context, void *data, size_t size, size_t *got,
    struct ouro_error *err)
{
	struct importing *i = context;

	if (source_read(&i->source, data, size, got))
		return OURO_OK;
	err->status = OURO_IO;
	err->sys_errno = i->source.sys_errno;
	snprintf(err->text, sizeof err->text, "%s: %s", i->path,
	    i->source.reason);
	return OURO_IO;
}

/* A second try reads it again from its beginning, which a pipe cannot. */
static bool
source_begin(struct importing *i, struct ouro_error *err)
{
	if (i->opened && !i->source.regular)
		return false;
	if (i->opened)
		source_close(&i->source);
	i->opened = source_open(&i->source, i->path);
	if (i->opened)
		return true;
	err->status = i->source.sys_errno == 0 ? OURO_INVALID : OURO_IO;
	err->sys_errno = i->source.sys_errno;
	snprintf(err->text, sizeof err->text, "%s: %s", i->path,
	    i->source.reason);
	return false;
}

/* ---- telling ---------------------------------------------------------------------- */

static bool
removed_tell(void *context, const struct ouro_version *version)
{
	struct importing *i = context;
	struct reply *out = &i->inv->out;
	char hash[OURO_ID_TEXT], time[TEXT_TIME_SIZE];

	if (i->inv->json) {
		reply_object(out, NULL);
		reply_id(out, "version", version->id);
		reply_text(out, "namespace", version->namespace_);
		reply_text(out, "name", version->path);
		if (!version->deletion)
			reply_id(out, "hash", version->content);
		reply_time(out, "saved", version->saved_ms);
		reply_end(out);
		return true;
	}
	progress_clear();
	ouro_id_text(version->id, hash);
	printf("stays removed: %s %s  ", hash,
	    text_time(version->saved_ms, time));
	text_write(stdout, version->path);
	putchar('\n');
	return true;
}

static bool
progress_tell(void *context, uint64_t done, uint64_t total)
{
	(void)context;
	return progress_report(NULL, done, total);
}

static void
result_json(struct reply *out, const struct ouro_import_result *result)
{
	reply_uint(out, "versions", result->versions);
	reply_uint(out, "versions_there", result->versions_there);
	reply_uint(out, "versions_removed", result->versions_removed);
	reply_uint(out, "versions_new", result->versions_new);
	reply_uint(out, "versions_dropped", result->versions_dropped);
	reply_uint(out, "heads_trashed", result->heads_trashed);
	reply_uint(out, "contents", result->contents);
	reply_uint(out, "pages", result->pages);
	reply_uint(out, "chunks", result->chunks);
	reply_uint(out, "bytes", result->bytes);
}

static void
result_print(const struct ouro_import_result *result)
{
	char size[TEXT_SIZE_SIZE];

	printf("imported %" PRIu64 " versions (%" PRIu64
	       " were there), %" PRIu64 " contents, %" PRIu64
	       " chunks; %s stored\n",
	    result->versions, result->versions_there, result->contents,
	    result->chunks, text_size(result->bytes, size));
	if (result->versions_new > 0)
		printf("written as new: %" PRIu64 "\n", result->versions_new);
	if (result->versions_dropped > 0)
		printf("removed, because the other copy had removed them: "
		       "%" PRIu64 " versions (%" PRIu64 " in the trash)\n",
		    result->versions_dropped, result->heads_trashed);
}

/* ---- the work ------------------------------------------------------------------------ */

static enum ouro_status
open_new(void *context, const char *dir,
    const struct ouro_vault_options *options, struct ouro_vault **out,
    struct ouro_error *err)
{
	struct importing *i = context;
	enum ouro_status status;

	if (!source_begin(i, err))
		return err->status;
	progress_start(i->inv, "importing", 0);
	status = ouro_import_new(dir, options, &i->options, give, i, &i->result,
	    out, err);
	progress_stop();
	return status;
}

static int
import_there(struct importing *i)
{
	struct ouro_error err = { .status = OURO_OK };
	struct ouro_vault *vault = NULL;
	enum ouro_status status = OURO_OK;
	int code = session_open(i->inv, SESSION_WRITE, &vault);

	if (code != 0)
		return code;
	if (source_begin(i, &err)) {
		progress_start(i->inv, "importing", 0);
		status = ouro_import(vault, &i->options, give, i, &i->result,
		    &err);
		progress_stop();
	} else {
		status = err.status;
	}
	if (status != OURO_OK && signals_caught() != 0)
		code = EXIT_FAILED;
	else if (status != OURO_OK)
		code = report_failure(i->inv, NULL, &err);
	ouro_vault_close(vault);
	return code;
}

static int
import_into(struct importing *i)
{
	struct ouro_vault *vault = NULL;
	char *dir = session_directory(i->inv);
	int code;

	if (dir == NULL)
		return EXIT_USAGE;
	i->making = !session_has_store(dir);
	free(dir);
	if (!i->making)
		return import_there(i);
	code = session_open_by(i->inv, SESSION_CREATE, open_new, i, &vault);
	if (code == EXIT_NOT_FOUND && !i->inv->json)
		report_note(i->inv,
		    "A new copy is made with the key file of a member: --key "
		    "FILE, or $OUROBOROS_RECOVERY_KEY.");
	ouro_vault_close(vault);
	return code;
}

static int
import_run(struct invocation *inv)
{
	struct importing i = { .inv = inv,
		.path = inv->operands[0],
		.options = { .size = sizeof i.options,
		    .as_new = inv->option[OPTION_AS_NEW] != NULL,
		    .progress = progress_tell,
		    .removed = removed_tell,
		    .context = &i } };
	int code;

	if (inv->json) {
		reply_object(&inv->out, NULL);
		reply_array(&inv->out, "removed");
	}
	code = import_into(&i);
	if (code == 0 && inv->json) {
		reply_end(&inv->out);
		result_json(&inv->out, &i.result);
		reply_end(&inv->out);
	} else if (code == 0) {
		result_print(&i.result);
	}
	if (i.opened)
		source_close(&i.source);
	return code;
}

const struct command import_command = {
	.name = "import",
	.synopsis = "FILE|- [--as-new]",
	.summary = "take in a stream of export",
	.page =
	    "Takes in what another copy of the same vault exported: the union of both.\n"
	    "Copies that diverged are equal when each has imported the other; which goes\n"
	    "first makes no difference. What is there is passed over, so an import that\n"
	    "was interrupted is simply begun again. Nothing of a stream that is damaged or\n"
	    "cut becomes visible.\n"
	    "\n"
	    "What this copy has removed stays removed, and is listed; with --as-new it is\n"
	    "written as new versions instead. What the other copy has removed leaves here\n"
	    "too, and what was current goes to the trash.\n"
	    "\n"
	    "When --dir names no store yet, one is made of a stream of the whole vault,\n"
	    "for the member whose key file --key names (or a recovery key).\n"
	    "\n"
	    "With --json: {removed: [{version, namespace, name, hash, saved}], versions,\n"
	    "versions_there, versions_removed, versions_new, versions_dropped,\n"
	    "heads_trashed, contents, pages, chunks, bytes}.",
	.options = OPTION_BIT(OPTION_AS_NEW) | OPTION_BIT(OPTION_DATA_PATH),
	.operands_min = 1,
	.operands_max = 1,
	.files = true,
	.run = import_run,
};
