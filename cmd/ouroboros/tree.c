/*
 * tree - what is below a content, or all of the hierarchy, drawn.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "node.h"
#include "report.h"
#include "session.h"
#include "signals.h"
#include "target.h"
#include "text.h"

#define PAGE_IDS   64
#define SHORT_HASH 12

/* The branches, where the locale says UTF-8, and elsewhere. */
struct strokes {
	const char *fork, *last, *past, *none;
};
static const struct strokes strokes_utf8 = { "├── ", "└── ", "│   ", "    " };
static const struct strokes strokes_plain = { "|-- ", "`-- ", "|   ", "    " };

/* Children of one content, or roots, as far as they are known yet. */
struct level {
	uint8_t parent[OURO_ID_SIZE];
	bool roots; /* no parent: the roots themselves */
	uint8_t ids[PAGE_IDS][OURO_ID_SIZE];
	size_t count, next;
	bool ended; /* no more behind these */
	bool last;  /* the one taken last has no sibling behind it */
};

struct drawing {
	struct invocation *inv;
	struct ouro_vault *vault;
	const struct strokes *strokes;
	uint64_t depth_max; /* levels below the top */
	struct level **levels;
	size_t count, capacity;
	uint64_t contents, bytes;
	bool top; /* the tree has one content as its top */
};

