/*
 * No recursion: the kinds of the objects and arrays around the place are
 * kept in `closers`, so that the depth of a text costs no stack.
 */
#include "base/json_scan.h"

#include <assert.h>

#include "base/json.h"
#include "base/utf8.h"

#define END_OF_TEXT (-1)

struct scanner {
	const uint8_t *data;
	size_t size;
	size_t at;
	size_t depth;
	char closers[JSON_DEPTH_MAX]; /* '}' or ']' for each depth */
	const char *what;	      /* set when a scan_ call is false */
};

static bool
scan_fail(struct scanner *scanner, const char *what)
{
	scanner->what = scanner->at == scanner->size ? "the text ends too early"
						     : what;
	return false;
}

static int
scan_peek(const struct scanner *scanner)
{
	if (scanner->at == scanner->size)
		return END_OF_TEXT;
	return scanner->data[scanner->at];
}

static bool
scan_char(struct scanner *scanner, char c, const char *what)
{
	if (scan_peek(scanner) != c)
		return scan_fail(scanner, what);
	scanner->at++;
	return true;
}

static void
scan_space(struct scanner *scanner)
{
	int c = scan_peek(scanner);

	while (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
		scanner->at++;
		c = scan_peek(scanner);
	}
}

/* ---- plain values -------------------------------------------------------- */

static bool
scan_word(struct scanner *scanner, const char *word)
{
	for (; *word != '\0'; word++)
		if (!scan_char(scanner, *word, "an unknown word"))
			return false;
	return true;
}

/* At least one digit. */
static bool
scan_digits(struct scanner *scanner)
{
	size_t from = scanner->at;

	while (scan_peek(scanner) >= '0' && scan_peek(scanner) <= '9')
		scanner->at++;
	return scanner->at > from || scan_fail(scanner, "a wrong number");
}

static bool
scan_number(struct scanner *scanner)
{
	if (scan_peek(scanner) == '-')
		scanner->at++;
	if (scan_peek(scanner) == '0')
		scanner->at++;
	else if (!scan_digits(scanner))
		return false;
	if (scan_peek(scanner) == '.') {
		scanner->at++;
		if (!scan_digits(scanner))
			return false;
	}
	if (scan_peek(scanner) == 'e' || scan_peek(scanner) == 'E') {
		scanner->at++;
		if (scan_peek(scanner) == '+' || scan_peek(scanner) == '-')
			scanner->at++;
		return scan_digits(scanner);
	}
	return true;
}

