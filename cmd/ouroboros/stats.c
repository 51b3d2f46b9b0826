/*
 * stats - the numbers of the store.
 */
#include <inttypes.h>
#include <stdio.h>

#include "command.h"
#include "report.h"
#include "session.h"
#include "text.h"

static void
line_count(const char *label, uint64_t count)
{
	printf("%-20s %" PRIu64 "\n", label, count);
}

static void
line_size(const char *label, uint64_t bytes)
{
	char size[TEXT_SIZE_SIZE];

	printf("%-20s %s\n", label, text_size(bytes, size));
}

static void
print_text(const struct ouro_vault *vault, const struct ouro_stats *s)
{
	const char *path;
	char ratio[TEXT_RATIO_SIZE];

	line_count("contents", s->contents);
	line_count("names", s->names);
	line_count("versions", s->versions);
	line_count("chunks", s->chunks);
	line_count("slices", s->slices);
	line_count("pages", s->pages);
	line_size("size of everything", s->bytes);
	line_size("distinct", s->bytes_unique);
	line_size("compressed", s->bytes_sealed);
	line_size("on disk", s->bytes_disk);
	line_size("dead on disk", s->bytes_dead);
	printf("%-20s %s\n", "deduplication",
	    text_ratio(s->bytes, s->bytes_unique, ratio));
	printf("%-20s %s\n", "compression",
	    text_ratio(s->bytes_unique, s->bytes_sealed, ratio));
	printf("%-20s %u+%u\n", "erasure", s->k, s->m);
	line_count("lanes", s->lanes);
	line_count("segments", s->segments);
	line_size("free on the disk", s->free_space);
	line_size("memory", s->memory);
	line_count("key epoch", s->epoch);
	line_count("members", s->members);
	line_count("damaged records", s->damaged);
	for (size_t i = 0; (path = ouro_vault_data_path(vault, i)) != NULL; i++)
		printf("%-20s %s\n", "data path", path);
}

static void
print_json(struct reply *out, const struct ouro_vault *vault,
    const struct ouro_stats *s)
{
	const char *path;

	reply_object(out, NULL);
	reply_uint(out, "contents", s->contents);
	reply_uint(out, "names", s->names);
	reply_uint(out, "versions", s->versions);
	reply_uint(out, "chunks", s->chunks);
	reply_uint(out, "slices", s->slices);
	reply_uint(out, "pages", s->pages);
	reply_uint(out, "bytes", s->bytes);
	reply_uint(out, "bytes_unique", s->bytes_unique);
	reply_uint(out, "bytes_sealed", s->bytes_sealed);
	reply_uint(out, "bytes_disk", s->bytes_disk);
	reply_uint(out, "bytes_dead", s->bytes_dead);
	reply_ratio(out, "deduplication", s->bytes, s->bytes_unique);
	reply_ratio(out, "compression", s->bytes_unique, s->bytes_sealed);
	reply_uint(out, "k", s->k);
	reply_uint(out, "m", s->m);
	reply_uint(out, "lanes", s->lanes);
	reply_uint(out, "segments", s->segments);
	reply_uint(out, "free_space", s->free_space);
	reply_uint(out, "memory", s->memory);
	reply_uint(out, "epoch", s->epoch);
	reply_uint(out, "members", s->members);
	reply_uint(out, "damaged", s->damaged);
	reply_array(out, "data_paths");
	for (size_t i = 0; (path = ouro_vault_data_path(vault, i)) != NULL; i++)
		reply_text(out, NULL, path);
	reply_end(out);
	reply_end(out);
}

static int
stats_run(struct invocation *inv)
{
	struct ouro_error err = { .status = OURO_OK };
	struct ouro_stats stats = { 0 };
	struct ouro_vault *vault = NULL;
	int code = session_open(inv, SESSION_READ, &vault);

	if (code == 0 && ouro_stats(vault, &stats, &err) != OURO_OK)
		code = report_failure(inv, NULL, &err);
	else if (code == 0 && inv->json)
		print_json(&inv->out, vault, &stats);
	else if (code == 0)
		print_text(vault, &stats);
	ouro_vault_close(vault);
	return code;
}

const struct command stats_command = {
	.name = "stats",
	.synopsis = "",
	.summary = "numbers: sizes, ratios, counts",
	.page =
	    "Prints how much there is, how much of it is distinct, compressed and on disk,\n"
	    "and what the store is made of, data paths included. With --json: one object,\n"
	    "sizes in bytes; data_paths is a list.",
	.run = stats_run,
};
