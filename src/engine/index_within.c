/*
 * index_within - work that has the stored index to itself for a while.
 */
#include "engine/index.h"

#include "base/error.h"
#include "base/executor.h"
#include "engine/log_engine.h"

struct index_visit {
	index_work *work;
	void *context;
	enum ouro_status status;
	struct ouro_error error;
	atomic_bool done;
};

bool
index_visited(struct log_engine *log)
{
	struct index_visit *visit = atomic_exchange(&log->index.visit, NULL);

	if (visit == NULL)
		return false;
	visit->status = visit->work(log, visit->context, &visit->error);
	atomic_store(&visit->done, true); /* the caller's again */
	return true;
}

/* Without a step, a store for reading: nothing changes but by ourselves. */
enum ouro_status
index_within(struct log_engine *log, index_work *work, void *context,
    struct ouro_error *err)
{
	struct index *index = &log->index;
	struct index_visit visit = { .work = work, .context = context };

	pthread_mutex_lock(&index->visiting);
	atomic_init(&visit.done, false);
	atomic_store(&index->visit, &visit);
	while (!atomic_load(&visit.done)) {
		if (index->task != NULL)
			executor_run(index->task);
		else
			index_visited(log);
	}
	pthread_mutex_unlock(&index->visiting);
	if (visit.status != OURO_OK && err != NULL)
		*err = visit.error;
	return visit.status;
}
