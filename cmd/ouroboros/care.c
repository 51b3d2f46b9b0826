/*
 * care - verify and repair: one table of what was checked.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "progress.h"
#include "report.h"
#include "session.h"
#include "signals.h"
#include "target.h"
#include "text.h"

struct caring {
	struct invocation *inv;
	struct ouro_vault *vault;
	bool repairing;
	bool blind; /* slices alone */
	bool headed;
	bool detail; /* every slice too */
	struct ouro_care_result sum;
	bool damaged;
};

static const char *const part_names[] = {
	[OURO_PART_FILE] = "file",
	[OURO_PART_RECORD] = "record",
	[OURO_PART_CHUNK] = "chunk",
	[OURO_PART_SLICE] = "slice",
	[OURO_PART_CONTENT] = "content",
};
static const char *const state_names[] = {
	[OURO_STATE_OK] = "ok",
	[OURO_STATE_DEGRADED] = "degraded",
	[OURO_STATE_LOST] = "lost",
	[OURO_STATE_REPAIRED] = "repaired",
};

#define NAME_OF(names, i) \
	((size_t)(i) < sizeof(names) / sizeof *(names) && (names)[i] != NULL \
		? (names)[i] \
		: "unknown")

static void
finding_json(struct reply *out, const struct ouro_finding *finding)
{
	reply_object(out, NULL);
	reply_text(out, "part", NAME_OF(part_names, finding->part));
	reply_text(out, "state", NAME_OF(state_names, finding->state));
	if (finding->has_id)
		reply_id(out, "hash", finding->id);
	if (finding->file != NULL) {
		reply_text(out, "file", finding->file);
		reply_uint(out, "offset", finding->offset);
	}
	if (finding->text != NULL)
		reply_text(out, "text", finding->text);
	reply_end(out);
}

static const char *
verdict(const struct ouro_finding *finding)
{
	switch (finding->state) {
	case OURO_STATE_OK:
		return "OK";
	case OURO_STATE_REPAIRED:
		return "FIXED";
	default:
		return "FAIL";
	}
}

static void
finding_row(struct caring *c, const struct ouro_finding *finding)
{
	char hash[OURO_ID_TEXT] = "-";

	if (!c->headed)
		printf("%-5s  %-7s  %-44s  %s\n", "STATE", "PART", "HASH",
		    "WHAT");
	c->headed = true;
	if (finding->has_id)
		ouro_id_text(finding->id, hash);
	printf("%-5s  %-7s  %-44s  ", verdict(finding),
	    NAME_OF(part_names, finding->part), hash);
	text_write(stdout,
	    finding->text != NULL && finding->text[0] != '\0'
		? finding->text
		: NAME_OF(state_names, finding->state));
	if (finding->file != NULL) {
		fputs(" (", stdout);
		text_write(stdout, finding->file);
		printf(", offset %" PRIu64 ")", finding->offset);
	}
	putchar('\n');
}

static void
finding_report(void *context, const struct ouro_finding *finding)
{
	struct caring *c = context;

	if (c->inv->json) {
		finding_json(&c->inv->out, finding);
		return;
	}
	if (finding->part != OURO_PART_CONTENT &&
	    (finding->state == OURO_STATE_OK ||
		(finding->part == OURO_PART_SLICE && !c->detail)))
		return;
	progress_clear();
	finding_row(c, finding);
}

static void
sum_add(struct ouro_care_result *sum, const struct ouro_care_result *one)
{
	sum->contents += one->contents;
	sum->contents_ok += one->contents_ok;
	sum->contents_degraded += one->contents_degraded;
	sum->contents_lost += one->contents_lost;
	sum->chunks += one->chunks;
	sum->chunks_degraded += one->chunks_degraded;
	sum->chunks_lost += one->chunks_lost;
	sum->slices += one->slices;
	sum->slices_bad += one->slices_bad;
	sum->records += one->records;
	sum->records_bad += one->records_bad;
	sum->repaired += one->repaired;
	sum->files_bad += one->files_bad;
}

