#include "table.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "text.h"

static const char *
title_text(const char *title)
{
	return title[0] == '>' ? title + 1 : title;
}

void
table_init(struct table *table, const char *const *titles, size_t columns)
{
	assert(columns > 0 && columns <= TABLE_COLUMNS);
	*table = (struct table){ .columns = columns, .titles = titles };
	for (size_t i = 0; i < columns; i++)
		table->widths[i] = text_width(title_text(titles[i]));
}

static void
print_cell(const struct table *table, size_t column, const char *text)
{
	bool right = table->titles[column][0] == '>';
	bool last = column + 1 == table->columns;
	size_t width = text_width(text);
	size_t missing = table->widths[column] > width
	    ? table->widths[column] - width
	    : 0;

	if (right)
		printf("%*s", (int)missing, "");
	fputs(text, stdout);
	if (!right && !last)
		printf("%*s", (int)missing, "");
	fputs(last ? "\n" : "  ", stdout);
}

static void
print_rows(struct table *table)
{
	if (!table->headed)
		for (size_t i = 0; i < table->columns; i++)
			print_cell(table, i, title_text(table->titles[i]));
	table->headed = true;
	for (size_t i = 0; i < table->cell_count; i++) {
		print_cell(table, i % table->columns, table->cells[i]);
		free(table->cells[i]);
	}
	table->cell_count = 0;
}

bool
table_cell(struct table *table, const char *text)
{
	size_t column = table->cell_count % table->columns, width;

	if (table->cells == NULL)
		table->cells = calloc(TABLE_ROWS * table->columns,
		    sizeof *table->cells);
	if (table->cells == NULL)
		return false;
	if (table->cell_count == TABLE_ROWS * table->columns)
		print_rows(table);
	table->cells[table->cell_count] = text_escape(text);
	if (table->cells[table->cell_count] == NULL)
		return false;
	width = text_width(table->cells[table->cell_count++]);
	if (width > table->widths[column])
		table->widths[column] = width;
	return true;
}

void
table_finish(struct table *table)
{
	table->cell_count -= table->cell_count % table->columns;
	print_rows(table);
	free(table->cells);
	table->cells = NULL;
}
