/*
 * table - columns that line up, whatever is in them.
 *
 * The widths come from the first TABLE_ROWS rows and then only grow, so that
 * a long listing streams in bounded memory.
 */
#ifndef OUROBOROS_TABLE_H
#define OUROBOROS_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#define TABLE_ROWS    1000
#define TABLE_COLUMNS 12

/* Zeroed, then table_init. */
struct table {
	size_t columns;
	const char *const *titles; /* a leading '>' aligns to the right */
	size_t widths[TABLE_COLUMNS];
	char **cells; /* of rows not printed yet */
	size_t cell_count;
	bool headed; /* the titles are printed */
};

/* titles is borrowed. */
void table_init(struct table *table, const char *const *titles, size_t columns);
/* Adds one cell of a row, from left to right; it is escaped and copied.
 * False when there is no memory. */
bool table_cell(struct table *table, const char *text);
/* Prints what is left. */
void table_finish(struct table *table);

#endif