static void
result_json(struct caring *c)
{
	const struct ouro_care_result *sum = &c->sum;
	struct reply *out = &c->inv->out;

	reply_end(out);
	reply_object(out, "result");
	reply_bool(out, "damaged", c->damaged);
	reply_uint(out, "contents", sum->contents);
	reply_uint(out, "contents_ok", sum->contents_ok);
	reply_uint(out, "contents_degraded", sum->contents_degraded);
	reply_uint(out, "contents_lost", sum->contents_lost);
	reply_uint(out, "chunks", sum->chunks);
	reply_uint(out, "chunks_degraded", sum->chunks_degraded);
	reply_uint(out, "chunks_lost", sum->chunks_lost);
	reply_uint(out, "slices", sum->slices);
	reply_uint(out, "slices_bad", sum->slices_bad);
	reply_uint(out, "records", sum->records);
	reply_uint(out, "records_bad", sum->records_bad);
	reply_uint(out, "files_bad", sum->files_bad);
	reply_uint(out, "repaired", sum->repaired);
	reply_end(out);
	reply_end(out);
}

/* "chunks    120, 2 degraded" */
static void
count_row(const char *what, uint64_t all, uint64_t bad, const char *bad_word,
    uint64_t lost)
{
	printf("%-9s %" PRIu64, what, all);
	if (bad > 0)
		printf(", %" PRIu64 " %s", bad, bad_word);
	if (lost > 0)
		printf(", %" PRIu64 " lost", lost);
	if (bad == 0 && lost == 0 && all > 0)
		printf(", all ok");
	putchar('\n');
}

static void
result_text(struct caring *c)
{
	const struct ouro_care_result *sum = &c->sum;
	const char *degraded = c->repairing ? "found degraded" : "degraded";
	const char *bad = c->repairing ? "found bad" : "bad";

	printf("%s", c->headed ? "\n" : "");
	if (!c->blind)
		count_row("contents", sum->contents, sum->contents_degraded,
		    "degraded", sum->contents_lost);
	count_row("chunks", sum->chunks, sum->chunks_degraded, degraded,
	    sum->chunks_lost);
	count_row("slices", sum->slices, sum->slices_bad, bad, 0);
	if (!c->blind)
		count_row("records", sum->records, sum->records_bad, bad, 0);
	if (sum->files_bad > 0)
		printf("%-9s %" PRIu64 " %s\n", "files", sum->files_bad, bad);
	if (c->repairing)
		printf("%-9s %" PRIu64 " slices%s\n", "rewritten",
		    sum->repaired, c->blind ? "" : " and records");
	if (c->damaged && !c->repairing)
		report_note(c->inv,
		    "'ouroboros repair%s' rebuilds what is not "
		    "lost.",
		    c->blind ? " --blind" : "");
	else if (c->damaged && c->blind)
		report_note(c->inv,
		    "Some damage remains: only whoever has a key can do more.");
	else if (c->damaged)
		report_note(c->inv,
		    "Some damage remains. Storing a lost file "
		    "again (put) brings it back.");
}

static int
check_end(struct caring *c, enum ouro_status status,
    const struct ouro_care_result *result, const struct ouro_error *err)
{
	progress_stop();
	sum_add(&c->sum, result);
	if (status == OURO_OK)
		return 0;
	if (status == OURO_CANCELLED && signals_caught() != 0)
		return EXIT_FAILED;
	if (status != OURO_DAMAGED)
		return report_failure(c->inv, NULL, err);
	c->damaged = true;
	return 0;
}

/* One pass, over one content or (NULL) everything. */
static int
check(struct caring *c, const uint8_t *content)
{
	struct ouro_care_options options = { .size = sizeof options,
		.content = content,
		.rebuild_index = c->inv->option[OPTION_REBUILD_INDEX] != NULL,
		.progress = progress_report,
		.report = finding_report,
		.context = c };
	struct ouro_care_result result = { 0 };
	struct ouro_error err = { .status = OURO_OK };
	enum ouro_status status;

	progress_start(c->inv, c->repairing ? "repairing" : "checking", 0);
	status = c->repairing ? ouro_repair(c->vault, &options, &result, &err)
			      : ouro_verify(c->vault, &options, &result, &err);
	return check_end(c, status, &result, &err);
}

/* All slices, with no key and no vault. */
static int
check_blind(struct caring *c)
{
	struct ouro_care_options options = { .size = sizeof options,
		.progress = progress_report,
		.report = finding_report,
		.context = c };
	struct ouro_care_result result = { 0 };
	struct ouro_error err = { .status = OURO_OK };
	enum ouro_status status;
	char *dir = session_directory(c->inv);

	if (dir == NULL)
		return EXIT_USAGE;
	progress_start(c->inv, c->repairing ? "repairing" : "checking", 0);
	status = ouro_blind_care(dir, c->inv->data_paths,
	    c->inv->data_path_count, c->repairing, &options, &result, &err);
	free(dir);
	return check_end(c, status, &result, &err);
}

