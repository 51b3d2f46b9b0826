#include "base/error.h"
#include "engine/run_read.h"

enum ouro_status
run_verify(struct run *run,
    void (
	*bad)(void *context, const char *path, uint64_t offset, uint64_t size),
    void *context, struct ouro_error *err)
{
	enum ouro_status worst = OURO_OK;
	uint8_t page[RUN_PAGE];

	for (uint64_t number = 0; number < run->at.pages; number++) {
		enum ouro_status status = run_page_read(&run->check, run->file,
		    number, page, worst == OURO_OK ? err : NULL);

		if (status == OURO_OK)
			continue;
		if (status != OURO_DAMAGED && status != OURO_IO) {
			worst = status;
			break;
		}
		bad(context, fs_path(run->file), number * RUN_PAGE, RUN_PAGE);
		if (worst == OURO_OK)
			worst = error_set(err, OURO_DAMAGED,
			    "%s: the page of the index at %llu is damaged; "
			    "repair makes it anew",
			    fs_path(run->file),
			    (unsigned long long)number * RUN_PAGE);
	}
	bytes_wipe(page, sizeof page);
	return worst;
}