static const struct strokes *
strokes_of_locale(void)
{
	static const char *const variables[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (size_t i = 0; i < 3; i++) {
		const char *value = getenv(variables[i]);

		if (value == NULL || value[0] == '\0')
			continue;
		return strcasestr(value, "utf-8") != NULL ||
			strcasestr(value, "utf8") != NULL
		    ? &strokes_utf8
		    : &strokes_plain;
	}
	return &strokes_plain;
}

/* ---- levels ---------------------------------------------------------------------- */

static bool
level_add(void *context, const uint8_t id[OURO_ID_SIZE])
{
	struct level *level = context;

	memcpy(level->ids[level->count++], id, OURO_ID_SIZE);
	return level->count < PAGE_IDS;
}

/* More, with what was not taken yet at the front. */
static int
level_fill(struct drawing *d, struct level *level)
{
	struct ouro_error err = { .status = OURO_OK };
	uint8_t after[OURO_ID_SIZE];
	bool begun = level->count > 0;
	enum ouro_status status;

	if (begun)
		memcpy(after, level->ids[level->count - 1], OURO_ID_SIZE);
	memmove(level->ids, level->ids + level->next,
	    (level->count - level->next) * OURO_ID_SIZE);
	level->count -= level->next;
	level->next = 0;
	status = level->roots
	    ? ouro_roots(d->vault, begun ? after : NULL, level_add, level, &err)
	    : ouro_children(d->vault, level->parent, begun ? after : NULL,
		  level_add, level, &err);
	level->ended = level->count < PAGE_IDS;
	if (status == OURO_NOT_FOUND) /* it went meanwhile */
		status = OURO_OK;
	return status == OURO_OK ? 0 : report_failure(d->inv, NULL, &err);
}

/* One is known ahead, so that the last is known as such. *id = NULL: none. */
static int
level_take(struct drawing *d, struct level *level, const uint8_t **id)
{
	int code = 0;

	*id = NULL;
	if (!level->ended && level->next + 1 >= level->count)
		code = level_fill(d, level);
	if (code != 0 || level->next == level->count)
		return code;
	*id = level->ids[level->next++];
	level->last = level->next == level->count && level->ended;
	return 0;
}

static int
level_push(struct drawing *d, const uint8_t *parent)
{
	struct level *level = calloc(1, sizeof *level);

	if (level != NULL && d->count == d->capacity) {
		size_t capacity = d->capacity * 2 + 16;
		struct level **grown = realloc(d->levels,
		    capacity * sizeof(struct level *));

		if (grown == NULL) {
			free(level);
			level = NULL;
		} else {
			d->levels = grown;
			d->capacity = capacity;
		}
	}
	if (level == NULL)
		return report_status(d->inv, OURO_NO_MEMORY, "out of memory");
	level->roots = parent == NULL;
	if (parent != NULL)
		memcpy(level->parent, parent, OURO_ID_SIZE);
	d->levels[d->count++] = level;
	return 0;
}

static void
level_pop(struct drawing *d)
{
	free(d->levels[--d->count]);
}

/* ---- lines ------------------------------------------------------------------------ */

static void
line_hash(const struct drawing *d, const uint8_t id[OURO_ID_SIZE])
{
	char hash[OURO_ID_TEXT];

	ouro_id_text(id, hash);
	if (d->inv->option[OPTION_LONG] != NULL)
		fputs(hash, stdout);
	else
		printf("%.*s", SHORT_HASH, hash);
}

/* "name  1.5 MiB  3f9Kd02lWm+a" */
static void
line_node(const struct drawing *d, const struct node *node, bool top)
{
	char size[TEXT_SIZE_SIZE];

	if (!node->there) {
		line_hash(d, node->id);
		fputs("  (not here)\n", stdout);
		return;
	}
	text_write(stdout, node->name != NULL ? node->name : "-");
	printf("  %s  ", text_size(node->info.bytes, size));
	line_hash(d, node->id);
	if (top && !d->top && node->info.has_parent) {
		fputs("  (its parent ", stdout);
		line_hash(d, node->info.parent);
		fputs(" is not here)", stdout);
	}
	putchar('\n');
}

/* The branches on the way to what the last level took. Roots have none. */
static void
line_branches(const struct drawing *d)
{
	for (size_t i = 0; i < d->count; i++) {
		const struct level *level = d->levels[i];

		if (level->roots)
			continue;
		if (i + 1 < d->count)
			fputs(level->last ? d->strokes->none : d->strokes->past,
			    stdout);
		else
			fputs(level->last ? d->strokes->last : d->strokes->fork,
			    stdout);
	}
}

static void
node_show(struct drawing *d, const struct node *node, bool top)
{
	struct reply *out = &d->inv->out;

	d->contents += node->there;
	d->bytes += node->info.bytes;
	if (!d->inv->json) {
		line_branches(d);
		line_node(d, node, top);
		return;
	}
	reply_object(out, NULL);
	reply_uint(out, "depth", d->count - (d->top ? 0 : 1));
	node_json(out, node);
	reply_end(out);
}

/* ---- the walk ------------------------------------------------------------------------ */

static uint64_t
depth_of(const struct drawing *d)
{
	return d->count - (d->top ? 0 : 1);
}

static int
node_draw(struct drawing *d, const uint8_t id[OURO_ID_SIZE])
{
	struct node node;
	int code = node_load(d->inv, d->vault, id, &node);

	if (code == 0) {
		node_show(d, &node, depth_of(d) == 0);
		if (depth_of(d) < d->depth_max)
			code = level_push(d, id);
	}
	node_release(&node);
	return code;
}

static int
levels_draw(struct drawing *d)
{
	int code = 0;

	while (code == 0 && d->count > 0 && signals_caught() == 0) {
		const uint8_t *next;
		uint8_t id[OURO_ID_SIZE];

		code = level_take(d, d->levels[d->count - 1], &next);
		if (code == 0 && next == NULL) {
			level_pop(d);
		} else if (code == 0) {
			memcpy(id, next, OURO_ID_SIZE);
			code = node_draw(d, id);
		}
	}
	while (d->count > 0)
		level_pop(d);
	free(d->levels);
	return code;
}

static void
summary(struct drawing *d)
{
	char size[TEXT_SIZE_SIZE];
	struct reply *out = &d->inv->out;

	if (d->inv->json) {
		reply_end(out);
		reply_uint(out, "contents", d->contents);
		reply_uint(out, "bytes", d->bytes);
		reply_end(out);
		return;
	}
	printf("%s%" PRIu64 " %s, %s\n", d->contents > 0 ? "\n" : "",
	    d->contents, d->contents == 1 ? "content" : "contents",
	    text_size(d->bytes, size));
}

/* Nothing is known of such a hash, not even by children. */
static int
top_check(struct drawing *d, const uint8_t id[OURO_ID_SIZE])
{
	struct ouro_error err = { .status = OURO_OK };
	struct level level = { .count = 0 };

	if (ouro_children(d->vault, id, NULL, level_add, &level, &err) ==
	    OURO_OK)
		return 0;
	return report_failure(d->inv, d->inv->operands[0], &err);
}

static int
tree_run(struct invocation *inv)
{
	struct drawing d = { .inv = inv,
		.strokes = strokes_of_locale(),
		.depth_max = UINT64_MAX,
		.top = inv->operand_count > 0 };
	uint8_t id[OURO_ID_SIZE];
	int code = node_number(inv, OPTION_DEPTH, 0, &d.depth_max);

	if (code == 0)
		code = session_open(inv, SESSION_READ, &d.vault);
	if (code == 0 && d.top)
		code = target_parent(inv, d.vault, inv->operands[0], id);
	if (code == 0 && d.top)
		code = top_check(&d, id);
	if (code == 0 && inv->json) {
		reply_object(&inv->out, NULL);
		reply_array(&inv->out, "nodes");
	}
	if (code == 0)
		code = d.top ? node_draw(&d, id) : level_push(&d, NULL);
	if (code == 0)
		code = levels_draw(&d);
	if (code == 0)
		summary(&d);
	ouro_vault_close(d.vault);
	return code;
}

const struct command tree_command = {
	.name = "tree",
	.synopsis = "[HASH|NAME] [--depth N] [-l]",
	.summary = "draw what is below a content, or everything",
	.page =
	    "Draws a content with its children (put --parent makes them), theirs, and so\n"
	    "on; without an argument all contents, from those that have no parent here. A\n"
	    "line gives name, size and the beginning of the hash, with -l all of it. The\n"
	    "name is that of the newest version, else that of the file it came from.\n"
	    "--depth N goes no deeper than N levels below the top.\n"
	    "\n"
	    "With --json: {\"nodes\": [{depth, hash, name, version, parent, bytes, type,\n"
	    "saved_at}], \"contents\", \"bytes\"}, a parent before its children, depth\n"
	    "first.",
	.options = OPTION_BIT(OPTION_DEPTH) | OPTION_BIT(OPTION_LONG),
	.operands_max = 1,
	.run = tree_run,
};
