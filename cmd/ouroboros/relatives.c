/*
 * relatives - children, parent, ancestors, descendants of a content, and the
 * roots: their hashes, one a line, or with -l a table.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "node.h"
#include "report.h"
#include "session.h"
#include "signals.h"
#include "table.h"
#include "target.h"
#include "text.h"

static const char *const titles[] = { "HASH", "NAME", ">SIZE", "SAVED AT" };
static const char *const titles_deep[] = { ">DEPTH", "HASH", "NAME", ">SIZE",
	"SAVED AT" };

struct relatives {
	struct invocation *inv;
	struct ouro_vault *vault;
	bool deep; /* depths are told */
	bool detail;
	struct table table;
	uint64_t limit, count;
	bool more; /* the limit ended it */
	uint8_t last[OURO_ID_SIZE];
	int code;
};

static bool
row_cells(struct relatives *r, const struct node *node, uint64_t depth)
{
	char hash[OURO_ID_TEXT], size[TEXT_SIZE_SIZE], time[TEXT_TIME_SIZE];
	char number[24];

	ouro_id_text(node->id, hash);
	snprintf(number, sizeof number, "%" PRIu64, depth);
	return (!r->deep || table_cell(&r->table, number)) &&
	    table_cell(&r->table, hash) &&
	    table_cell(&r->table, node->name != NULL ? node->name : "-") &&
	    table_cell(&r->table, text_size(node->info.bytes, size)) &&
	    table_cell(&r->table,
		node->info.has_version ? text_time(node->info.saved_ms, time)
				       : "-");
}

static void
row_json(struct relatives *r, const struct node *node, uint64_t depth)
{
	struct reply *out = &r->inv->out;

	reply_object(out, NULL);
	if (r->deep)
		reply_uint(out, "depth", depth);
	node_json(out, node);
	reply_end(out);
}

static int
row_print(struct relatives *r, const uint8_t id[OURO_ID_SIZE], uint64_t depth)
{
	char hash[OURO_ID_TEXT];
	struct node node;
	int code;

	if (!r->inv->json && !r->detail) {
		ouro_id_text(id, hash);
		puts(hash);
		return 0;
	}
	code = node_load(r->inv, r->vault, id, &node);
	if (code == 0 && r->inv->json)
		row_json(r, &node, depth);
	else if (code == 0 && !row_cells(r, &node, depth))
		code = report_status(r->inv, OURO_NO_MEMORY, "out of memory");
	node_release(&node);
	return code;
}

/* One more than wanted is looked for, to tell whether there are more. */
static bool
relative_see(struct relatives *r, const uint8_t id[OURO_ID_SIZE],
    uint64_t depth)
{
	r->more = r->count == r->limit;
	if (r->more || signals_caught() != 0)
		return false;
	memcpy(r->last, id, OURO_ID_SIZE);
	r->count++;
	r->code = row_print(r, id, depth);
	return r->code == 0;
}

static bool
id_see(void *context, const uint8_t id[OURO_ID_SIZE])
{
	return relative_see(context, id, 0);
}

static bool
node_see(void *context, const uint8_t id[OURO_ID_SIZE],
    const uint8_t parent[OURO_ID_SIZE], uint64_t depth)
{
	(void)parent;
	return relative_see(context, id, depth);
}

static void
relatives_begin(struct relatives *r)
{
	r->detail = r->inv->option[OPTION_LONG] != NULL;
	if (r->inv->json) {
		reply_object(&r->inv->out, NULL);
		reply_array(&r->inv->out, "items");
	} else if (r->detail) {
		table_init(&r->table, r->deep ? titles_deep : titles,
		    r->deep ? 5 : 4);
	}
}

static int
relatives_end(struct relatives *r, enum ouro_status status,
    const struct ouro_error *err)
{
	struct reply *out = &r->inv->out;
	char hash[OURO_ID_TEXT];
	bool paged;

	if (!r->inv->json && r->detail)
		table_finish(&r->table);
	if (r->code != 0)
		return r->code;
	if (status != OURO_OK)
		return report_failure(r->inv,
		    r->inv->operand_count > 0 ? r->inv->operands[0] : NULL,
		    err);
	ouro_id_text(r->last, hash);
	paged = (r->inv->command->options & OPTION_BIT(OPTION_AFTER)) != 0;
	if (r->inv->json) {
		reply_end(out);
		if (paged)
			reply_text(out, "next", r->more ? hash : NULL);
		reply_end(out);
	} else if (r->more && paged) {
		report_note(r->inv, "There are more: --after %s", hash);
	}
	return 0;
}

/* The options and the store; *after = NULL or cursor. */
static int
relatives_open(struct relatives *r, uint8_t cursor[OURO_ID_SIZE],
    const uint8_t **after)
{
	const char *text = r->inv->option[OPTION_AFTER];
	int code;

	r->limit = UINT64_MAX;
	*after = NULL;
	code = node_number(r->inv, OPTION_LIMIT, 1, &r->limit);
	if (code == 0)
		code = session_open(r->inv, SESSION_READ, &r->vault);
	if (code == 0 && text != NULL) {
		code = target_parent(r->inv, r->vault, text, cursor);
		*after = cursor;
	}
	return code;
}

static int
roots_run(struct invocation *inv)
{
	struct relatives r = { .inv = inv };
	struct ouro_error err = { .status = OURO_OK };
	uint8_t cursor[OURO_ID_SIZE];
	const uint8_t *after;
	int code = relatives_open(&r, cursor, &after);

	if (code == 0) {
		relatives_begin(&r);
		code = relatives_end(&r,
		    ouro_roots(r.vault, after, id_see, &r, &err), &err);
	}
	ouro_vault_close(r.vault);
	return code;
}

