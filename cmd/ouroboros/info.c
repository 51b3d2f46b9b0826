/*
 * info - everything about one content or version.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "base/encoding.h"
#include "base/utf8.h"
#include "command.h"
#include "report.h"
#include "session.h"
#include "target.h"
#include "text.h"

#define META_SHOWN 200 /* bytes on a terminal */

static void
line(const char *label, const char *value)
{
	printf("%-12s ", label);
	text_write(stdout, value);
	putchar('\n');
}

static void
line_id(const char *label, const uint8_t *id)
{
	char hash[OURO_ID_TEXT];

	ouro_id_text(id, hash);
	line(label, hash);
}

static void
line_size(const char *label, uint64_t bytes)
{
	char size[TEXT_SIZE_SIZE];

	printf("%-12s %s (%" PRIu64 " bytes)\n", label, text_size(bytes, size),
	    bytes);
}

static void
line_time(const char *label, uint64_t unix_ms)
{
	char time[TEXT_TIME_SIZE];

	if (unix_ms != 0)
		line(label, text_time(unix_ms, time));
}

static bool
is_text(const void *data, size_t size)
{
	return size == 0 ||
	    (utf8_valid(bytes_of(data, size)) && memchr(data, 0, size) == NULL);
}

static void
print_meta(const struct ouro_info *info)
{
	if (info->meta_size == 0)
		return;
	if (info->meta_size <= META_SHOWN &&
	    is_text(info->meta, info->meta_size))
		line("metadata", info->meta);
	else
		line_size("metadata", info->meta_size);
}

static void
print_sizes(const struct ouro_info *info)
{
	char least[TEXT_SIZE_SIZE], mean[TEXT_SIZE_SIZE], most[TEXT_SIZE_SIZE];

	line_size("size", info->bytes);
	line_size("compressed", info->compressed);
	line_size("stored", info->stored);
	printf("%-12s %" PRIu64 "\n", "chunks", info->chunks);
	if (info->inlined) {
		line("slices", "none; it lies in its record");
		return;
	}
	printf("%-12s %" PRIu64 " of %s to %s, mean %s\n", "slices",
	    info->slices, text_size(info->slice_min, least),
	    text_size(info->slice_max, most),
	    text_size(info->slice_mean, mean));
	if (info->slices_missing > 0)
		printf("%-12s %" PRIu64 "; 'ouroboros repair' rebuilds them\n",
		    "missing", info->slices_missing);
	printf("%-12s %u+%u\n", "erasure", info->k, info->m);
}

static void
print_text(const struct ouro_info *info)
{
	printf("%-12s %s\n", "kind",
	    info->asked == OURO_VERSION ? "version" : "content");
	if (!info->deletion)
		line_id("content", info->content);
	if (info->has_version)
		line_id("version", info->version);
	if (info->has_parent)
		line_id("parent", info->parent);
	if (info->name != NULL)
		line("name", info->name);
	if (info->namespace_ != NULL)
		line("namespace", info->namespace_);
	if (info->type != NULL && info->type[0] != '\0')
		line("type", info->type);
	if (info->deletion)
		line("deleted", "yes");
	else
		print_sizes(info);
	printf("%-12s %" PRIu32 "\n", "key epoch", info->epoch);
	line_time("saved at", info->saved_ms);
	line_time("expires at", info->expires_ms);
	if (info->owner != NULL)
		line("owner", info->owner);
	if (info->group != NULL && info->group[0] != '\0')
		line("group", info->group);
	if (info->has_version)
		printf("%-12s %04o\n", "mode", info->mode);
	print_meta(info);
}

static void
print_json_meta(struct reply *out, const struct ouro_info *info)
{
	char *text;

	reply_uint(out, "meta_bytes", info->meta_size);
	if (is_text(info->meta, info->meta_size)) {
		reply_text(out, "meta", info->meta_size > 0 ? info->meta : "");
		return;
	}
	text = malloc(BASE64_LENGTH(info->meta_size) + 1);
	if (text == NULL)
		return;
	base64_encode(bytes_of(info->meta, info->meta_size), text);
	reply_text(out, "meta_base64", text);
	free(text);
}

static void
print_json(struct reply *out, const struct ouro_info *info)
{
	reply_object(out, NULL);
	reply_text(out, "kind",
	    info->asked == OURO_VERSION ? "version" : "content");
	if (!info->deletion)
		reply_id(out, "content", info->content);
	if (info->has_version)
		reply_id(out, "version", info->version);
	if (info->has_parent)
		reply_id(out, "parent", info->parent);
	reply_bool(out, "deletion", info->deletion);
	reply_text(out, "name", info->name);
	reply_text(out, "namespace", info->namespace_);
	reply_text(out, "type", info->type);
	reply_uint(out, "bytes", info->bytes);
	reply_uint(out, "bytes_compressed", info->compressed);
	reply_uint(out, "bytes_stored", info->stored);
	reply_uint(out, "chunks", info->chunks);
	reply_bool(out, "inlined", info->inlined);
	reply_uint(out, "slices", info->slices);
	reply_uint(out, "slices_missing", info->slices_missing);
	reply_uint(out, "slice_min", info->slice_min);
	reply_uint(out, "slice_mean", info->slice_mean);
	reply_uint(out, "slice_max", info->slice_max);
	reply_uint(out, "k", info->k);
	reply_uint(out, "m", info->m);
	reply_uint(out, "epoch", info->epoch);
	reply_time(out, "saved_at", info->saved_ms);
	reply_time(out, "expires_at", info->expires_ms);
	reply_text(out, "owner", info->owner);
	reply_text(out, "group", info->group);
	reply_uint(out, "mode", info->mode);
	print_json_meta(out, info);
	reply_end(out);
}

static int
info_run(struct invocation *inv)
{
	struct ouro_error err = { .status = OURO_OK };
	struct ouro_vault *vault = NULL;
	struct ouro_target target;
	struct ouro_info info = { .deletion = false };
	int code = session_open(inv, SESSION_READ, &vault);

	if (code == 0)
		code = target_resolve(inv, vault, inv->operands[0], &target);
	if (code == 0 && ouro_info(vault, target.id, &info, &err) != OURO_OK)
		code = report_failure(inv, inv->operands[0], &err);
	else if (code == 0) {
		if (inv->json)
			print_json(&inv->out, &info);
		else
			print_text(&info);
		ouro_info_release(&info);
	}
	ouro_vault_close(vault);
	return code;
}

const struct command info_command = {
	.name = "info",
	.synopsis = "HASH|NAME",
	.summary = "everything about one content or version",
	.page =
	    "Prints kind, hashes, name, type, the clear, compressed and stored size, chunks,\n"
	    "slices, erasure code, key epoch, times, owner and metadata.\n"
	    "\n"
	    "With --json: one object; sizes in bytes, times in UTC; metadata that is no\n"
	    "text stands as meta_base64.",
	.operands_min = 1,
	.operands_max = 1,
	.run = info_run,
};
