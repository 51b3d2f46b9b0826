/*
 * ls - the current contents and names as a table.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "meta.h"
#include "numbers.h"
#include "report.h"
#include "session.h"
#include "signals.h"
#include "table.h"
#include "text.h"

static const char *const short_titles[] = { "HASH", "NAME", ">SIZE", ">CHUNKS",
	"SAVED AT" };
static const char *const long_titles[] = { "HASH", "NAME", ">SIZE", ">CHUNKS",
	"SAVED AT", "K+M", ">SLICES", ">STORED", ">MIN", ">MEAN", ">MAX" };

struct listing {
	struct invocation *inv;
	struct ouro_vault *vault;
	const char *prefix;	/* of names and hashes; "" = all */
	const char *namespace_; /* NULL = objects and blobs */
	const char *after;
	uint64_t most; /* 0 = all */
	bool detail;
	struct table table;
	uint64_t count;
	char *last; /* the name behind which a cut listing goes on */
};

/* The name of a named version; else the file's, from its metadata. The
 * caller frees it. */
static char *
shown_name(const struct ouro_info *info, bool named)
{
	char *name = named && info->name != NULL
	    ? strdup(info->name)
	    : meta_file_name(info->meta, info->meta_size);

	return name != NULL ? name : strdup("-");
}

static bool
table_size(struct table *table, uint64_t bytes)
{
	char text[TEXT_SIZE_SIZE];

	return table_cell(table, text_size(bytes, text));
}

static bool
table_uint(struct table *table, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof text, "%" PRIu64, value);
	return table_cell(table, text);
}

static bool
print_detail(struct listing *l, const struct ouro_info *info)
{
	char rs[32];

	snprintf(rs, sizeof rs, "%u+%u", info->k, info->m);
	return table_cell(&l->table, rs) &&
	    table_uint(&l->table, info->slices) &&
	    table_size(&l->table, info->stored) &&
	    table_size(&l->table, info->slice_min) &&
	    table_size(&l->table, info->slice_mean) &&
	    table_size(&l->table, info->slice_max);
}

static bool
print_row(struct listing *l, const struct ouro_info *info, const char *hash,
    const char *name)
{
	char time[TEXT_TIME_SIZE];

	return table_cell(&l->table, hash) && table_cell(&l->table, name) &&
	    table_size(&l->table, info->bytes) &&
	    table_uint(&l->table, info->chunks) &&
	    table_cell(&l->table, text_time(info->saved_ms, time)) &&
	    (!l->detail || print_detail(l, info));
}

static void
print_json(struct listing *l, const struct ouro_info *info, const char *hash,
    const char *name)
{
	struct reply *out = &l->inv->out;

	reply_object(out, NULL);
	reply_text(out, "hash", hash);
	reply_text(out, "name", name);
	reply_text(out, "namespace", info->namespace_);
	reply_id(out, "content", info->content);
	reply_id(out, "version", info->version);
	reply_uint(out, "bytes", info->bytes);
	reply_uint(out, "chunks", info->chunks);
	reply_time(out, "saved_at", info->saved_ms);
	if (l->detail) {
		reply_uint(out, "k", info->k);
		reply_uint(out, "m", info->m);
		reply_uint(out, "slices", info->slices);
		reply_uint(out, "slices_missing", info->slices_missing);
		reply_uint(out, "bytes_stored", info->stored);
		reply_uint(out, "slice_min", info->slice_min);
		reply_uint(out, "slice_mean", info->slice_mean);
		reply_uint(out, "slice_max", info->slice_max);
	}
	reply_end(out);
}

static bool
is_full(const struct listing *l)
{
	return l->most > 0 && l->count >= l->most;
}

/* The name behind which the next page begins, once this one is full. */
static bool
last_set(struct listing *l, const struct ouro_info *info)
{
	if (!is_full(l) || l->namespace_ == NULL || info->name == NULL)
		return true;
	l->last = strdup(info->name);
	return l->last != NULL;
}

/* False when there is no memory. */
static bool
print_item(struct listing *l, const struct ouro_info *info, bool named)
{
	size_t prefix = strlen(l->prefix);
	char *name = shown_name(info, named);
	char hash[OURO_ID_TEXT];
	bool fine = name != NULL;

	ouro_id_text(named ? info->version : info->content, hash);
	if (fine &&
	    (strncmp(name, l->prefix, prefix) == 0 ||
		strncmp(hash, l->prefix, prefix) == 0)) {
		l->count++;
		if (l->inv->json)
			print_json(l, info, hash, name);
		else
			fine = print_row(l, info, hash, name);
		fine = fine && last_set(l, info);
	}
	free(name);
	return fine;
}

static enum ouro_status
list_namespace(struct listing *l, const char *name, struct ouro_error *err)
{
	bool named = strcmp(name, "objects") != 0;
	struct ouro_list_options options = { .size = sizeof options,
		.namespace_ = name,
		.after = l->after,
		.detail = l->detail };
	struct ouro_list *list = NULL;
	struct ouro_info info = { .deletion = false };
	enum ouro_status status;

	/* With a namespace the prefix is one of names alone. */
	if (l->namespace_ != NULL && named)
		options.prefix = l->prefix;
	status = ouro_list_open(l->vault, &options, &list, err);
	while (status == OURO_OK && !is_full(l) && signals_caught() == 0) {
		status = ouro_list_next(list, &info, err);
		if (status != OURO_OK)
			break;
		if (!print_item(l, &info, named))
			status = err->status = OURO_NO_MEMORY;
		ouro_info_release(&info);
	}
	ouro_list_close(list);
	return status == OURO_END ? OURO_OK : status;
}