static int
check_all(struct caring *c)
{
	struct invocation *inv = c->inv;
	uint8_t content[OURO_ID_SIZE];
	int code = 0;

	if (c->blind)
		return check_blind(c);
	if (inv->operand_count == 0)
		return check(c, NULL);
	for (size_t i = 0; i < inv->operand_count && code == 0; i++) {
		code = target_content(inv, c->vault, inv->operands[i], content);
		if (code == 0)
			code = check(c, content);
	}
	return code;
}

static int
blind_usage(struct invocation *inv)
{
	if (inv->operand_count > 0)
		return report_usage(inv,
		    "without a key nobody knows what belongs to '%s': --blind "
		    "checks everything",
		    inv->operands[0]);
	if (inv->option[OPTION_REBUILD_INDEX] != NULL)
		return report_usage(inv,
		    "--blind knows of no index to be rebuilt");
	return 0;
}

static int
care_run(struct invocation *inv, bool repairing)
{
	struct caring c = { .inv = inv,
		.repairing = repairing,
		.blind = inv->option[OPTION_BLIND] != NULL,
		.detail = inv->option[OPTION_LONG] != NULL };
	int code;

	if (c.blind)
		code = blind_usage(inv);
	else if (inv->data_path_count > 0)
		code = report_usage(inv,
		    "the store knows its data paths; --data-path goes with "
		    "--blind");
	else
		code = session_open(inv,
		    repairing ? SESSION_WRITE : SESSION_READ, &c.vault);
	if (code == 0 && inv->json) {
		reply_object(&inv->out, NULL);
		reply_array(&inv->out, "findings");
	}
	if (code == 0)
		code = check_all(&c);
	if (code == 0) {
		if (inv->json)
			result_json(&c);
		else
			result_text(&c);
		code = c.damaged ? EXIT_DAMAGED : 0;
	}
	ouro_vault_close(c.vault);
	return code;
}

static int
verify_run(struct invocation *inv)
{
	return care_run(inv, false);
}

static int
repair_run(struct invocation *inv)
{
	return care_run(inv, true);
}

const struct command verify_command = {
	.name = "verify",
	.synopsis = "[HASH|NAME...] [-l] | --blind [--data-path DIR...]",
	.summary = "check everything, or some contents",
	.page =
	    "Reads and checks every record, chunk and slice, and prints OK or FAIL for each\n"
	    "content, and what else is damaged; -l names each bad slice too. Nothing is\n"
	    "changed. The exit code is 4 when anything is degraded (readable, but with less\n"
	    "redundancy than it should have) or lost.\n"
	    "\n"
	    "--blind needs no key and opens no file with one: it checks the slices in the\n"
	    "store's directory and in the data paths, which are named in the order in which\n"
	    "the store was made with them, by their hashes and by parity made anew. What\n"
	    "they hold, and whether it is still used, it cannot know.\n"
	    "\n"
	    "With --json: {\"findings\": [{part, state, hash, file, offset, text}],\n"
	    "\"result\": {damaged, contents, contents_ok, ...}}.",
	.options = OPTION_BIT(OPTION_LONG) | OPTION_BIT(OPTION_BLIND) |
	    OPTION_BIT(OPTION_DATA_PATH),
	.operands_max = SIZE_MAX,
	.run = verify_run,
};

const struct command repair_command = {
	.name = "repair",
	.synopsis = "[HASH|NAME...] [--rebuild-index] [-l] | --blind "
		    "[--data-path DIR...]",
	.summary = "check, and rebuild what is damaged",
	.page =
	    "As verify, and rebuilds damaged or missing slices and records from what is\n"
	    "left. The exit code is 4 when something stays lost; storing the file again\n"
	    "(put) brings it back. --rebuild-index makes everything that can be derived\n"
	    "anew from the records.\n"
	    "\n"
	    "--blind, as with verify, rebuilds slices that are missing or damaged while\n"
	    "enough of their stripe are whole, without any key.\n"
	    "\n"
	    "With --json: as verify.",
	.options = OPTION_BIT(OPTION_LONG) | OPTION_BIT(OPTION_REBUILD_INDEX) |
	    OPTION_BIT(OPTION_BLIND) | OPTION_BIT(OPTION_DATA_PATH),
	.operands_max = SIZE_MAX,
	.run = repair_run,
};
