#include "target.h"

#include <stdio.h>
#include <string.h>

#include "base/encoding.h"
#include "report.h"

static const char *
kind_text(enum ouro_kind kind)
{
	return kind == OURO_VERSION ? "version" : "content";
}

static size_t
candidates_known(const struct ouro_target *target)
{
	return target->candidate_count < OURO_CANDIDATES_MAX
	    ? target->candidate_count
	    : OURO_CANDIDATES_MAX;
}

static int
say_ambiguous(struct invocation *inv, const char *text,
    const struct ouro_target *target, const struct ouro_error *err)
{
	size_t known = candidates_known(target);
	char hash[OURO_ID_TEXT];

	if (inv->json) {
		reply_rewind(&inv->out);
		reply_array(&inv->out, "candidates");
		for (size_t i = 0; i < known; i++) {
			reply_object(&inv->out, NULL);
			reply_id(&inv->out, "hash", target->candidates[i].id);
			reply_text(&inv->out, "kind",
			    kind_text(target->candidates[i].kind));
			reply_end(&inv->out);
		}
		reply_end(&inv->out);
		reply_uint(&inv->out, "candidate_count",
		    target->candidate_count);
		return report_failure(inv, text, err);
	}
	report_failure(inv, text, err);
	for (size_t i = 0; i < known; i++) {
		ouro_id_text(target->candidates[i].id, hash);
		fprintf(stderr, "  %s  %s\n", hash,
		    kind_text(target->candidates[i].kind));
	}
	if (known < target->candidate_count)
		fprintf(stderr, "  ... and %zu more\n",
		    target->candidate_count - known);
	return (int)report_exit_code(err);
}

int
target_resolve(struct invocation *inv, struct ouro_vault *vault,
    const char *text, struct ouro_target *out)
{
	struct ouro_error err = { .status = OURO_OK };

	switch (ouro_resolve(vault, text, out, &err)) {
	case OURO_OK:
		return 0;
	case OURO_AMBIGUOUS:
		return say_ambiguous(inv, text, out, &err);
	default:
		return report_failure(inv, NULL, &err);
	}
}

static int
content_of(struct invocation *inv, struct ouro_vault *vault, const char *text,
    const struct ouro_target *target, uint8_t content[OURO_ID_SIZE])
{
	struct ouro_error err = { .status = OURO_OK };
	struct ouro_info info = { .deletion = false };
	int code = 0;

	if (target->kind == OURO_CONTENT) {
		memcpy(content, target->id, OURO_ID_SIZE);
		return 0;
	}
	if (ouro_info(vault, target->id, &info, &err) != OURO_OK)
		return report_failure(inv, text, &err);
	memcpy(content, info.content, OURO_ID_SIZE);
	if (info.deletion)
		code = report_status(inv, OURO_NOT_FOUND,
		    "%s is a deletion; it has no content", text);
	ouro_info_release(&info);
	return code;
}

int
target_content(struct invocation *inv, struct ouro_vault *vault,
    const char *text, uint8_t content[OURO_ID_SIZE])
{
	struct ouro_target target;
	int code = target_resolve(inv, vault, text, &target);

	return code != 0 ? code
			 : content_of(inv, vault, text, &target, content);
}

static bool
is_full_hash(const char *text, uint8_t id[OURO_ID_SIZE])
{
	struct id_pattern patterns[ID_PATTERNS_MAX];

	if (strncmp(text, "hash:", 5) == 0)
		text += 5;
	if (id_patterns(text, patterns) == 0 || patterns[0].bits != ID_SIZE * 8)
		return false;
	memcpy(id, patterns[0].prefix, OURO_ID_SIZE);
	return true;
}

int
target_parent(struct invocation *inv, struct ouro_vault *vault,
    const char *text, uint8_t content[OURO_ID_SIZE])
{
	struct ouro_target target;
	enum ouro_status status = ouro_resolve(vault, text, &target, NULL);

	if (status == OURO_NOT_FOUND && is_full_hash(text, content))
		return 0;
	return target_content(inv, vault, text, content);
}