static void
print_summary(struct listing *l, const struct ouro_stats *stats)
{
	char bytes[TEXT_SIZE_SIZE], disk[TEXT_SIZE_SIZE];
	char dedup[TEXT_RATIO_SIZE], packed[TEXT_RATIO_SIZE];
	struct reply *out = &l->inv->out;

	if (l->inv->json) {
		reply_end(out);
		if (l->namespace_ != NULL)
			reply_text(out, "next", l->last);
		reply_object(out, "summary");
		reply_uint(out, "count", l->count);
		reply_uint(out, "bytes", stats->bytes);
		reply_uint(out, "bytes_disk", stats->bytes_disk);
		reply_ratio(out, "deduplication", stats->bytes,
		    stats->bytes_unique);
		reply_ratio(out, "compression", stats->bytes_unique,
		    stats->bytes_sealed);
		reply_end(out);
		return;
	}
	printf("\n%" PRIu64 " listed; in all %s, deduplication %s, compression "
	       "%s, %s on disk\n",
	    l->count, text_size(stats->bytes, bytes),
	    text_ratio(stats->bytes, stats->bytes_unique, dedup),
	    text_ratio(stats->bytes_unique, stats->bytes_sealed, packed),
	    text_size(stats->bytes_disk, disk));
}

static int
list_all(struct listing *l)
{
	struct ouro_error err = { .status = OURO_OK };
	struct ouro_stats stats = { 0 };
	enum ouro_status status;

	if (l->inv->json) {
		reply_object(&l->inv->out, NULL);
		reply_array(&l->inv->out, "items");
	} else {
		table_init(&l->table, l->detail ? long_titles : short_titles,
		    l->detail ? sizeof long_titles / sizeof *long_titles
			      : sizeof short_titles / sizeof *short_titles);
	}
	status = list_namespace(l,
	    l->namespace_ != NULL ? l->namespace_ : "objects", &err);
	if (status == OURO_OK && l->namespace_ == NULL && !is_full(l))
		status = list_namespace(l, "blobs", &err);
	if (status == OURO_OK)
		status = ouro_stats(l->vault, &stats, &err);
	if (!l->inv->json)
		table_finish(&l->table);
	if (status != OURO_OK)
		return report_failure(l->inv, NULL, &err);
	print_summary(l, &stats);
	if (l->inv->json)
		reply_end(&l->inv->out);
	return 0;
}

static int
ls_run(struct invocation *inv)
{
	struct listing l = { .inv = inv,
		.prefix = inv->operand_count > 0 ? inv->operands[0] : "",
		.namespace_ = inv->option[OPTION_NAMESPACE],
		.after = inv->option[OPTION_AFTER],
		.detail = inv->option[OPTION_LONG] != NULL };
	const char *limit = inv->option[OPTION_LIMIT];
	int code;

	if (limit != NULL && (!count_parse(limit, &l.most) || l.most == 0))
		return report_usage(inv, "--limit %s is no number from 1 on",
		    limit);
	if (l.after != NULL && l.namespace_ == NULL)
		l.namespace_ = "blobs";
	code = session_open(inv, SESSION_READ, &l.vault);
	if (code == 0)
		code = list_all(&l);
	ouro_vault_close(l.vault);
	free(l.last);
	return code;
}

const struct command ls_command = {
	.name = "ls",
	.synopsis = "[PREFIX] [-l] [--namespace N] [--after NAME] [--limit N]",
	.summary = "list what is stored",
	.page =
	    "Lists contents with the name of the file they came from, and names with their\n"
	    "newest version. PREFIX is the beginning of a name or of a hash (base64). -l\n"
	    "adds k+m, the slices, their size on disk, and the smallest, mean and largest\n"
	    "slice. The last line gives the ratios of the whole store: deduplication is the\n"
	    "size of everything over that of distinct chunks, compression that over their\n"
	    "size before erasure coding. Times are UTC.\n"
	    "\n"
	    "--namespace lists the names of one namespace, in the order of their bytes, PREFIX\n"
	    "being one of names alone; --after (of blobs, if none is given) begins behind a\n"
	    "name, --limit ends after so many: page by page, next in JSON is the name to go\n"
	    "on after, or null.\n"
	    "\n"
	    "With --json: {\"items\": [{hash, name, namespace, content, version, bytes,\n"
	    "chunks, saved_at}], \"summary\": {count, bytes, bytes_disk, deduplication,\n"
	    "compression}}.",
	.options = OPTION_BIT(OPTION_LONG) | OPTION_BIT(OPTION_NAMESPACE) |
	    OPTION_BIT(OPTION_AFTER) | OPTION_BIT(OPTION_LIMIT),
	.operands_max = 1,
	.run = ls_run,
};
