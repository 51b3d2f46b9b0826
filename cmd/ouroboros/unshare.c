/*
 * unshare - takes back what share gave, as far as that is possible.
 */
#include <inttypes.h>

#include "command.h"
#include "report.h"
#include "session.h"
#include "target.h"

static void
tell(struct invocation *inv, struct ouro_vault *vault,
    const struct ouro_unshare_result *result)
{
	struct reply *out = &inv->out;
	bool reseal = inv->option[OPTION_RESEAL] != NULL;

	if (inv->json) {
		reply_object(out, NULL);
		reply_uint(out, "grants", result->grants);
		reply_uint(out, "chunks_resealed", result->chunks_resealed);
		reply_uint(out, "chunks_shared", result->chunks_shared);
		if (reseal)
			reply_uint(out, "epoch", ouro_keys_epoch(vault, NULL));
		reply_end(out);
		return;
	}
	report_note(inv, "taken back: %llu grant%s; nothing is served any more",
	    (unsigned long long)result->grants, result->grants == 1 ? "" : "s");
	report_note(inv,
	    "Copies and bundles that were handed out stay readable to whom "
	    "they were given.");
	if (!reseal)
		return;
	report_note(inv,
	    "%llu chunks were sealed anew under key epoch %" PRIu32
	    ": the key that was given away opens nothing that is kept here",
	    (unsigned long long)result->chunks_resealed,
	    ouro_keys_epoch(vault, NULL));
	if (result->chunks_shared > 0)
		report_note(inv,
		    "but %llu chunks that other contents have too, and that "
		    "are kept for these as they were.",
		    (unsigned long long)result->chunks_shared);
}

static int
unshare_run(struct invocation *inv)
{
	struct ouro_unshare_options options = { .size = sizeof options,
		.tree = inv->option[OPTION_TREE] != NULL,
		.reseal = inv->option[OPTION_RESEAL] != NULL };
	struct ouro_unshare_result result = { .grants = 0 };
	struct ouro_error err = { .status = OURO_OK };
	struct ouro_vault *vault = NULL;
	uint8_t id[OURO_ID_SIZE];
	int code = session_open(inv, SESSION_WRITE, &vault);

	if (code == 0)
		code = target_parent(inv, vault, inv->operands[0], id);
	if (code == 0 &&
	    ouro_unshare(vault, id, inv->operands[1], &options, &result,
		&err) != OURO_OK) {
		if (result.grants > 0)
			report_note(inv, "taken back: %llu grants",
			    (unsigned long long)result.grants);
		code = report_failure(inv, inv->operands[0], &err);
	} else if (code == 0) {
		tell(inv, vault, &result);
	}
	ouro_vault_close(vault);
	return code;
}

const struct command unshare_command = {
	.name = "unshare",
	.synopsis = "HASH FINGERPRINT [--tree] [--reseal]",
	.summary = "take back what was shared",
	.page =
	    "Takes the key of FINGERPRINT (as share prints it; a unique beginning will do)\n"
	    "off a content, with --tree off all contents below it too. From then on no\n"
	    "bundle has it for that key. What was handed out before stays readable to whom\n"
	    "it was given: nothing can take that back.\n"
	    "\n"
	    "--reseal begins a new key epoch and seals chunks and records of the content\n"
	    "under it, so that the key which was given away opens nothing that is kept\n"
	    "here; that takes as long as storing it did. Chunks that other contents have\n"
	    "too are kept for these as they were; how many is told. After an interruption\n"
	    "it is repeated, with the whole fingerprint.\n"
	    "\n"
	    "With --json: an object with grants, chunks_resealed, chunks_shared, epoch.",
	.options = OPTION_BIT(OPTION_TREE) | OPTION_BIT(OPTION_RESEAL),
	.operands_min = 2,
	.operands_max = 2,
	.run = unshare_run,
};
