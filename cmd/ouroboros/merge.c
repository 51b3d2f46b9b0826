/*
 * merge - one version in place of all heads of a name.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "meta.h"
#include "report.h"
#include "session.h"
#include "source.h"
#include "versions.h"

#define BUFFER_SIZE ((size_t)1 << 20)

struct merging {
	struct invocation *inv;
	struct ouro_vault *vault;
	struct place place;
	struct version_list heads;
	uint8_t (*bases)[OURO_ID_SIZE];
	struct ouro_info winner; /* of its content; zeroed for a deletion */
	struct buffer meta;
};

/* What the winner has becomes the content of all. */
static int
merge_winner(struct merging *m)
{
	const struct ouro_version *winner = &m->heads.items[0];
	struct ouro_version_options options = { .size = sizeof options,
		.namespace_ = m->place.namespace_,
		.path = m->place.path,
		.content = winner->deletion ? NULL : winner->content,
		.base = OURO_BASE_GIVEN,
		.base_versions = (const uint8_t(*)[OURO_ID_SIZE])m->bases,
		.base_count = m->heads.count,
		.expires_ms = winner->expires_ms };
	struct ouro_error err = { .status = OURO_OK };
	uint8_t id[OURO_ID_SIZE];

	if (ouro_version_put(m->vault, &options, id, &err) != OURO_OK)
		return report_failure(m->inv, m->place.path, &err);
	version_written(m->inv, &m->place, id);
	return 0;
}

static int
fail_source(struct merging *m, const struct source *source)
{
	struct ouro_error err = { OURO_IO, source->sys_errno, "" };

	snprintf(err.text, sizeof err.text, "%s", source->reason);
	report_failure(m->inv, source->path, &err);
	return EXIT_FAILED;
}

/* All of source into a put that is begun; it ends either way. */
static int
store(struct merging *m, struct source *source, struct ouro_put *put)
{
	struct ouro_error err = { .status = OURO_OK };
	struct ouro_put_result result;
	void *buffer = malloc(BUFFER_SIZE);
	enum ouro_status status = OURO_OK;
	size_t got = 1;
	bool read = buffer != NULL;

	while (read && got > 0 && status == OURO_OK) {
		const void *data;

		read = source_next(source, buffer, BUFFER_SIZE, &data, &got);
		if (read && got > 0)
			status = ouro_put_write(put, data, got, &err);
	}
	free(buffer);
	if (buffer == NULL || !read || status != OURO_OK) {
		ouro_put_abort(put);
		if (buffer == NULL)
			return report_status(m->inv, OURO_NO_MEMORY,
			    "out of memory");
		return read ? report_failure(m->inv, source->path, &err)
			    : fail_source(m, source);
	}
	if (ouro_put_finish(put, &result, &err) != OURO_OK)
		return report_failure(m->inv, m->place.path, &err);
	version_written(m->inv, &m->place, result.version);
	return 0;
}

/* The file's content, with the parent and the type of the winner. */
static int
merge_source(struct merging *m, struct source *source)
{
	struct ouro_put_options options = { .size = sizeof options,
		.name = m->place.path,
		.namespace_ = m->place.namespace_,
		.parent = m->winner.has_parent ? m->winner.parent : NULL,
		.type = m->winner.type,
		.base = OURO_BASE_GIVEN,
		.base_versions = (const uint8_t(*)[OURO_ID_SIZE])m->bases,
		.base_count = m->heads.count };
	struct ouro_error err = { .status = OURO_OK };
	struct ouro_put *put = NULL;

	if (strcmp(source->path, "-") != 0) {
		if (!meta_make(source->path, source->regular, source->size,
			&m->meta))
			return report_status(m->inv, OURO_NO_MEMORY,
			    "out of memory");
		options.meta = m->meta.data;
		options.meta_size = m->meta.size;
	}
	if (ouro_put_begin(m->vault, &options, &put, &err) != OURO_OK)
		return report_failure(m->inv, m->place.path, &err);
	return store(m, source, put);
}

static int
merge_file(struct merging *m, const char *file)
{
	struct ouro_error err = { .status = OURO_OK };
	struct source source;
	int code;

	if (!m->heads.items[0].deletion &&
	    ouro_info(m->vault, m->heads.items[0].id, &m->winner, &err) !=
		OURO_OK)
		return report_failure(m->inv, m->place.path, &err);
	if (!source_open(&source, file))
		code = fail_source(m, &source);
	else
		code = merge_source(m, &source);
	source_close(&source);
	return code;
}

static int
merge(struct merging *m)
{
	const char *file = m->inv->option[OPTION_INPUT];

	m->bases = versions_ids(&m->heads);
	if (m->bases == NULL)
		return report_status(m->inv, OURO_NO_MEMORY, "out of memory");
	if (file != NULL)
		return merge_file(m, file);
	if (m->heads.count > 1)
		return merge_winner(m);
	report_note(m->inv, "%s has one head: there is nothing to merge",
	    m->place.path);
	version_written(m->inv, &m->place, m->heads.items[0].id);
	return 0;
}

static int
merge_run(struct invocation *inv)
{
	struct merging m = { .inv = inv };
	int code = session_open(inv, SESSION_WRITE, &m.vault);

	if (code == 0)
		code = place_take(inv, m.vault, inv->operands[0], &m.place);
	if (code == 0)
		code = versions_take(inv, m.vault, &m.place, ouro_heads,
		    &m.heads);
	if (code == 0)
		code = merge(&m);
	ouro_info_release(&m.winner);
	buffer_release(&m.meta);
	free(m.bases);
	versions_release(&m.heads);
	place_release(&m.place);
	ouro_vault_close(m.vault);
	return code;
}

const struct command merge_command = {
	.name = "merge",
	.synopsis = "NAME [-i FILE] [--namespace N]",
	.summary = "make the heads of a name one version",
	.page =
	    "Writes a version in place of all heads of a name, and prints its hash. Its\n"
	    "content is that of FILE ('-' is standard input), where you have put together\n"
	    "what the heads say ('get HASH' prints each), with the type and parent of the\n"
	    "winner. Without -i it is the winner's content. What the others had stays in the\n"
	    "history.\n"
	    "\n"
	    "With --json: an object with hash, version, name, namespace.",
	.options = OPTION_BIT(OPTION_INPUT) | OPTION_BIT(OPTION_NAMESPACE),
	.operands_min = 1,
	.operands_max = 1,
	.run = merge_run,
};