/* Children, ancestors or descendants, as the command says. */
static enum ouro_status
relatives_ask(struct relatives *r, const uint8_t id[OURO_ID_SIZE],
    const uint8_t *after, struct ouro_error *err)
{
	if (r->inv->command == &children_command)
		return ouro_children(r->vault, id, after, id_see, r, err);
	if (r->inv->command == &ancestors_command)
		return ouro_ancestors(r->vault, id, id_see, r, err);
	return ouro_descendants(r->vault, id, node_see, r, err);
}

static int
relatives_run(struct invocation *inv)
{
	struct relatives r = { .inv = inv,
		.deep = inv->command == &descendants_command };
	struct ouro_error err = { .status = OURO_OK };
	uint8_t id[OURO_ID_SIZE], cursor[OURO_ID_SIZE];
	const uint8_t *after;
	int code = relatives_open(&r, cursor, &after);

	if (code == 0)
		code = target_parent(inv, r.vault, inv->operands[0], id);
	if (code == 0) {
		relatives_begin(&r);
		code = relatives_end(&r, relatives_ask(&r, id, after, &err),
		    &err);
	}
	ouro_vault_close(r.vault);
	return code;
}

static int
parent_run(struct invocation *inv)
{
	struct ouro_error err = { .status = OURO_OK };
	struct ouro_vault *vault = NULL;
	uint8_t id[OURO_ID_SIZE], parent[OURO_ID_SIZE];
	char hash[OURO_ID_TEXT];
	struct node node;
	int code = session_open(inv, SESSION_READ, &vault);

	if (code == 0)
		code = target_content(inv, vault, inv->operands[0], id);
	if (code == 0 && ouro_parent(vault, id, parent, &err) != OURO_OK)
		code = report_failure(inv, inv->operands[0], &err);
	if (code == 0 && inv->json) {
		code = node_load(inv, vault, parent, &node);
		if (code == 0) {
			reply_object(&inv->out, NULL);
			node_json(&inv->out, &node);
			reply_end(&inv->out);
		}
		node_release(&node);
	} else if (code == 0) {
		ouro_id_text(parent, hash);
		puts(hash);
		if (ouro_exists(vault, parent, NULL) == OURO_NOT_FOUND)
			report_note(inv, "The parent is not here.");
	}
	ouro_vault_close(vault);
	return code;
}

/* ---- commands -------------------------------------------------------------------------- */

#define LINES	"-l makes a table with name, size and time of it.\n"
#define ITEMS	"\nWith --json: {\"items\": [{"
#define MEMBERS "hash, name, version, parent, bytes,\ntype, saved_at}]"

const struct command children_command = {
	.name = "children",
	.synopsis = "HASH|NAME [--limit N] [--after HASH] [-l]",
	.summary = "the children of a content",
	.page = "Prints the hashes of the contents whose parent it is, one a "
		"line, in their\norder. " LINES
		"--limit and --after page through many. The parent need not "
		"be here.\n" ITEMS MEMBERS ", \"next\"}; next is what to\ngive "
		"--after, or null at the end.",
	.options = OPTION_BIT(OPTION_LIMIT) | OPTION_BIT(OPTION_AFTER) |
	    OPTION_BIT(OPTION_LONG),
	.operands_min = 1,
	.operands_max = 1,
	.run = relatives_run,
};

const struct command parent_command = {
	.name = "parent",
	.synopsis = "HASH|NAME",
	.summary = "the parent of a content",
	.page = "Prints the hash of its parent, which need not be here. The "
		"exit code is 3 when\nit has none.\n"
		"\n"
		"With --json: one object, with missing when the parent is not "
		"here.",
	.operands_min = 1,
	.operands_max = 1,
	.run = parent_run,
};

const struct command ancestors_command = {
	.name = "ancestors",
	.synopsis = "HASH|NAME [--limit N] [-l]",
	.summary = "the parents above a content, nearest first",
	.page = "Prints the hashes of its parent, the parent of that, and so "
		"on, as far as they\nare here. " LINES ITEMS MEMBERS "}.",
	.options = OPTION_BIT(OPTION_LIMIT) | OPTION_BIT(OPTION_LONG),
	.operands_min = 1,
	.operands_max = 1,
	.run = relatives_run,
};

const struct command descendants_command = {
	.name = "descendants",
	.synopsis = "HASH|NAME [--limit N] [-l]",
	.summary = "everything below a content",
	.page = "Prints the hashes of all contents below it, each once, a "
		"parent before its\nchildren. " LINES
		"'ouroboros tree' draws them.\n" ITEMS "depth, " MEMBERS "}.",
	.options = OPTION_BIT(OPTION_LIMIT) | OPTION_BIT(OPTION_LONG),
	.operands_min = 1,
	.operands_max = 1,
	.run = relatives_run,
};

const struct command roots_command = {
	.name = "roots",
	.synopsis = "[--limit N] [--after HASH] [-l]",
	.summary = "contents without a parent here",
	.page = "Prints the hashes of the contents that have no parent, or "
		"one that is not here,\none a line, in their order. " LINES
		"--limit and --after page through many.\n" ITEMS MEMBERS
		", \"next\"}; next is what to\ngive --after, or null at the "
		"end.",
	.options = OPTION_BIT(OPTION_LIMIT) | OPTION_BIT(OPTION_AFTER) |
	    OPTION_BIT(OPTION_LONG),
	.run = roots_run,
};
