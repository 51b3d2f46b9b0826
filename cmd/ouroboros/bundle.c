#include "bundle.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ouroboros.h>

#include "base/encoding.h"
#include "keyfile.h"
#include "outfile.h"
#include "progress.h"
#include "report.h"
#include "signals.h"
#include "table.h"
#include "text.h"

struct reading {
	struct invocation *inv;
	struct ouro_bundle *bundle;
	const char *path; /* of -o, or NULL */
	struct outfile out;
	bool written; /* something went to standard output */
	uint64_t bytes;
	int write_errno;
};

/* ---- listing ----------------------------------------------------------------- */

struct listing {
	struct invocation *inv;
	struct table table;
};

static bool
item_print(void *context, const struct ouro_bundle_item *item)
{
	struct listing *listing = context;
	struct reply *out = &listing->inv->out;
	char hash[OURO_ID_TEXT], size[TEXT_SIZE_SIZE];

	if (signals_caught() != 0)
		return false;
	if (!listing->inv->json) {
		ouro_id_text(item->content, hash);
		return table_cell(&listing->table, hash) &&
		    table_cell(&listing->table, text_size(item->bytes, size)) &&
		    table_cell(&listing->table, item->type) &&
		    table_cell(&listing->table,
			item->meta != NULL ? item->meta : "");
	}
	reply_object(out, NULL);
	reply_id(out, "hash", item->content);
	reply_uint(out, "bytes", item->bytes);
	reply_text(out, "type", item->type);
	if (item->has_parent)
		reply_id(out, "parent", item->parent);
	if (item->meta != NULL)
		reply_bytes(out, "meta", item->meta, item->meta_size);
	reply_end(out);
	return true;
}

static int
list(struct reading *reading)
{
	static const char *const titles[] = { "HASH", ">SIZE", "TYPE", "META" };
	struct listing listing = { .inv = reading->inv };
	struct ouro_error err = { .status = OURO_OK };
	struct invocation *inv = reading->inv;
	enum ouro_status status;

	if (inv->operand_count > 0)
		return report_usage(inv, "--list takes no HASH");
	if (inv->json) {
		reply_object(&inv->out, NULL);
		reply_array(&inv->out, "contents");
	} else {
		table_init(&listing.table, titles, 4);
	}
	status = ouro_bundle_list(reading->bundle, item_print, &listing, &err);
	if (!inv->json)
		table_finish(&listing.table);
	if (status != OURO_OK)
		return report_failure(inv, inv->option[OPTION_BUNDLE], &err);
	if (inv->json) {
		reply_end(&inv->out);
		reply_end(&inv->out);
	}
	return 0;
}

/* ---- which one ------------------------------------------------------------------- */

#define SHOWN_MAX 16

struct choice {
	struct id_pattern patterns[ID_PATTERNS_MAX];
	size_t pattern_count; /* 0 = any */
	uint8_t ids[SHOWN_MAX][OURO_ID_SIZE];
	uint64_t bytes[SHOWN_MAX];
	size_t count;
};

static bool
choice_see(void *context, const struct ouro_bundle_item *item)
{
	struct choice *choice = context;
	bool fits = choice->pattern_count == 0;

	for (size_t i = 0; i < choice->pattern_count; i++)
		fits = fits || id_matches(item->content, &choice->patterns[i]);
	if (!fits)
		return true;
	if (choice->count < SHOWN_MAX) {
		memcpy(choice->ids[choice->count], item->content, OURO_ID_SIZE);
		choice->bytes[choice->count] = item->bytes;
	}
	choice->count++;
	return true;
}

static int
say_several(struct invocation *inv, const struct choice *choice)
{
	size_t known = choice->count < SHOWN_MAX ? choice->count : SHOWN_MAX;
	int code = report_status(inv, OURO_AMBIGUOUS,
	    "%zu contents of the bundle fit; name one of them", choice->count);
	char hash[OURO_ID_TEXT];

	for (size_t i = 0; i < known && !inv->json; i++) {
		ouro_id_text(choice->ids[i], hash);
		fprintf(stderr, "  %s\n", hash);
	}
	if (known < choice->count && !inv->json)
		fprintf(stderr, "  ... and %zu more (--list)\n",
		    choice->count - known);
	return code;
}

