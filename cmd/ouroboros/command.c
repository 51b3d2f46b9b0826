#include "command.h"

#include <string.h>

/* Longer words are not mistyped commands. */
#define WORD_MAX 24

const struct command *const command_table[] = {
	&put_command,
	&get_command,
	&rm_command,
	&ls_command,
	&info_command,
	&tree_command,
	&children_command,
	&parent_command,
	&ancestors_command,
	&descendants_command,
	&roots_command,
	&log_command,
	&heads_command,
	&merge_command,
	&revert_command,
	&trash_command,
	&verify_command,
	&repair_command,
	&stats_command,
	&gc_command,
	&compact_command,
	&export_command,
	&import_command,
	&settings_command,
	&keys_command,
	&share_command,
	&unshare_command,
	&shell_command,
	&bench_command,
	&version_command,
	&help_command,
	&completion_command,
	NULL,
};

const struct command *
command_find(const char *name)
{
	for (const struct command *const *c = command_table; *c != NULL; c++)
		if (strcmp((*c)->name, name) == 0)
			return *c;
	return NULL;
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Insertions, deletions, replacements and swaps that turn a into b. */
static size_t
edit_distance(const char *a, const char *b)
{
	size_t rows[3][WORD_MAX + 1];
	size_t width = strlen(b);

	for (size_t j = 0; j <= width; j++)
		rows[0][j] = j;
	for (size_t i = 1; a[i - 1] != '\0'; i++) {
		size_t *row = rows[i % 3], *above = rows[(i + 2) % 3];
		const size_t *before = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= width; j++) {
			size_t replaced = above[j - 1] + (a[i - 1] != b[j - 1]);

			row[j] = least(least(above[j], row[j - 1]) + 1,
			    replaced);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				row[j] = least(row[j], before[j - 2] + 1);
		}
	}
	return rows[strlen(a) % 3][width];
}

const struct command *
command_nearest(const char *name)
{
	const struct command *nearest = NULL;
	size_t nearest_distance = 3;

	if (strlen(name) > WORD_MAX)
		return NULL;
	for (const struct command *const *c = command_table; *c != NULL; c++) {
		size_t distance = edit_distance(name, (*c)->name);

		if (distance < nearest_distance &&
		    distance < strlen((*c)->name)) {
			nearest = *c;
			nearest_distance = distance;
		}
	}
	return nearest;
}
