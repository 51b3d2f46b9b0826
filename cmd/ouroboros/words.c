#include "words.h"

#include "text.h"

/* ---- reading ------------------------------------------------------------------- */

struct cursor {
	const char *line;
	size_t size, at;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* What stands behind a backslash; NULL, or what is wrong. */
static const char *
escape_take(struct cursor *cursor, uint8_t *out)
{
	static const char names[] = "nrt0\\\"", values[] = "\n\r\t\0\\\"";
	const char *name;
	int high, low;

	if (cursor->at >= cursor->size)
		return "the line ends behind a backslash";
	if (cursor->line[cursor->at] == 'x') {
		if (cursor->size - cursor->at < 3)
			return "\\x needs two hex digits";
		high = hex_digit(cursor->line[cursor->at + 1]);
		low = hex_digit(cursor->line[cursor->at + 2]);
		if (high < 0 || low < 0)
			return "\\x needs two hex digits";
		*out = (uint8_t)(high * 16 + low);
		cursor->at += 3;
		return NULL;
	}
	name = memchr(names, cursor->line[cursor->at], sizeof names - 1);
	if (name == NULL)
		return "after a backslash come n, t, r, 0, x, \\ or \"";
	*out = (uint8_t)values[name - names];
	cursor->at++;
	return NULL;
}

/* One word, whose bytes never outnumber those of the line. */
static const char *
word_take(struct cursor *cursor, struct words *words)
{
	const char *wrong = NULL;

	while (cursor->at < cursor->size && wrong == NULL) {
		char c = cursor->line[cursor->at];
		uint8_t byte = (uint8_t)c;

		if (!words->open && is_blank(c))
			return NULL;
		cursor->at++;
		if (c == '"') {
			words->open = !words->open;
			continue;
		}
		if (words->open && c == '\\')
			wrong = escape_take(cursor, &byte);
		if (wrong == NULL)
			words->text.data[words->text.size++] = byte;
	}
	if (wrong == NULL && words->open)
		wrong = "a quote is not closed";
	return wrong;
}

const char *
words_split(struct words *words, const char *line, size_t size)
{
	struct cursor cursor = { line, size, 0 };
	const char *wrong = NULL;

	words->count = words->text.size = words->last_at = 0;
	words->ended = words->open = false;
	if (buffer_reserve(&words->text, size + 1, NULL) != OURO_OK)
		return "out of memory";
	for (;;) {
		size_t begin = words->text.size;

		while (cursor.at < size && is_blank(line[cursor.at]))
			cursor.at++;
		if (cursor.at >= size)
			break;
		if (words->count == WORDS_MAX)
			return "too many words; quote what contains blanks";
		words->last_at = cursor.at;
		wrong = word_take(&cursor, words);
		words->word[words->count++] = bytes_of(words->text.data + begin,
		    words->text.size - begin);
		if (wrong != NULL)
			return wrong;
	}
	words->ended = words->count == 0 || is_blank(line[size - 1]);
	if (words->ended)
		words->last_at = size;
	return NULL;
}

void
words_release(struct words *words)
{
	buffer_release(&words->text);
	*words = (struct words){ 0 };
}

/* ---- writing ------------------------------------------------------------------------ */

static bool
is_plain(struct bytes bytes)
{
	const char *text = (const char *)bytes.data;
	uint32_t point;

	for (size_t i = 0, length; i < bytes.size; i += length) {
		length = text_decode(text + i, bytes.size - i, &point);
		if (length == 0 || text_is_harmful(point) || point == ' ' ||
		    point == '"' || point == '\\')
			return false;
	}
	return bytes.size > 0;
}

/* One character as it stands between quotes; what is left out of it is told
 * byte by byte. */
static bool
quote_one(struct buffer *out, const char *text, size_t length, bool plain)
{
	char escaped[8];

	if (plain)
		return buffer_append(out, bytes_of(text, length), NULL) ==
		    OURO_OK;
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)text[i];

		if (byte == '\n' || byte == '\t' || byte == '"' || byte == '\\')
			snprintf(escaped, sizeof escaped, "\\%c",
			    byte == '\n'       ? 'n'
				: byte == '\t' ? 't'
					       : byte);
		else
			snprintf(escaped, sizeof escaped, "\\x%02x", byte);
		if (buffer_append(out, bytes_text(escaped), NULL) != OURO_OK)
			return false;
	}
	return true;
}

bool
words_quote(struct buffer *out, struct bytes bytes, bool open)
{
	const char *text = (const char *)bytes.data;
	bool fine = true;

	if (is_plain(bytes))
		return buffer_append(out, bytes, NULL) == OURO_OK;
	fine = buffer_append(out, bytes_text("\""), NULL) == OURO_OK;
	for (size_t i = 0, length; fine && i < bytes.size; i += length) {
		uint32_t point = 0;
		bool plain;

		length = text_decode(text + i, bytes.size - i, &point);
		plain = length > 0 && !text_is_harmful(point) && point != '"' &&
		    point != '\\';
		if (length == 0)
			length = 1;
		fine = quote_one(out, text + i, length, plain);
	}
	if (fine && !open)
		fine = buffer_append(out, bytes_text("\""), NULL) == OURO_OK;
	return fine;
}

void
words_print(FILE *file, struct bytes bytes)
{
	struct buffer out = { 0 };

	if (words_quote(&out, bytes, false))
		fwrite(out.data, 1, out.size, file);
	else
		fputs("(out of memory)", file);
	buffer_release(&out);
}