static int
choose(struct reading *reading, struct choice *choice)
{
	struct invocation *inv = reading->inv;
	const char *text = inv->operand_count > 0 ? inv->operands[0] : NULL;
	struct ouro_error err = { .status = OURO_OK };

	if (text != NULL && strncmp(text, "hash:", 5) == 0)
		text += 5;
	if (text != NULL)
		choice->pattern_count = id_patterns(text, choice->patterns);
	if (text != NULL && choice->pattern_count == 0)
		return report_status(inv, OURO_INVALID,
		    "\"%.64s\" is no hash; a bundle has no names", text);
	/* Listing opens every content there is: not for a whole hash. */
	if (text != NULL && choice->patterns[0].bits == ID_SIZE * 8) {
		memcpy(choice->ids[0], choice->patterns[0].prefix,
		    OURO_ID_SIZE);
		return 0;
	}
	if (ouro_bundle_list(reading->bundle, choice_see, choice, &err) !=
	    OURO_OK)
		return report_failure(inv, inv->option[OPTION_BUNDLE], &err);
	if (choice->count == 0)
		return report_status(inv, OURO_NOT_FOUND,
		    "the bundle has no \"%.64s\"", text != NULL ? text : "");
	return choice->count > 1 ? say_several(inv, choice) : 0;
}

/* ---- reading ------------------------------------------------------------------------ */

static enum ouro_status
out_sink(void *context, const void *data, size_t size, struct ouro_error *err)
{
	struct reading *reading = context;

	if (signals_caught() != 0) {
		err->status = OURO_CANCELLED;
		return OURO_CANCELLED;
	}
	reading->written = true;
	if (!outfile_write(&reading->out, data, size)) {
		reading->write_errno = errno;
		err->status = OURO_IO;
		return OURO_IO;
	}
	reading->bytes += size;
	progress_add(size);
	return OURO_OK;
}

/* What stands on standard output is content: an error goes beside it. */
static int
fail(struct reading *reading, const struct ouro_error *err)
{
	struct invocation *inv = reading->inv;

	if (signals_caught() != 0)
		return EXIT_FAILED;
	if (reading->written && reading->path == NULL)
		inv->json = false;
	if (reading->write_errno != 0)
		return report_errno(inv, reading->write_errno,
		    reading->path != NULL ? reading->path : "standard output");
	return report_failure(inv, inv->option[OPTION_BUNDLE], err);
}

static int
copy(struct reading *reading, const struct choice *choice)
{
	struct invocation *inv = reading->inv;
	struct ouro_error err = { .status = OURO_OK };
	int code = 0;

	if (!outfile_open(&reading->out, reading->path)) {
		reading->write_errno = errno;
		return fail(reading, &err);
	}
	progress_start(inv, "reading", choice->bytes[0]);
	if (ouro_bundle_read(reading->bundle, choice->ids[0], out_sink, reading,
		&err) != OURO_OK)
		code = fail(reading, &err);
	progress_stop();
	if (code == 0 && !outfile_finish(&reading->out)) {
		reading->write_errno = errno;
		code = fail(reading, &err);
	}
	outfile_abort(&reading->out);
	if (code == 0 && inv->json && reading->path != NULL) {
		reply_object(&inv->out, NULL);
		reply_id(&inv->out, "hash", choice->ids[0]);
		reply_text(&inv->out, "file", reading->path);
		reply_uint(&inv->out, "bytes", reading->bytes);
		reply_end(&inv->out);
	}
	return code;
}

static int
read_one(struct reading *reading)
{
	struct choice choice = { .count = 0 };
	int code = choose(reading, &choice);

	return code == 0 ? copy(reading, &choice) : code;
}

int
bundle_get(struct invocation *inv)
{
	struct reading reading = { .inv = inv,
		.path = inv->option[OPTION_OUTPUT] };
	struct ouro_error err = { .status = OURO_OK };
	struct key_file key;
	int code;

	if (inv->operand_count > 1)
		return report_usage(inv, "--bundle is for one HASH, not %zu",
		    inv->operand_count);
	if (inv->option[OPTION_RANGE] != NULL)
		return report_usage(inv, "--range does not go with --bundle");
	if (reading.path != NULL && strcmp(reading.path, "-") == 0)
		reading.path = NULL;
	code = key_file_open(inv, NULL, &key);
	if (code == 0 &&
	    ouro_bundle_open(inv->option[OPTION_BUNDLE], key.path,
		key.passphrase, &reading.bundle, &err) != OURO_OK)
		code = report_failure(inv, inv->option[OPTION_BUNDLE], &err);
	key_file_release(&key);
	if (code == 0)
		code = inv->option[OPTION_LIST] != NULL ? list(&reading)
							: read_one(&reading);
	ouro_bundle_close(reading.bundle);
	return code;
}
