/*
 * get - content to standard output or a file.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bundle.h"
#include "command.h"
#include "numbers.h"
#include "outfile.h"
#include "progress.h"
#include "report.h"
#include "session.h"
#include "signals.h"
#include "target.h"

#define PIECE_MAX ((size_t)1 << 20)

/* Contents open at once: the one being written, and those whose first chunks
 * are fetched meanwhile. */
#define OPEN_MAX 4

/* One HASH. get is NULL when it could not be opened ahead: what is wrong is
 * said when its turn comes. */
struct waiting {
	struct ouro_target target;
	struct ouro_get *get;
};

struct fetching {
	struct invocation *inv;
	struct ouro_vault *vault;
	const char *path; /* of -o, or NULL */
	const struct range *range;
	struct outfile out;
	bool written; /* something went to standard output */
	struct waiting waiting[OPEN_MAX];
	size_t opened; /* operands tried so far */
};

/* What stands on standard output is content: an error goes beside it. */
static int
fail(struct fetching *f, const char *subject, const struct ouro_error *err)
{
	if (f->written && f->path == NULL)
		f->inv->json = false;
	return report_failure(f->inv, subject, err);
}

static int
fail_write(struct fetching *f)
{
	int errnum = errno;

	if (signals_caught() != 0)
		return EXIT_FAILED;
	f->inv->json = f->inv->json && f->path != NULL;
	return report_errno(f->inv, errnum,
	    f->path != NULL ? f->path : "standard output");
}

static int
copy(struct fetching *f, const char *subject, struct ouro_get *get,
    uint64_t length)
{
	struct ouro_error err = { .status = OURO_OK };

	while (length > 0) {
		size_t want = length < PIECE_MAX ? (size_t)length : PIECE_MAX;
		size_t got = 0;
		const void *data;

		if (signals_caught() != 0)
			return EXIT_FAILED;
		if (ouro_get_next(get, want, &data, &got, &err) != OURO_OK)
			return fail(f, subject, &err);
		if (got == 0) {
			err.status = OURO_DAMAGED;
			snprintf(err.text, sizeof err.text,
			    "ends %llu bytes early",
			    (unsigned long long)length);
			return fail(f, subject, &err);
		}
		f->written = true;
		if (!outfile_write(&f->out, data, got))
			return fail_write(f);
		progress_add(got);
		length -= got;
	}
	return 0;
}

/* Positions get at the range and tells how much of it there is. */
static int
seek(struct fetching *f, const char *subject, struct ouro_get *get,
    uint64_t *length)
{
	struct ouro_error err = { .status = OURO_OK };
	uint64_t offset = 0;

	*length = ouro_get_size(get);
	if (f->range == NULL)
		return 0;
	if (!range_apply(f->range, ouro_get_size(get), &offset, length)) {
		report_status(f->inv, OURO_INVALID,
		    "%s: the range %s begins beyond the end; it has %llu bytes",
		    subject, f->inv->option[OPTION_RANGE],
		    (unsigned long long)ouro_get_size(get));
		return EXIT_FAILED;
	}
	if (ouro_get_seek(get, offset, &err) != OURO_OK)
		return fail(f, subject, &err);
	return 0;
}

static void
print_fetched(struct fetching *f, const uint8_t *id, uint64_t length)
{
	if (!f->inv->json || f->path == NULL)
		return;
	reply_object(&f->inv->out, NULL);
	reply_id(&f->inv->out, "hash", id);
	reply_text(&f->inv->out, "file", f->path);
	reply_uint(&f->inv->out, "bytes", length);
	reply_end(&f->inv->out);
}

/* Opens operand number `first` and those that follow it soon. */
static void
look_ahead(struct fetching *f, size_t first)
{
	for (;
	     f->opened < f->inv->operand_count && f->opened < first + OPEN_MAX;
	     f->opened++) {
		const char *text = f->inv->operands[f->opened];
		struct waiting *w = &f->waiting[f->opened % OPEN_MAX];

		w->get = NULL;
		if (ouro_resolve(f->vault, text, &w->target, NULL) != OURO_OK ||
		    ouro_get_open(f->vault, w->target.id, &w->get, NULL) !=
			OURO_OK)
			continue;
		if (f->range == NULL)
			ouro_get_prefetch(w->get);
	}
}

