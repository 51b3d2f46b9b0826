/*
 * gc - collects what nothing refers to, and gives the space back.
 */
#include <inttypes.h>
#include <stdio.h>

#include "command.h"
#include "progress.h"
#include "report.h"
#include "session.h"
#include "signals.h"
#include "text.h"

static void
print_result(struct invocation *inv, const struct ouro_gc_result *result)
{
	struct reply *out = &inv->out;
	char size[TEXT_SIZE_SIZE];

	if (inv->json) {
		reply_object(out, NULL);
		reply_uint(out, "contents", result->contents);
		reply_uint(out, "pages", result->pages);
		reply_uint(out, "chunks", result->chunks);
		reply_uint(out, "slices", result->slices);
		reply_uint(out, "bytes", result->bytes);
		reply_end(out);
		return;
	}
	printf("collected %" PRIu64 " contents, %" PRIu64 " pages, %" PRIu64
	       " chunks, %" PRIu64 " slices; %s given back\n",
	    result->contents, result->pages, result->chunks, result->slices,
	    text_size(result->bytes, size));
}

static int
gc_run(struct invocation *inv)
{
	struct ouro_error err = { .status = OURO_OK };
	struct ouro_gc_result result = { 0 };
	struct ouro_vault *vault = NULL;
	enum ouro_status status;
	int code = session_open(inv, SESSION_WRITE, &vault);

	if (code == 0) {
		progress_start(inv, "collecting", 0);
		status = ouro_gc(vault, progress_report, NULL, &result, &err);
		progress_stop();
		if (status == OURO_OK)
			print_result(inv, &result);
		else if (status == OURO_CANCELLED && signals_caught() != 0)
			code = EXIT_FAILED;
		else
			code = report_failure(inv, NULL, &err);
	}
	ouro_vault_close(vault);
	return code;
}

#define PAGE \
	"With --json: {contents, pages, chunks, slices, bytes}. It may be\n" \
	"interrupted at any time; what is left is collected the next time."

const struct command gc_command = {
	.name = "gc",
	.synopsis = "",
	.summary = "collect what was removed; give its space back",
	.page =
	    "Collects contents, chunks and slices that nothing refers to any more, and\n"
	    "rewrites segment files that are mostly dead.\n"
	    "\n" PAGE,
	.run = gc_run,
};

const struct command compact_command = {
	.name = "compact",
	.synopsis = "",
	.summary = "the same as gc",
	.page =
	    "Does exactly what gc does: on a vault, dead space comes from what was\n"
	    "collected, so that one without the other would give little back.\n"
	    "\n" PAGE,
	.run = gc_run,
};