static int
unit_digit(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool
scan_unit(struct scanner *scanner, unsigned *unit)
{
	*unit = 0;
	for (int i = 0; i < 4; i++) {
		int digit = unit_digit(scan_peek(scanner));

		if (digit < 0)
			return scan_fail(scanner, "a wrong \\u escape");
		*unit = *unit << 4 | (unsigned)digit;
		scanner->at++;
	}
	return true;
}

static const char lone_surrogate[] = "a lone surrogate";

/* The second half of a pair. */
static bool
scan_low_surrogate(struct scanner *scanner)
{
	unsigned low;

	if (!scan_char(scanner, '\\', lone_surrogate) ||
	    !scan_char(scanner, 'u', lone_surrogate) ||
	    !scan_unit(scanner, &low))
		return false;
	scanner->what = lone_surrogate;
	return low >= 0xdc00 && low <= 0xdfff;
}

/* Behind the 'u'. A lone surrogate is wrong at its own escape. */
static bool
scan_point(struct scanner *scanner)
{
	size_t from = scanner->at - 2;
	unsigned unit;

	if (!scan_unit(scanner, &unit))
		return false;
	if (unit < 0xd800 || unit > 0xdfff)
		return true;
	scanner->what = lone_surrogate;
	if (unit <= 0xdbff && scan_low_surrogate(scanner))
		return true;
	if (scanner->what == lone_surrogate)
		scanner->at = from;
	return false;
}

static bool
scan_escape(struct scanner *scanner)
{
	int c;

	scanner->at++;
	c = scan_peek(scanner);
	if (c <= 0 || strchr("\"\\/bfnrtu", c) == NULL)
		return scan_fail(scanner, "an unknown escape");
	scanner->at++;
	return c != 'u' || scan_point(scanner);
}

static bool
scan_string(struct scanner *scanner)
{
	if (!scan_char(scanner, '"', "something else than a string"))
		return false;
	for (;;) {
		int c = scan_peek(scanner);
		size_t length;

		if (c < 0x20)
			return scan_fail(scanner,
			    "a control character in a string");
		if (c == '\\') {
			if (!scan_escape(scanner))
				return false;
			continue;
		}
		length = utf8_sequence(bytes_of(scanner->data + scanner->at,
		    scanner->size - scanner->at));
		if (length == 0) {
			scanner->what = "a byte that is not UTF-8";
			return false;
		}
		scanner->at += length;
		if (c == '"')
			return true;
	}
}

static bool
scan_plain(struct scanner *scanner)
{
	switch (scan_peek(scanner)) {
	case '"':
		return scan_string(scanner);
	case 't':
		return scan_word(scanner, "true");
	case 'f':
		return scan_word(scanner, "false");
	case 'n':
		return scan_word(scanner, "null");
	case '-':
	case '0':
	case '1':
	case '2':
	case '3':
	case '4':
	case '5':
	case '6':
	case '7':
	case '8':
	case '9':
		return scan_number(scanner);
	default:
		return scan_fail(scanner, "something that begins no value");
	}
}

/* ---- objects and arrays -------------------------------------------------- */

/* A key and its colon. */
static bool
scan_key(struct scanner *scanner)
{
	scan_space(scanner);
	if (!scan_string(scanner))
		return false;
	scan_space(scanner);
	return scan_char(scanner, ':', "something else than a colon");
}

/* Behind the opening bracket; *value_next tells whether a value follows. */
static bool
scan_open(struct scanner *scanner, char closer, bool *value_next)
{
	if (scanner->depth == JSON_DEPTH_MAX)
		return scan_fail(scanner, "nesting that is too deep");
	scanner->at++;
	scan_space(scanner);
	*value_next = scan_peek(scanner) != closer;
	if (!*value_next) {
		scanner->at++;
		return true;
	}
	scanner->closers[scanner->depth++] = closer;
	return closer == ']' || scan_key(scanner);
}

/* Behind a value: closes what ends here, up to the next value if any. */
static bool
scan_close(struct scanner *scanner, bool *value_next)
{
	*value_next = false;
	for (;;) {
		scan_space(scanner);
		if (scanner->depth == 0)
			return true;
		if (scan_peek(scanner) == ',') {
			scanner->at++;
			*value_next = true;
			return scanner->closers[scanner->depth - 1] == ']' ||
			    scan_key(scanner);
		}
		if (!scan_char(scanner, scanner->closers[scanner->depth - 1],
			"something else than a comma or the end of the list"))
			return false;
		scanner->depth--;
	}
}

static bool
scan_value(struct scanner *scanner)
{
	bool value_next = true;

	while (value_next) {
		bool fine;

		scan_space(scanner);
		if (scan_peek(scanner) == '{')
			fine = scan_open(scanner, '}', &value_next);
		else if (scan_peek(scanner) == '[')
			fine = scan_open(scanner, ']', &value_next);
		else
			fine = scan_plain(scanner), value_next = false;
		if (!fine)
			return false;
		if (!value_next && !scan_close(scanner, &value_next))
			return false;
	}
	return true;
}

bool
json_scan(struct bytes text, struct bytes *value, struct json_fault *fault)
{
	struct scanner scanner = { .data = text.data, .size = text.size };
	size_t from, to;

	scan_space(&scanner);
	from = scanner.at;
	if (!scan_value(&scanner) ||
	    (scanner.at < scanner.size &&
		!scan_fail(&scanner, "something behind the value"))) {
		*fault = (struct json_fault){ scanner.at, scanner.what };
		return false;
	}
	assert(scanner.depth == 0 && scanner.at == scanner.size);
	to = scanner.at;
	while (strchr(" \t\n\r", text.data[to - 1]) != NULL)
		to--;
	*value = bytes_of(text.data + from, to - from);
	return true;
}