/* As look_ahead does, but saying what is wrong. */
static int
open_now(struct fetching *f, const char *text, struct waiting *w)
{
	struct ouro_error err = { .status = OURO_OK };
	int code = target_resolve(f->inv, f->vault, text, &w->target);

	if (code != 0)
		return code;
	if (ouro_get_open(f->vault, w->target.id, &w->get, &err) != OURO_OK)
		return fail(f, text, &err);
	return 0;
}

static int
fetch_open(struct fetching *f, const char *text, const struct waiting *w)
{
	uint64_t length = 0;
	int code = seek(f, text, w->get, &length);

	if (code == 0 && !outfile_open(&f->out, f->path))
		code = fail_write(f);
	else if (code == 0) {
		progress_start(f->inv, "reading", length);
		code = copy(f, text, w->get, length);
		progress_stop();
		if (code == 0 && !outfile_finish(&f->out))
			code = fail_write(f);
		outfile_abort(&f->out);
	}
	if (code == 0)
		print_fetched(f, w->target.id, length);
	return code;
}

static int
fetch(struct fetching *f, size_t number)
{
	const char *text = f->inv->operands[number];
	struct waiting *w = &f->waiting[number % OPEN_MAX];
	int code = 0;

	look_ahead(f, number);
	if (w->get == NULL)
		code = open_now(f, text, w);
	if (code == 0)
		code = fetch_open(f, text, w);
	ouro_get_close(w->get);
	w->get = NULL;
	return code;
}

static int
fetch_all(struct fetching *f)
{
	int code = 0;

	for (size_t i = 0; i < f->inv->operand_count && code == 0; i++)
		code = fetch(f, i);
	for (size_t i = 0; i < OPEN_MAX; i++)
		ouro_get_close(f->waiting[i].get);
	return code;
}

static int
get_run(struct invocation *inv)
{
	const char *text = inv->option[OPTION_RANGE];
	struct range range;
	struct fetching f = { .inv = inv, .path = inv->option[OPTION_OUTPUT] };
	int code;

	if (inv->option[OPTION_BUNDLE] != NULL)
		return bundle_get(inv);
	if (inv->option[OPTION_LIST] != NULL)
		return report_usage(inv, "--list is for a --bundle; else: ls");
	if (inv->operand_count == 0)
		return report_usage(inv, "get needs more: ouroboros get %s",
		    inv->command->synopsis);
	if (text != NULL && !range_parse(text, &range))
		return report_usage(inv,
		    "--range %s: it has to be A-B (A <= B), A- or -N", text);
	f.range = text != NULL ? &range : NULL;
	if (inv->operand_count > 1 && (text != NULL || f.path != NULL))
		return report_usage(inv, "%s is for one HASH, not %zu",
		    text != NULL ? "--range" : "-o", inv->operand_count);
	if (f.path != NULL && strcmp(f.path, "-") == 0)
		f.path = NULL;
	code = session_open(inv, SESSION_HEAL, &f.vault);
	if (code == 0)
		code = fetch_all(&f);
	ouro_vault_close(f.vault);
	return code;
}

const struct command get_command = {
	.name = "get",
	.synopsis = "HASH|NAME [-o FILE] [--range A-B]",
	.summary = "write content to standard output or a file",
	.page =
	    "Writes the content of HASH, or the newest of NAME, to standard output or to\n"
	    "FILE. FILE appears under its name only when it is whole: after an error or\n"
	    "an interruption nothing is left. Long runs of zeros become holes in it.\n"
	    "Several hashes are written one after the other to standard output. Damage\n"
	    "met on the way is repaired.\n"
	    "\n"
	    "--range takes bytes as HTTP does: 0-99 are the first hundred, 100- is all\n"
	    "but those, -100 the last hundred. A range that begins beyond the end fails.\n"
	    "\n"
	    "--bundle FILE reads what somebody shared with the key of --key KEYFILE (share,\n"
	    "keys new); no store is needed. --list shows what is in it; if that is one\n"
	    "content, HASH may be left out. The whole file is checked first.\n"
	    "\n"
	    "With --json and -o the answer is an object with hash, file, bytes. Content on\n"
	    "standard output stays content; an error after its beginning goes to standard\n"
	    "error.",
	.options = OPTION_BIT(OPTION_OUTPUT) | OPTION_BIT(OPTION_RANGE) |
	    OPTION_BIT(OPTION_BUNDLE) | OPTION_BIT(OPTION_LIST),
	.operands_min = 0,
	.operands_max = SIZE_MAX,
	.run = get_run,
};
